"""Keeps serials unique between batches, and between them and assets registered alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session

from api.births import Births, member_id
from ledger.documents.batch_files import BatchFile
from ledger.documents.batch_lines import LineFault
from ledger.documents.batch_portions import MOST_FAULTS
from ledger.outbox.batches import (
    count_serials,
    find_serials,
    list_standing,
    newest_sequence,
    serials_since,
    walk_serials,
)
from ledger.types import Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Seen:
    """What a batch's serials were compared with: all up to an operation, and these batches."""

    newest: int
    batches: frozenset[Hash32]


def find_taken(
    session: Session, births: Births, org: Hash32, batch: BatchFile
) -> tuple[list[LineFault], Seen]:
    """The first lines whose serials the organisation gave before, and what was looked at."""
    newest = newest_sequence(session)
    others = [sent.batch for sent in list_standing(session, org)]
    taken = list(_faults(_given_alone(session, org, batch), batch))
    taken += _shared(births, batch, others)
    return taken[:MOST_FAULTS], Seen(newest, frozenset(others))


def find_taken_since(
    session: Session, births: Births, org: Hash32, itself: Hash32, batch: BatchFile, seen: Seen
) -> list[LineFault]:
    """As `find_taken`, of what was accepted since; `itself` is the batch's own id."""
    others = [sent.batch for sent in list_standing(session, org)]
    taken = list(_faults(serials_since(session, org, seen.newest), batch))
    taken += _shared(births, batch, [one for one in others if one not in seen.batches | {itself}])
    return taken[:MOST_FAULTS]


def _given_alone(session: Session, org: Hash32, batch: BatchFile) -> Iterable[tuple[str, Hash32]]:
    """Serials given one by one that may be the batch's: from whichever side has fewer."""
    size = batch.about.size
    if count_serials(session, org, size) < size:
        return walk_serials(session, org)
    return find_serials(session, org, (batch.read(i).serial for i in range(1, size + 1)))


def _faults(given: Iterable[tuple[str, Hash32]], batch: BatchFile) -> Iterator[LineFault]:
    found = ((batch.find_serial(serial), serial, asset) for serial, asset in given)
    taken = (_fault(index, serial, asset) for index, serial, asset in found if index is not None)
    return islice(taken, MOST_FAULTS)


def _shared(births: Births, batch: BatchFile, others: Iterable[Hash32]) -> Iterator[LineFault]:
    for other in others:
        kept = births.batches.find(other)
        shared = batch.find_shared(kept) if kept else iter(())
        for index, there in islice(shared, MOST_FAULTS):
            yield _fault(index, batch.read(index).serial, member_id(other, there))


def _fault(index: int, serial: str, asset: Hash32) -> LineFault:
    return LineFault(index, "/serial", serial, f"names asset {to_hex(asset)} already")
