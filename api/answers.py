"""Rows as answers: bytes become hex, seconds become dates, and nobody sees another's serial."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, cast

from sqlmodel import Session

from api.deps import View
from api.lookup import get_mirror
from api.schemas.assets import AssetKindWord, DocumentLink, StageWord
from api.schemas.base import AsOf
from api.schemas.batches import Batch
from api.schemas.kinds import KindWord
from api.schemas.ledger import EntryAnswer, OperationAnswer, Organisation
from ledger.domain.kinds import Kind
from ledger.domain.payloads import decode_payload
from ledger.domain.telling import moment, pointed_at, tell_entry
from ledger.mirror.queries import OrganisationSeen, find_assets, find_public
from ledger.mirror.tables import AssetRow, BatchRow, EntryRow, MirrorRow
from ledger.outbox.batches import find_batches
from ledger.outbox.listing import find_transaction_hashes
from ledger.outbox.registrations import find_tenants
from ledger.outbox.tables import Document, Operation
from ledger.types import ZERO_HASH, AssetKind, Hash32, Stage, parse_hash, to_hex

_ASSET_KINDS: Final = {int(kind): cast(AssetKindWord, kind.label) for kind in AssetKind}
_STAGES: Final = {int(stage): cast(StageWord, stage.label) for stage in Stage}


def tell_as_of(mirror: MirrorRow) -> AsOf:
    """The block that a snapshot stands at."""
    final = mirror.block_number <= mirror.final_block
    return AsOf(
        block=mirror.block_number,
        hash=to_hex(mirror.block_hash),
        finality="final" if final else "latest",
    )


def as_of(session: Session) -> AsOf:
    """The block that everything in this session stands at."""
    return tell_as_of(get_mirror(session))


def tell_assets(view: View, rows: Sequence[AssetRow]) -> list[dict[str, Any]]:
    """Fields of assets; serials only of those that the caller has to do with."""
    rows = view.births.complete(rows)
    serials = view.births.find_serials(view.session, [row.id for row in rows])
    return [tell_asset(row, serials.get(row.id) if _may_name(view, row) else None) for row in rows]


def _may_name(view: View, row: AssetRow | BatchRow) -> bool:
    return view.may_see(row.org, row.owner)


def tell_asset(row: AssetRow, serial: str | None) -> dict[str, Any]:
    """Fields of an asset, as JSON has them."""
    id_ = to_hex(row.id)
    path = f"/v1/assets/{id_}"
    return {
        "id": id_,
        "serial": serial,
        "organisation": to_hex(row.org),
        "owner": to_hex(row.owner),
        "schema": None if row.schema_ == ZERO_HASH else to_hex(row.schema_),
        "asset_kind": _ASSET_KINDS[row.asset_kind],
        "stage": _STAGES[row.stage],
        "custodian": _hex(row.custodian),
        "operator": _hex(row.operator),
        "lien_holder": _hex(row.lien_holder),
        "parent": _hex(row.parent),
        "registered_content_hash": _hex(row.birth_content_hash),
        "content_hash": _hex(row.content_hash),
        "position": row.count - 1,
        "head": to_hex(row.head),
        "frozen": row.frozen,
        "registered_at": moment(row.opened_at),
        "updated_at": moment(row.updated_at),
        "documents": f"{path}/documents",
        "entries": f"{path}/entries",
    }


def _hex(value: bytes | None) -> str | None:
    return None if value is None else to_hex(value)


def tell_entries(view: View, rows: Sequence[EntryRow]) -> list[EntryAnswer]:
    """Entries, with links to those documents that the caller may read."""
    told = [tell_entry(row) for row in rows]
    pointing = {hex_: parse_hash(hex_) for each in told if (hex_ := each["content_hash"])}
    readable = find_readable(view, pointing.values())
    paths = {hex_: document_path(hash_) for hex_, hash_ in pointing.items() if hash_ in readable}
    return [EntryAnswer(**each, document=paths.get(each["content_hash"])) for each in told]


def document_path(content_hash: Hash32) -> str:
    """Where a document is read."""
    return f"/v1/documents/{to_hex(content_hash)}"


def find_readable(view: View, hashes: Collection[Hash32]) -> dict[Hash32, Document]:
    """Those documents that the caller may read.

    It sent them, or they are about itself, about an asset that it has to do with, or about what is
    everybody's: schemas, worlds, the ledger.
    """
    documents = view.births.find_documents(view.session, set(hashes))
    if view.who.reads is None:
        return documents
    mine = _find_mine(view, {each.subject for each in documents.values() if each.subject})
    return {
        content_hash: each
        for content_hash, each in documents.items()
        if each.org == view.who.reads or each.subject in mine
    }


def _find_mine(view: View, subjects: set[Hash32]) -> set[Hash32]:
    """Those of the subjects whose documents are the caller's to read, whoever sent them."""
    mine = {subject for subject in subjects if view.may_see(subject)}
    assets = find_assets(view.session, subjects - mine)
    mine |= {row.id for row in assets.values() if view.may_see(row.org, row.owner)}
    return mine | find_public(view.session, subjects - mine - assets.keys())


