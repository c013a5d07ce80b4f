"""Between subjects and the rows that hold them, by one rule: a field is a column of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import RowMapping, Table, select
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as select_rows

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.organisation import Organisation
from ledger.domain.subjects import Subject
from ledger.mirror.asset_rows import Row
from ledger.mirror.rows import chunks
from ledger.mirror.steps import Values
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    BatchRow,
    EntryRow,
    FoundingRow,
    OrganisationRow,
    SchemaRow,
    WorldRow,
)
from ledger.types import (
    Address,
    AssetKind,
    Hash32,
    Stage,
    decode_parties,
    encode_parties,
)

Named: TypeAlias = dict[str, Any]
"""A row's values by column."""


@dataclass(frozen=True, slots=True)
class Born:
    """A batch with the block that its entry is in: there its assets' first owner begins."""

    batch: Batch
    block: int


Known: TypeAlias = Row | Born | Organisation | Schema | World | Founding
"""A subject as folding goes over it: an asset as its row's values."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a field is kept in its column."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_FORMS: Final = {
    "asset_kind": _Form(int, AssetKind),
    "stage": _Form(int, Stage),
    "offered": _Form(encode_parties, decode_parties),
}
"""By name; other fields are kept as they are."""


_CONSTANT: Final = frozenset(
    {"id", "org", "schema", "asset_kind", "birth_content_hash", "did", "address", "opened_at"}
    | {"root", "size", "replaces", "authority", "issuer", "first_sequence"}
)
"""Columns that no entry after the first changes."""


class Keeping:
    """How the subjects of a class are kept; accounts are periods, and an address is derived.

    `changing` are the columns that entries after the first can change.
    """

    def __init__(self, subject: type[Subject], row: type[SQLModel]) -> None:
        self.subject = subject
        self.table: Table = row.__table__  # type: ignore[attr-defined]
        told = [field.name for field in fields(subject)]
        self._names = [column.name for column in self.table.c if hasattr(subject, column.name)]
        self._get = attrgetter(*self._names)
        self._read = [name for name in told if name in self._names]
        self._forms = {name: form for name, form in _FORMS.items() if name in self._names}
        self.name = str(self.table.name)
        columns = self.table.columns.keys()
        self.columns = columns
        self.changing = [name for name in columns if name not in _CONSTANT]
        self.id = columns.index("id")
        self.whole: Callable[[Row], Values] = tuple
        """A row as it is inserted."""
        self.changed: Callable[[Row], Values] = itemgetter(
            *[columns.index(name) for name in self.changing], self.id
        )
        """What an update of a row sets, and the id of the row that it is of."""

    def row(self, subject: Subject, first: int, last: int) -> Row:
        """The row of a subject whose own entries are from sequence `first` to `last`."""
        values = self.values(subject) | {"first_sequence": first, "last_sequence": last}
        return [values[name] for name in self.columns]

    def values(self, subject: Subject) -> Named:
        """The columns of a subject by name, save for its sequences."""
        values: Named = dict(zip(self._names, self._get(subject), strict=True))
        for name, form in self._forms.items():
            values[name] = form.encode(values[name])
        return values

    def read(self, row: RowMapping | Named, **others: Any) -> Subject:
        """The subject that a row holds; `others` are the fields that are none of its columns."""
        values = {name: row[name] for name in self._read}
        for name, form in self._forms.items():
            values[name] = form.decode(values[name])
        return self.subject(**values, **others)


KEEPINGS: Final = (
    Keeping(Asset, AssetRow),
    Keeping(Organisation, OrganisationRow),
    Keeping(Batch, BatchRow),
    Keeping(Schema, SchemaRow),
    Keeping(World, WorldRow),
    Keeping(Founding, FoundingRow),
)
"""How every class of subject is kept; the most asked for first."""


_OF: Final = {keeping.subject: keeping for keeping in KEEPINGS}
_ASSETS: Final = _OF[Asset]
_BATCHES: Final = _OF[Batch]


def keeping_of(known: Known | Subject) -> Keeping:
    """How such a subject is kept."""
    if isinstance(known, list):
        return _ASSETS
    return _BATCHES if isinstance(known, Born) else _OF[type(known)]


def plain(known: Known | None) -> Subject | None:
    """The subject as the domain's folds go over it."""
    if isinstance(known, list):
        return _ASSETS.read(dict(zip(_ASSETS.columns, known, strict=True)))
    return known.batch if isinstance(known, Born) else known


