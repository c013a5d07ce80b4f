"""Whether a promise was kept: the entry stands in a history that is proven complete, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.hashing import domain_separator
from ledger.proofs.absence import Absence, verify_absence
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.header import ReadHeader
from ledger.proofs.receipt import Promise, Receipt
from ledger.proofs.verified import Verified
from ledger.types import Address, Hash32, to_hex


class OfAnotherLedger(VerificationError):
    """The receipt and the bundle are about different ledgers."""

    code = "of_another_ledger"


class NotAbout(VerificationError):
    """The bundle does not prove the subject that was promised something about."""

    code = "not_about"


class Broken(VerificationError):
    """The entry that was promised is not in the subject's history, which is complete."""

    code = "promise_broken"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the promised entry stands; `timestamp` is its block's, in seconds since 1970."""

    position: int
    timestamp: int


def verify_kept(receipt: Receipt, verified: Verified) -> Kept:
    """Check that what was promised stands in the history that a bundle proves.

    Raises:
        OfAnotherLedger: they are of different ledgers.
        NotAbout: the bundle proves other subjects.
        Broken: the promised entry is not there as of the bundle's block.
    """
    domain = domain_separator(verified.chain_id, verified.contract)
    if receipt.domain != domain:
        raise OfAnotherLedger(
            f"the receipt is of the ledger of domain {to_hex(receipt.domain)}",
            expected=to_hex(domain),
            found=to_hex(receipt.domain),
        )
    promise = receipt.promise
    for subject in verified.subjects:
        if subject.id == promise.subject:
            return _find(promise, subject.entries, verified)
    raise NotAbout(
        f"the bundle proves nothing about {to_hex(promise.subject)}",
        expected=to_hex(promise.subject),
        found=to_hex(verified.subject),
    )


def verify_never_came(
    receipt: Receipt, absence: Absence, *, contract: Address, block_hash: Hash32
) -> ReadHeader:
    """Check that a subject that was promised did not exist as of a block; returns its header.

    Raises:
        OfAnotherLedger: the receipt is of another ledger.
        NotAbsent: the subject is there, or the proof is of something else.
    """
    # No other chain's number gives the domain that was signed.
    domain = domain_separator(absence.chain_id, contract)
    if receipt.domain != domain:
        raise OfAnotherLedger(
            f"the receipt is of the ledger of domain {to_hex(receipt.domain)}",
            expected=to_hex(domain),
            found=to_hex(receipt.domain),
        )
    found = verify_absence(
        absence, block_hash=block_hash, contract=contract, subject=receipt.promise.subject
    )
    return found.header


def never_came(receipt: Receipt, header: ReadHeader, block_hash: Hash32) -> Broken:
    """What to say of a promise whose subject had not begun as of a block."""
    promise = receipt.promise
    return Broken(
        f"operation {promise.operation} was promised, and the ledger knows no"
        f" {to_hex(promise.subject)} as of block {header.number} ({to_hex(block_hash)})",
        operation=promise.operation,
        accepted_at=promise.accepted_at,
        block=header.number,
        timestamp=header.timestamp,
    )


def _find(promise: Promise, entries: Sequence[BundleEntry], verified: Verified) -> Kept:
    for entry in entries:
        same = (entry.org, entry.kind, entry.payload)
        if same != (promise.organisation, promise.kind, promise.payload):
            continue
        if not promise.position_fixed or entry.position == promise.position:
            return Kept(entry.position, entry.timestamp)
    many = len(entries)
    rest = "the only entry" if many == 1 else f"among the {many} entries"
    raise Broken(
        f"operation {promise.operation} was promised, and is not {rest} of"
        f" {to_hex(promise.subject)} as of block {verified.block.number}",
        operation=promise.operation,
        accepted_at=promise.accepted_at,
        block=verified.block.number,
        timestamp=verified.block.timestamp,
    )