def tell_documents(view: View, asset: AssetRow, rows: Iterable[EntryRow]) -> list[DocumentLink]:
    """The documents that these entries point at and the caller may read.

    What an asset of a batch was born with comes beside the batch's manifest.
    """
    pointing: list[tuple[int, Hash32 | None]] = []
    [asset] = view.births.complete([asset])
    for row in rows:
        if row.subject != asset.id:
            pointing.append((row.position, asset.birth_content_hash))
        pointing.append((row.position, pointed_at(decode_payload(row.kind, row.payload))))
    readable = find_readable(view, [each for _, each in pointing if each])
    return [
        _document(position, readable[content_hash])
        for position, content_hash in pointing
        if content_hash in readable
    ]


def _document(position: int, document: Document) -> DocumentLink:
    path = document_path(document.content_hash)
    return DocumentLink(
        content_hash=to_hex(document.content_hash),
        position=position,
        media_type=document.media_type,
        size=document.size,
        data_class=cast(Any, document.data_class or "ordinary"),
        jurisdiction=document.jurisdiction,
        url=path,
        commitment=f"{path}/commitment",
    )


def tell_batches(view: View, rows: Sequence[BatchRow]) -> list[Batch]:
    """Batches; names only of those that the caller has to do with."""
    sent = find_batches(view.session, [row.id for row in rows])
    return [
        _batch(row, sent[row.id].name if row.id in sent and _may_name(view, row) else None)
        for row in rows
    ]


def _batch(row: BatchRow, name: str | None) -> Batch:
    return Batch(
        id=to_hex(row.id),
        name=name,
        organisation=to_hex(row.org),
        owner=to_hex(row.owner),
        root=to_hex(row.root),
        size=row.size,
        content_hash=to_hex(row.content_hash),
        position=row.count - 1,
        head=to_hex(row.head),
        registered_at=moment(row.opened_at),
        assets=f"/v1/batches/{to_hex(row.id)}/assets",
    )


def tell_organisations(session: Session, seen: Sequence[OrganisationSeen]) -> list[dict[str, Any]]:
    """Fields of organisations, with the names of those that are served here."""
    tenants = find_tenants(session, [each.row.id for each in seen])
    return [_organisation(each, _name(tenants.get(each.row.id))) for each in seen]


def _name(tenant: object) -> str | None:
    return getattr(tenant, "name", None)


def _organisation(seen: OrganisationSeen, name: str | None) -> dict[str, Any]:
    row = seen.row
    return {
        "id": to_hex(row.id),
        "did": row.did,
        "name": name,
        "address": to_hex(row.address),
        "active": row.active,
        "accounts": [to_hex(account) for account in seen.accounts],
        "position": row.count - 1,
        "head": to_hex(row.head),
        "enrolled_at": moment(row.opened_at),
    }


def tell_organisations_page(
    session: Session, seen: Sequence[OrganisationSeen]
) -> list[Organisation]:
    """Organisations of a page."""
    return [Organisation(**fields) for fields in tell_organisations(session, seen)]


def tell_operation(session: Session, operation: Operation) -> OperationAnswer:
    """How far an operation is."""
    return tell_operations(session, [operation])[0]


def tell_operations(session: Session, operations: Sequence[Operation]) -> list[OperationAnswer]:
    """How far each operation is; one query, however many they are."""
    hashes = find_transaction_hashes(session, operations)
    return [_operation(each, hashes.get((each.lane, each.nonce))) for each in operations]


def _operation(operation: Operation, transaction: Hash32 | None) -> OperationAnswer:
    return OperationAnswer(
        id=operation.id,
        organisation=None if operation.org == ZERO_HASH else to_hex(operation.org),
        state=cast(Any, str(operation.state)),
        kind=cast(KindWord, Kind(operation.kind).label),
        subject=to_hex(operation.subject),
        position=operation.position,
        lane=operation.lane,
        nonce=operation.nonce,
        transaction=_hex(transaction),
        block=operation.block_number,
        reason=operation.reason,
        accepted_at=moment(operation.accepted_at / 1000),
        updated_at=moment(operation.updated_at / 1000),
    )
