"""Gathers what entries open and close between subjects, as periods of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ledger.domain.entries import Appended
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
from ledger.mirror.columns import COLUMNS
from ledger.mirror.steps import Closing, Values
from ledger.types import Hash32, Party

if TYPE_CHECKING:
    from sqlalchemy import Column, Table

_Key: TypeAlias = tuple[Any, ...]

_LARGEST: Final = 2**63 - 1


class Keeping:
    """How relations of a type are kept: each field in the column of its name.

    `subjects` are the columns that hold the subjects of the entries which open and close them,
    first the one that opens. A table's last column is where a period ends.
    """

    def __init__(self, relation: type[Relation], name: str, *subjects: str) -> None:
        self.relation = relation
        self.name = name
        self.names = [field.name for field in fields(relation)]
        self.columns = COLUMNS[name]
        self._subjects = subjects

    @property
    def table(self) -> Table:
        """The table that holds the periods."""
        from ledger.mirror.tables import TABLES

        return TABLES[self.name]

    @property
    def subjects(self) -> list[Column[Any]]:
        """The columns that hold subjects."""
        return [self.table.c[name] for name in self._subjects]

    def row(self, relation: Relation, position: int, block: int) -> list[Any]:
        """The row of a period that begins."""
        values: dict[str, Any] = {"position": position, "from_block": block, "to_block": None}
        values |= {name: _plain(getattr(relation, name)) for name in self.names}
        return [values[name] for name in self.columns]


KEEPINGS: Final = {
    one.relation: one
    for one in (
        Keeping(Holding, "holder", "asset"),
        Keeping(Offer, "offer", "asset"),
        Keeping(AccountOf, "account", "org"),
        Keeping(PartOf, "mount", "part"),
        Keeping(Claim, "claim", "subject"),
        Keeping(Listing, "listing", "asset", "world"),
    )
}
"""How every type of relation is kept."""

_PARTIES: Final = tuple([party.label for party in Party])
_OWNER: Final = Party.OWNER.label
_HOLDER, _OFFER = "holder", "offer"
_HELD: Final = Closing(_HOLDER, Holding.KEY)
_OFFERED: Final = Closing(_OFFER, Offer.KEY)
_OFFERS: Final = Closing(_OFFER, Offer.KEY[:1])


def _plain(value: Value) -> Value | str:
    """A field's value as its column takes it; what is farther than 63 bits is just as far."""
    match value:
        case Party():
            return value.label
        case int():
            return min(value, _LARGEST)
        case _:
            return value


class Periods:
    """The periods that a run of entries opens and closes, as rows to be written at once.

    What is opened and closed within the run is a row that has its end; what had been open before is
    closed by its key, at the earliest of the blocks that say so.
    """

    def __init__(self) -> None:
        self.opened: dict[str, list[list[Any]]] = {}
        self.closed: dict[Closing, dict[_Key, int]] = {}
        # What the run has opened and not closed, by its whole key.
        self._open: dict[str, dict[_Key, list[Any]]] = {}

    def change(self, entry: Appended, block: int) -> None:
        """Open and close what an entry begins and ends. Raises MalformedValue."""
        for change in changes(entry):
            match change:
                case Opened(relation):
                    keeping = KEEPINGS[type(relation)]
                    key = tuple([_plain(getattr(relation, name)) for name in relation.KEY])
                    row = keeping.row(relation, entry.position, block)
                    self._begin(keeping.name, key, row)
                case Closed(relation_type, key):
                    table = KEEPINGS[relation_type].name
                    names = tuple([name for name, _ in key])
                    values = tuple([_plain(value) for _, value in key])
                    self._end(table, relation_type.KEY, names, values, block)

    # -- the commonest, by their own words ---------------------------------------------------

    def own(self, asset: Hash32, position: int, org: Hash32, block: int) -> None:
        """An asset has its first owner."""
        row = [asset, position, _OWNER, org, block, None]
        self._begin(_HOLDER, (asset, _OWNER), row)

    def pass_title(
        self, asset: Hash32, position: int, org: Hash32, block: int, *, offered: bool
    ) -> None:
        """Title passes, and ends what is `offered`, if anything is."""
        self._end_key(_HELD, (asset, _OWNER), block)
        if offered:
            self._end_offers(asset, block)
        self.own(asset, position, org, block)

    def offer(
        self,
        asset: Hash32,
        position: int,
        payload: tuple[int, Hash32, int],
        block: int,
        *,
        offered: bool,
    ) -> None:
        """A party is offered to somebody until then, in place of what is `offered`, if it is."""
        party, to, expires = payload
        key = asset, label = asset, _PARTIES[party]
        if offered:
            self._end_key(_OFFERED, key, block)
        row = [asset, position, label, to, min(expires, _LARGEST), block, None]
        self._begin(_OFFER, key, row)

    def accept(self, asset: Hash32, position: int, party: int, org: Hash32, block: int) -> None:
        """An organisation becomes a party other than the owner."""
        key = asset, label = asset, _PARTIES[party]
        self._end_key(_HELD, key, block)
        self._end_key(_OFFERED, key, block)
        self._begin(_HOLDER, key, [asset, position, label, org, block, None])

    # -- keeping them -------------------------------------------------------------------------

    def _begin(self, table: str, key: _Key, row: list[Any]) -> None:
        try:
            self.opened[table].append(row)
        except KeyError:
            self.opened[table], self._open[table] = [row], {}
        self._open[table][key] = row

    def _end_key(self, closing: Closing, key: _Key, block: int) -> None:
        """End the one period of a whole key."""
        row = self._open[closing.table].pop(key, None) if closing.table in self._open else None
        if row is not None:
            row[-1] = block
        else:
            self.closed.setdefault(closing, {}).setdefault(key, block)

    def _end_offers(self, asset: Hash32, block: int) -> None:
        for label in _PARTIES if _OFFER in self._open else ():
            row = self._open[_OFFER].pop((asset, label), None)
            if row is not None:
                row[-1] = block
        self.closed.setdefault(_OFFERS, {}).setdefault((asset,), block)

    def _end(
        self, table: str, whole: Sequence[str], names: tuple[str, ...], values: _Key, block: int
    ) -> None:
        closing = Closing(table, names)
        if names == tuple(whole):
            self._end_key(closing, values, block)
            return
        wanted = [(whole.index(name), value) for name, value in zip(names, values, strict=True)]
        current = self._open.get(table, {})
        for key in [key for key in current if all(key[at] == value for at, value in wanted)]:
            current.pop(key)[-1] = block
        self.closed.setdefault(closing, {}).setdefault(values, block)

    # -- handing them on ----------------------------------------------------------------------

    def closings(self) -> Iterator[tuple[Closing, list[Values]]]:
        """What ends, each row the block and the key's values."""
        for closing, ends in self.closed.items():
            yield closing, [(block, *key) for key, block in ends.items()]

    def openings(self) -> Mapping[str, list[Values]]:
        """What begins, by table."""
        return {table: [tuple(row) for row in rows] for table, rows in self.opened.items()}
