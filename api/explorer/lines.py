"""Assets and organisations as the pages show them, with names, dates and titles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from api.explorer.shelf import Shelf
from ledger.mirror.queries import OrganisationSeen, count_assets_by_owner, find_organisations
from ledger.mirror.tables import AssetRow, OrganisationRow
from ledger.outbox.registrations import find_tenants
from ledger.types import ZERO_HASH, AssetKind, Hash32, Stage, to_hex


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
    custodian: Party | None
    operator: Party | None
    lien_holder: Party | None
    stage: str
    parent: str | None
    frozen: bool
    count: int
    head: str
    content_hash: str | None
    birth_content_hash: str | None
    registered: datetime
    updated: datetime


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
    names = Names(session, {org for row in rows for org in (row.org, *_parties(row)) if org})
    rows = shelf.births.complete(rows)
    serials = shelf.births.find_serials(session, [row.id for row in rows]) if shelf.open else {}
    hashes = {row.content_hash for row in rows if row.content_hash}
    kept = shelf.births.find_documents(session, hashes) if shelf.open else {}
    return [
        _asset(
            row,
            names,
            shelf.find_title(kept.get(row.content_hash or ZERO_HASH)),
            serials.get(row.id),
        )
        for row in rows
    ]


def _parties(row: AssetRow) -> tuple[Hash32 | None, ...]:
    return row.owner, row.custodian, row.operator, row.lien_holder


def _asset(row: AssetRow, names: Names, title: str | None, serial: str | None) -> AssetLine:
    _, custodian, operator, lien_holder = (
        names.party(org) if org else None for org in _parties(row)
    )
    return AssetLine(
        id=to_hex(row.id),
        id_bytes=row.id,
        title=title,
        serial=serial,
        asset_kind=AssetKind(row.asset_kind).label,
        owner=names.party(row.owner),
        organisation=names.party(row.org),
        custodian=custodian,
        operator=operator,
        lien_holder=lien_holder,
        stage=Stage(row.stage).label.replace("_", " "),
        parent=to_hex(row.parent) if row.parent else None,
        frozen=row.frozen,
        count=row.count,
        head=to_hex(row.head),
        content_hash=to_hex(row.content_hash) if row.content_hash else None,
        birth_content_hash=to_hex(row.birth_content_hash) if row.birth_content_hash else None,
        registered=moment(row.opened_at),
        updated=moment(row.updated_at),
    )


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
            enrolled=moment(each.row.opened_at),
            held=held[each.row.id],
        )
        for each in seen
    ]


def moment(seconds: int) -> datetime:
    """A block's time as a date."""
    return datetime.fromtimestamp(seconds, UTC)
