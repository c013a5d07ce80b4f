"""Keeps what entries open and close between subjects as periods of blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import BigInteger, Table, bindparam, delete, or_, select, update
from sqlmodel import Session, SQLModel, col

from ledger.domain.batch import Batch
from ledger.domain.relations import (
    AccountOf,
    Claim,
    Closed,
    Holding,
    Listing,
    Offer,
    Opened,
    PartOf,
    Relation,
    Value,
    changes,
)
from ledger.mirror.steps import PlacedEntry
from ledger.mirror.tables import (
    AccountRow,
    ClaimRow,
    EntryRow,
    HolderRow,
    ListingRow,
    MountRow,
    OfferRow,
)
from ledger.types import Hash32, Party

_Row = dict[str, Any]


class Keeping:
    """How relations of a type are kept: each field in the column of its name.

    `subjects` are the columns that hold the subjects of the entries which open and close them,
    first the one that opens.
    """

    def __init__(self, relation: type[Relation], row: type[SQLModel], *subjects: str) -> None:
        self.relation = relation
        self.table: Table = row.__table__  # type: ignore[attr-defined]
        self.subjects = [self.table.c[name] for name in subjects]
        self.names = [field.name for field in fields(relation)]

    def values(self, relation: Relation, position: int, block: int) -> _Row:
        """The columns of a period that begins."""
        row: _Row = {"position": position, "from_block": block, "to_block": None}
        return row | {name: _plain(getattr(relation, name)) for name in self.names}


KEEPINGS: Final = {
    one.relation: one
    for one in (
        Keeping(Holding, HolderRow, "asset"),
        Keeping(Offer, OfferRow, "asset"),
        Keeping(AccountOf, AccountRow, "org"),
        Keeping(PartOf, MountRow, "part"),
        Keeping(Claim, ClaimRow, "subject"),
        Keeping(Listing, ListingRow, "asset", "world"),
    )
}
"""How every type of relation is kept."""

_LARGEST: Final = 2**63 - 1


def _plain(value: Value) -> Value | str:
    """A field's value as its column takes it; what is farther than 63 bits is just as far."""
    match value:
        case Party():
            return value.label
        case int():
            return min(value, _LARGEST)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Beginning:
    """How an asset of a batch began: with the batch, in its block."""

    batch: Batch
    block: int


def write_periods(
    session: Session, entries: Iterable[PlacedEntry], members: Mapping[Hash32, Beginning]
) -> None:
    """Open and close the periods that these entries begin and end.

    `members` are the assets of batches whose own first entries are among them: from its batch on,
    each had an owner, of which there is no row yet.
    """
    runs = {relation: _Run(keeping) for relation, keeping in KEEPINGS.items()}
    for placed in entries:
        entry, block = placed.entry, placed.block_number
        if entry.position == 1 and (began := members.get(entry.subject)):
            holding = Holding(entry.subject, Party.OWNER, began.batch.owner)
            runs[Holding].open(holding, 0, began.block)
        for change in changes(entry):
            match change:
                case Opened(relation):
                    runs[type(relation)].open(relation, entry.position, block)
                case Closed(type_):
                    runs[type_].close(change, block)
    for run in runs.values():
        run.write(session)


class _Run:
    """The periods of one table that a run of entries opens and closes, to be written at once."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping
        self.opened: list[_Row] = []
        self.closed: defaultdict[tuple[str, ...], list[_Row]] = defaultdict(list)
        self._open: defaultdict[Value, list[tuple[Relation, _Row]]] = defaultdict(list)

    def open(self, relation: Relation, position: int, block: int) -> None:
        row = self.keeping.values(relation, position, block)
        self.opened.append(row)
        self._open[getattr(relation, relation.KEY[0])].append((relation, row))

    def close(self, closed: Closed, block: int) -> None:
        key = dict(closed.key)
        bound = {_bound(name): _plain(value) for name, value in closed.key}
        self.closed[tuple(key)].append({"closing": block, **bound})
        for held in self._find(key.get(closed.relation.KEY[0])):
            for one in [one for one in held if closed.ends(one[0])]:
                one[1]["to_block"] = block
                held.remove(one)

    def _find(self, first: Value | None) -> Iterator[list[tuple[Relation, _Row]]]:
        """Where the rows lie whose keys begin so; all of them if that is left open."""
        if first is None:
            yield from self._open.values()
        elif first in self._open:
            yield self._open[first]

    def write(self, session: Session) -> None:
        connection, table = session.connection(), self.keeping.table
        for names, rows in self.closed.items():
            connection.execute(_closing(table, names), rows)
        if self.opened:
            connection.execute(table.insert(), self.opened)


def _bound(name: str) -> str:
    """The parameter for a column's value; by the column's own name it would be set."""
    return f"of_{name}"


def _closing(table: Table, names: Iterable[str]) -> Any:
    """Closes periods by these columns of their keys.

    Of the closings in a run, which come in any order, the earliest ends a period that was open
    before: periods that earlier runs ended have ended earlier than all of these.
    """
    ends, closing = table.c.to_block, bindparam("closing", type_=BigInteger)
    matching = [table.c[name] == bindparam(_bound(name)) for name in names]
    still_open = or_(ends.is_(None), ends > closing)
    return update(table).where(*matching, still_open).values(to_block=closing)


def roll_back_periods(session: Session, above: int) -> None:
    """Undo what entries of blocks above that one did; to be called while they are still there."""
    touched = select(col(EntryRow.subject)).where(col(EntryRow.block_number) > above)
    connection = session.connection()
    for keeping in KEEPINGS.values():
        table = keeping.table
        begun = keeping.subjects[0].in_(touched), table.c.from_block > above
        connection.execute(delete(table).where(*begun))
        for subject in keeping.subjects:
            ended = subject.in_(touched), table.c.to_block > above
            connection.execute(update(table).where(*ended).values(to_block=None))


def forget_periods(session: Session, gone: Sequence[Hash32]) -> None:
    """Drop what is left of subjects that have no entries: what assets had of their batches."""
    for keeping in KEEPINGS.values():
        session.connection().execute(delete(keeping.table).where(keeping.subjects[0].in_(gone)))
