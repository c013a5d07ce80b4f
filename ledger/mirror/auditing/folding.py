"""Folds the entries of one subject at a time, by the plain domain, into the rows it should have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, Final

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, batch_id_of
from ledger.domain.catalogue import Schema, World
from ledger.domain.entries import Appended
from ledger.domain.founding import Founding
from ledger.domain.organisation import Organisation
from ledger.domain.relations import (
    AccountOf,
    Claim,
    Holding,
    Listing,
    Offer,
    Opened,
    PartOf,
    Relation,
    changes,
)
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import InputError, VerificationError
from ledger.mirror.auditing.stream import ToldEntry, Unproven
from ledger.types import Hash32, Party, encode_parties, to_hex

SUBJECTS: Final[Mapping[type[Subject], str]] = {
    Asset: "asset",
    Batch: "batch",
    Organisation: "organisation",
    Schema: "schema",
    World: "world",
    Founding: "founding",
}
"""The table of each class of subject."""

PERIODS: Final[Mapping[type[Relation], str]] = {
    Holding: "holder",
    Offer: "offer",
    AccountOf: "account",
    PartOf: "mount",
    Claim: "claim",
    Listing: "listing",
}
"""The table of each type of relation; all are opened by entries of the first column's subject."""

_LARGEST: Final = 2**63 - 1
_NAMES: Final = {kind: [field.name for field in fields(kind)] for kind in (*SUBJECTS, *PERIODS)}


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """A row that the mirror should have; `sequence` is that of the last entry that made it so."""

    table: str
    values: Mapping[str, Any]
    sequence: int


@dataclass(slots=True)
class _Period:
    """A relation from the entry that opened it."""

    relation: Relation
    position: int
    from_block: int
    sequence: int
    to_block: int | None = None


def fold_rows(
    entries: Iterable[ToldEntry], closed_worlds: Mapping[Hash32, int]
) -> Iterator[ExpectedRow]:
    """The rows of all subjects, of which the entries come subject by subject in the ids' order.

    Each table's rows come in the order of its primary key. `closed_worlds` are the blocks in which
    worlds closed: of all entries, only those end what other subjects' entries began.

    Raises:
        Unproven: an entry is not its subject's next, or does not fit it.
    """
    batch: _Folding | None = None
    for subject, run in groupby(entries, key=lambda told: told.entry.subject):
        # A batch's id is the lowest of its assets' ids, which therefore follow it.
        of = batch if batch is not None and batch.id == batch_id_of(subject) else None
        folding = _Folding(subject, of)
        for told in run:
            folding.fold(told)
        if isinstance(folding.subject, Batch):
            batch = folding
        yield from folding.rows(closed_worlds)


class _Folding:
    """One subject, and what its entries opened."""

    def __init__(self, subject: Hash32, batch: _Folding | None) -> None:
        self.id = subject
        self.subject: Subject | None = None
        self._batch = batch
        self._periods: list[_Period] = []
        self._open: defaultdict[type[Relation], list[_Period]] = defaultdict(list)
        self.first: ToldEntry
        self._last: ToldEntry

    def fold(self, told: ToldEntry) -> None:
        entry = told.entry
        batch = self._batch.subject if self._batch else None
        try:
            subject = fold_subject(self.subject, entry, batch if isinstance(batch, Batch) else None)
        except (VerificationError, InputError) as error:
            raise Unproven(str(error), block=told.block_number) from error
        if subject.head != told.head:
            raise Unproven(
                f"entry {told.sequence} leaves {to_hex(self.id)} at another head than its own",
                expected=to_hex(told.head),
                found=to_hex(subject.head),
            )
        if self.subject is None:
            self._begin(told)
        self.subject, self._last = subject, told
        self._change(told, entry)

    def _begin(self, told: ToldEntry) -> None:
        """From its batch on, an asset of it had an owner, of whom its own entries do not tell."""
        self.first = told
        if self._batch and told.entry.position == 1 and isinstance(self._batch.subject, Batch):
            holding = Holding(self.id, Party.OWNER, self._batch.subject.owner)
            self._add(_Period(holding, 0, self._batch.first.block_number, told.sequence))

    def _change(self, told: ToldEntry, entry: Appended) -> None:
        for change in changes(entry):
            if isinstance(change, Opened):
                block = told.block_number
                self._add(_Period(change.relation, entry.position, block, told.sequence))
                continue
            held = self._open[change.relation]
            for period in [one for one in held if change.ends(one.relation)]:
                period.to_block, period.sequence = told.block_number, told.sequence
                held.remove(period)

    def _add(self, period: _Period) -> None:
        self._periods.append(period)
        self._open[type(period.relation)].append(period)

    def rows(self, closed_worlds: Mapping[Hash32, int]) -> Iterator[ExpectedRow]:
        if self.subject is not None:
            yield ExpectedRow(
                SUBJECTS[type(self.subject)], self._values(self.subject), self._last.sequence
            )
        for period in self._periods:
            yield ExpectedRow(
                PERIODS[type(period.relation)],
                _period_values(period, closed_worlds),
                period.sequence,
            )

    def _values(self, subject: Subject) -> dict[str, Any]:
        """Each field in the column of its name, as the database keeps it."""
        values: dict[str, Any] = {name: getattr(subject, name) for name in _NAMES[type(subject)]}
        if isinstance(subject, Organisation):
            values["address"] = subject.address
        if isinstance(subject, Asset):
            values["offered"] = encode_parties(subject.offered)
        return values | {
            "first_sequence": self.first.sequence,
            "last_sequence": self._last.sequence,
        }


def _period_values(period: _Period, closed_worlds: Mapping[Hash32, int]) -> dict[str, Any]:
    relation = period.relation
    values: dict[str, Any] = {
        "position": period.position,
        "from_block": period.from_block,
        "to_block": period.to_block,
    }
    if isinstance(relation, Listing) and relation.world in closed_worlds:
        closed = closed_worlds[relation.world]
        values["to_block"] = closed if period.to_block is None else min(closed, period.to_block)
    for name in _NAMES[type(relation)]:
        values[name] = _kept(getattr(relation, name))
    return values


def _kept(value: Any) -> Any:
    """A field as its column takes it; what is farther than 63 bits is just as far."""
    match value:
        case Party():
            return value.label
        case int():
            return min(value, _LARGEST)
        case _:
            return value
