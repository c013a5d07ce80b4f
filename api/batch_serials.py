"""Keeps serials unique between batches, and between them and assets registered alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session

from api.births import Births, Line
from ledger.documents.batch_files import BatchFile
from ledger.documents.batch_lines import LineFault
from ledger.documents.batch_portions import MOST_FAULTS
from ledger.domain.batch import member_id
from ledger.domain.payloads import BatchRegistered, Registered
from ledger.outbox.batches import (
    count_serials,
    find_serials,
    get_payload,
    list_standing,
    lock_serials,
    newest_sequence,
    serials_since,
    walk_serials,
)
from ledger.outbox.conflicts import SerialTaken
from ledger.outbox.known import AcceptedAsset
from ledger.outbox.registering import Registering
from ledger.types import AssetKind, Hash32, to_hex


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


def find_born(
    session: Session, births: Births, wanted: Sequence[Registering]
) -> dict[int, AcceptedAsset | Exception]:
    """The outcomes of those registrations whose serials batches gave, by their places in `wanted`.

    Asked for as it was born, an asset is found; asked for otherwise, its serial is taken. No
    batch takes a serial from now until the transaction ends.
    """
    orgs = sorted({one.asked.org for one in wanted})
    for org in orgs:
        lock_serials(session, org, whole=False)
    sent = {org: list_standing(session, org) for org in orgs}
    found: dict[int, AcceptedAsset | Exception] = {}
    for place, one in enumerate(wanted):
        for line in births.find_lines(sent[one.asked.org], one.serial):
            found[place] = _born(session, one, line)
    return found


def _born(session: Session, one: Registering, line: Line) -> AcceptedAsset | Exception:
    kept = line.batch.load(line.index)
    asked = Registered.decode(one.payload)
    born = BatchRegistered.decode(get_payload(session, line.sent))
    told = (asked.owner, asked.schema, asked.asset_kind)
    same = told == (born.owner, born.schema, AssetKind.INSTANCE)
    if not same or kept.digest != one.document.digest:
        return SerialTaken(one.serial, line.asset)
    return AcceptedAsset(line.sent.operation, line.asset, kept.content_hash, existing=True)


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
