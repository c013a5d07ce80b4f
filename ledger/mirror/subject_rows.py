"""Between subjects and the rows that hold them, by one rule: a field is a column of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
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
from ledger.mirror.rows import chunks
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    BatchRow,
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

Values: TypeAlias = dict[str, Any]
"""A row's columns by name."""


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


class Keeping:
    """How the subjects of a class are kept; accounts are periods, and an address is derived."""

    def __init__(self, subject: type[Subject], row: type[SQLModel]) -> None:
        self.subject = subject
        self.row = row
        self.table: Table = row.__table__  # type: ignore[attr-defined]
        told = [field.name for field in fields(subject)]
        self._names = [column.name for column in self.table.c if hasattr(subject, column.name)]
        self._get = attrgetter(*self._names)
        self._read = [name for name in told if name in self._names]
        self._forms = {name: form for name, form in _FORMS.items() if name in self._names}

    def values(self, subject: Subject) -> Values:
        """The columns of a subject, save for its sequences."""
        values: Values = dict(zip(self._names, self._get(subject), strict=True))
        for name, form in self._forms.items():
            values[name] = form.encode(values[name])
        return values

    def read(self, row: RowMapping, **others: Any) -> Subject:
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


def fetch_subjects(session: Session, ids: Iterable[Hash32]) -> dict[Hash32, Subject]:
    """Those of the subjects that have rows, as the rows say."""
    subjects: dict[Hash32, Subject] = {}
    for portion in chunks(ids):
        missing = portion
        for keeping in KEEPINGS:
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
    keeping = next(one for one in KEEPINGS if one.subject is Batch)
    batches: dict[Hash32, Batch] = {}
    for portion in chunks(ids):
        found = _fetch(session, keeping, portion)
        batches |= {one.id: one for one in found.values() if isinstance(one, Batch)}
    return batches
