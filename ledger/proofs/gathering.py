"""Gathering the subjects that a bundle is to prove: the one asked for, and those related to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from typing import Final, TypeAlias

from ledger.domain.batch import batch_id_of, index_of
from ledger.errors import MalformedValue, UnknownThing
from ledger.hashing import organisation_address
from ledger.proofs.assembly import DEEPEST, parts_of
from ledger.proofs.bundle import Birth, BundleSubject, ClaimedHoldings
from ledger.proofs.disclosing import Disclosure
from ledger.proofs.layout import SubjectClass, word_slot
from ledger.proofs.reading import Reading
from ledger.proofs.related import organisations_of, schemas_of
from ledger.proofs.signed import SignedCheckpoint
from ledger.proofs.storage import member_word
from ledger.types import Address, Hash32, to_hex

MOST_HELD = 100_000
"""Assets that one bundle lists as an organisation's, at the most; all are counted."""

_LOOKED_AT: Final = 10_000

FindBirth: TypeAlias = Callable[[Hash32], Birth | None]
"""The birth record of an asset of a batch, by its id, where it is known."""


def _knows_no_birth(_: Hash32) -> Birth | None:
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a bundle is to prove besides its subject's history."""

    organisations: bool = False
    schemas: bool = False
    parts: bool = False
    ledger: bool = False
    tree: bool = False
    holdings: bool = False
    most_held: int = MOST_HELD
    find_birth: FindBirth = _knows_no_birth
    disclosure: Disclosure | None = None
    checkpoints: tuple[SignedCheckpoint, ...] = ()


def gather_subjects(reading: Reading, subject: Hash32, wanted: Wanted) -> list[BundleSubject]:
    """The subject and what is related to it, a batch before its assets.

    Raises:
        UnknownThing: the contract knows no such subject at that block.
        MalformedValue: what is wanted of it is nothing that a subject of its class has.
    """
    _verify_wanted(reading, subject, wanted)
    gathered: dict[Hash32, BundleSubject] = {}
    level = _add(reading, [subject], gathered, wanted.find_birth)
    for _ in range(DEEPEST if wanted.tree else int(wanted.parts)):
        parts = [part for each in level for part in parts_of(each.entries)]
        level = _add(reading, parts, gathered, wanted.find_birth)
    told = list(gathered.values())
    named: list[Hash32] = []
    for each in told:
        named += organisations_of(each.entries) if wanted.organisations else []
        named += schemas_of(each.entries) if wanted.schemas else []
    named += reading.fetch_founding() if wanted.ledger else []
    _add(reading, named, gathered, wanted.find_birth)
    return list(gathered.values())


def _verify_wanted(reading: Reading, subject: Hash32, wanted: Wanted) -> None:
    word = reading.find_word(subject)
    if word is None and reading.find_batch(subject) is None:
        raise UnknownThing(
            "subject", field="subject", value=f"{to_hex(subject)} at block {reading.block.number}"
        )
    found = SubjectClass.ASSET if word is None else word.subject_class
    for is_wanted, needed in (
        (wanted.tree or wanted.parts, SubjectClass.ASSET),
        (wanted.holdings, SubjectClass.ORGANISATION),
    ):
        if is_wanted and found is not needed:
            raise MalformedValue(
                field="subject",
                value=f"{to_hex(subject)}, of class {found.label}",
                wanted=f"of class {needed.label}, as what is asked of it needs",
            )


def _add(
    reading: Reading,
    ids: Sequence[Hash32],
    gathered: dict[Hash32, BundleSubject],
    find_birth: FindBirth,
) -> list[BundleSubject]:
    """Fetch subjects that are not there yet; returns them, without the batches they are of."""
    new = [one for one in dict.fromkeys(ids) if one not in gathered]
    reading.fetch(word_slot(one) for one in new)
    reading.fetch(word_slot(batch_id_of(one)) for one in new if index_of(one))
    batches = {one: batch for one in new if (batch := reading.find_batch(one))}
    wanted = [one for one in dict.fromkeys([*batches.values(), *new]) if one not in gathered]
    entries = reading.fetch_entries(wanted) if wanted else {}
    for one in new:
        batch = batches.get(one)
        if batch is not None and batch not in gathered:
            gathered[batch] = BundleSubject(batch, entries[batch])
        if one not in gathered:
            birth = find_birth(one) if batch is not None else None
            gathered[one] = BundleSubject(one, entries[one], birth)
    return [gathered[one] for one in new]


def gather_holdings(reading: Reading, organisation: Hash32, most: int) -> ClaimedHoldings:
    """Up to so many of the assets whose words name the organisation as their owner.

    Raises:
        MalformedValue: a bundle cannot list so many.
    """
    if not 0 <= most <= MOST_HELD:
        raise MalformedValue(field="most_held", value=most, wanted=f"from 0 to {MOST_HELD}")
    held: list[Hash32] = []
    address = organisation_address(organisation)
    received = islice(_received(reading, organisation), 2 * most) if most else iter(())
    while len(held) < most and (some := list(islice(received, _LOOKED_AT))):
        reading.fetch(word_slot(asset) for asset in some)
        untouched = [asset for asset in some if reading.find_word(asset) is None]
        reading.fetch(word_slot(batch_id_of(asset)) for asset in untouched)
        held += [asset for asset in some if _owner_of(reading, asset) == address]
    return ClaimedHoldings(organisation, tuple(sorted(held[:most])))


def _received(reading: Reading, organisation: Hash32) -> Iterator[Hash32]:
    """Each asset that ever came to an organisation, ascending."""
    single, ranges = reading.fetch_received(organisation)
    numbers = [int.from_bytes(one, "big") for one in sorted(single)]
    for number, _ in groupby(merge(numbers, *ranges)):
        yield number.to_bytes(32, "big")


def _owner_of(reading: Reading, asset: Hash32) -> Address:
    word = reading.find_word(asset)
    if word is None:
        batch = reading.find_batch(asset)
        word = member_word(asset, reading.find_word(batch) if batch else None)
    return word.owner
