"""What the pages show: rows of the mirror with names, dates and documents put beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from api.explorer.passport import Node
from api.explorer.shelf import Shelf
from api.payloads import pointed_at
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    Corrected,
    Registered,
    Transferred,
    decode_payload,
)
from ledger.mirror.queries import OrganisationSeen, count_assets_by_owner, find_organisations
from ledger.mirror.tables import AssetRow, EntryRow, OrganisationRow
from ledger.outbox.registrations import find_assets, find_documents, find_tenants
from ledger.types import ZERO_HASH, AssetKind, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation by the name that people know."""

    id: str
    label: str
    did: str | None


@dataclass(frozen=True, slots=True)
class AssetLine:
    """An asset in a list, or at the head of its page."""

    id: str
    id_bytes: bytes
    title: str | None
    serial: str | None
    asset_kind: str
    owner: Party
    organisation: Party
    frozen: bool
    count: int
    head: str
    content_hash: str
    birth_content_hash: str
    registered: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry in the stream or in a timeline; `party` is None where governance acted."""

    sequence: int
    kind: str
    party: Party | None
    at: datetime
    position: int
    block: int
    transaction: str
    subject: str
    subject_label: str | None
    subject_path: str
    target: Party | None
    corrects: int | None
    account: str | None
    content_hash: str | None
    document_word: str
    document_path: str | None
    summary: str | None
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation in a list, or at the head of its page."""

    id: str
    id_bytes: bytes
    label: str
    did: str
    address: str
    active: bool
    count: int
    head: str
    enrolled: datetime
    held: int


class Names:
    """Organisations' names, fetched together."""

    def __init__(self, session: Session, orgs: Collection[Hash32]) -> None:
        self._rows = find_organisations(session, set(orgs))
        self._tenants = find_tenants(session, set(orgs))

    def party(self, org: Hash32) -> Party:
        """The organisation of this id."""
        row = self._rows.get(org)
        return Party(to_hex(org), self.label(org, row), row.did if row else None)

    def label(self, org: Hash32, row: OrganisationRow | None) -> str:
        """What people call it: its name, else its DID, else its id."""
        tenant = self._tenants.get(org)
        if tenant:
            return tenant.name
        return row.did if row else shorten(to_hex(org))


def shorten(text: str) -> str:
    """A hash by its first and last digits."""
    return text if len(text) <= 14 else f"{text[:8]}…{text[-4:]}"


def tell_assets(session: Session, shelf: Shelf, rows: Sequence[AssetRow]) -> list[AssetLine]:
    """Assets with their owners' names; serials and titles if documents may be shown."""
    names = Names(session, {org for row in rows for org in (row.org, row.owner)})
    known = find_assets(session, [row.id for row in rows]) if shelf.open else {}
    return [
        _asset(row, names, shelf, known[row.id].serial if row.id in known else None) for row in rows
    ]


def _asset(row: AssetRow, names: Names, shelf: Shelf, serial: str | None) -> AssetLine:
    return AssetLine(
        id=to_hex(row.id),
        id_bytes=row.id,
        title=shelf.find_title(row.content_hash),
        serial=serial,
        asset_kind=AssetKind(row.asset_kind).label,
        owner=names.party(row.owner),
        organisation=names.party(row.org),
        frozen=row.frozen,
        count=row.count,
        head=to_hex(row.head),
        content_hash=to_hex(row.content_hash),
        birth_content_hash=to_hex(row.birth_content_hash),
        registered=_moment(row.opened_at),
        updated=_moment(row.updated_at),
    )


def tell_entries(
    session: Session, shelf: Shelf, rows: Sequence[EntryRow], *, whole: bool
) -> list[EntryLine]:
    """Entries with the names they speak of; `whole`: with what their documents say."""
    payloads = [decode_payload(row.kind, row.payload) for row in rows]
    targets = [_target(payload) for payload in payloads]
    names = Names(session, {*targets, *(row.org for row in rows), *(row.subject for row in rows)})
    labels = _labels(session, shelf, names, rows)
    hashes = {found for payload in payloads if (found := pointed_at(payload))}
    kept = find_documents(session, hashes) if shelf.open else {}
    lines = []
    for row, payload, target in zip(rows, payloads, targets, strict=True):
        content_hash = pointed_at(payload)
        shown = content_hash if content_hash in kept else None
        subject, kind = to_hex(row.subject), Kind(row.kind)
        lines.append(
            EntryLine(
                sequence=row.sequence,
                kind=kind.label,
                party=names.party(row.org) if row.org != ZERO_HASH else None,
                at=_moment(row.timestamp),
                position=row.position,
                block=row.block_number,
                transaction=to_hex(row.transaction_hash),
                subject=subject,
                subject_label=labels.get(row.subject),
                subject_path=_path(kind, subject),
                target=names.party(target) if target != ZERO_HASH else None,
                corrects=payload.corrects if isinstance(payload, Corrected) else None,
                account=_account(payload),
                content_hash=to_hex(content_hash) if content_hash else None,
                document_word="Reason" if kind in (Kind.FROZEN, Kind.UNFROZEN) else "Document",
                document_path=f"/documents/{to_hex(shown)}" if shown else None,
                summary=shelf.find_summary(shown) if whole and kind != Kind.REGISTERED else None,
                nodes=shelf.lay_out(shown) if whole and kind != Kind.REGISTERED else (),
            )
        )
    return lines


def _path(kind: Kind, subject: str) -> str:
    about_organisation = kind < Kind.REGISTERED
    return f"/{'organisations' if about_organisation else 'assets'}/{subject}"


def _labels(
    session: Session, shelf: Shelf, names: Names, rows: Sequence[EntryRow]
) -> dict[Hash32, str]:
    """Serials of the assets spoken of, where they may be shown, and organisations' names."""
    about = {row.subject for row in rows if Kind(row.kind) < Kind.REGISTERED}
    labels = {org: names.party(org).label for org in about}
    if shelf.open:
        assets = {row.subject for row in rows} - about
        labels |= {asset: found.serial for asset, found in find_assets(session, assets).items()}
    return labels


def _target(payload: object) -> Hash32:
    match payload:
        case Registered():
            return payload.owner
        case Transferred():
            return payload.to
    return ZERO_HASH


def _account(payload: object) -> str | None:
    match payload:
        case AccountAdded() | AccountRemoved():
            return to_hex(payload.account)
    return None


def tell_organisations(
    session: Session, seen: Sequence[OrganisationSeen]
) -> list[OrganisationLine]:
    """Organisations with the names that people know."""
    names = Names(session, [each.row.id for each in seen])
    held = count_assets_by_owner(session, [each.row.id for each in seen])
    return [
        OrganisationLine(
            id=to_hex(each.row.id),
            id_bytes=each.row.id,
            label=names.label(each.row.id, each.row),
            did=each.row.did,
            address=to_hex(each.row.address),
            active=each.row.active,
            count=each.row.count,
            head=to_hex(each.row.head),
            enrolled=_moment(each.row.opened_at),
            held=held[each.row.id],
        )
        for each in seen
    ]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