def row_of(known: Known, first: int, last: int) -> Row:
    """The row of a subject; of one that is no asset, with its own entries' sequences."""
    if isinstance(known, list):
        return known
    subject = known.batch if isinstance(known, Born) else known
    return keeping_of(known).row(subject, first, last)


def row_of_asset(asset: Asset, sequence: int) -> Row:
    """The row of an asset whose only own entry is at that sequence."""
    return _ASSETS.row(asset, sequence, sequence)


def keep(subject: Subject, block: int, first: int, last: int) -> Known:
    """The subject as folding goes over it; `block` is that of its last entry."""
    match subject:
        case Asset():
            return _ASSETS.row(subject, first, last)
        case Batch():
            return Born(subject, block)
        case _:
            return subject


def fetch_known(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Known]:
    """Those of the subjects that have rows, as folding goes over them."""
    known: dict[Hash32, Known] = {}
    for portion in chunks(ids):
        assets = select(_ASSETS.table).where(_ASSETS.table.c.id.in_(portion))
        found = session.connection().execute(assets).all()
        known |= {row[_ASSETS.id]: list(row) for row in found}
        if missing := [one for one in portion if one not in known]:
            others = _fetch_portion(session, missing, KEEPINGS[1:])
            known |= {id: one for id, one in others.items() if not isinstance(one, Asset | Batch)}
            known |= _born(session, [one for one in others.values() if isinstance(one, Batch)])
    return known


def _born(session: Session, batches: Sequence[Batch]) -> dict[Hash32, Born]:
    rows = session.exec(
        select_rows(EntryRow.subject, EntryRow.block_number).where(
            col(EntryRow.subject).in_([batch.id for batch in batches]), EntryRow.position == 0
        )
    )
    blocks = dict(rows.all())
    return {batch.id: Born(batch, blocks[batch.id]) for batch in batches}


def fetch_subjects(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Subject]:
    """Those of the subjects that have rows, as the rows say."""
    subjects: dict[Hash32, Subject] = {}
    for portion in chunks(ids):
        subjects |= _fetch_portion(session, portion, KEEPINGS)
    return subjects


def _fetch_portion(
    session: Session, ids: Sequence[Hash32], keepings: Iterable[Keeping]
) -> dict[Hash32, Subject]:
    subjects: dict[Hash32, Subject] = {}
    missing = ids
    for keeping in keepings:
        subjects |= _fetch(session, keeping, missing)
        missing = [one for one in missing if one not in subjects]
        if not missing:
            break
    return subjects


def _fetch(session: Session, keeping: Keeping, ids: Sequence[Hash32]) -> dict[Hash32, Subject]:
    wanted = select(keeping.table).where(keeping.table.c.id.in_(ids))
    rows = session.connection().execute(wanted).mappings().all()
    if keeping.subject is not Organisation:
        return {row["id"]: keeping.read(row) for row in rows}
    accounts = fetch_accounts(session, [row["id"] for row in rows])
    return {row["id"]: keeping.read(row, accounts=frozenset(accounts[row["id"]])) for row in rows}


def fetch_accounts(session: Session, orgs: Sequence[Hash32]) -> Mapping[Hash32, list[Address]]:
    """The accounts that may act for each of these organisations now, oldest first."""
    accounts: dict[Hash32, list[Address]] = {org: [] for org in orgs}
    for portion in chunks(orgs):
        rows = session.exec(
            select_rows(AccountRow.org, AccountRow.account)
            .where(col(AccountRow.org).in_(portion), col(AccountRow.to_block).is_(None))
            .order_by(col(AccountRow.org), col(AccountRow.position))
        )
        for org, account in rows:
            accounts[org].append(account)
    return accounts


def fetch_batches(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Batch]:
    """Those of the batches that exist."""
    batches: dict[Hash32, Batch] = {}
    for portion in chunks(ids):
        found = _fetch(session, _BATCHES, portion)
        batches |= {one.id: one for one in found.values() if isinstance(one, Batch)}
    return batches
