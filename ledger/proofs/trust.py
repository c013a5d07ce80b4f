"""Why an auditor believes a block who does not know its hash: witnesses vouch for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ledger.errors import VerificationError
from ledger.hashing import keccak
from ledger.proofs.anchor import Anchored, Contradiction, WrongAnchor, verify_anchor
from ledger.proofs.archive import decode_archive, is_archive
from ledger.proofs.bundle import Bundle
from ledger.proofs.checkpoint import WrongDomain, verify_domain
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.header import read_header
from ledger.proofs.signed import (
    NotDescended,
    SignedCheckpoint,
    verify_descent,
    verify_ledger_head,
)
from ledger.proofs.steps import WrongForm, WrongHeader, WrongLedgerHead, failing_as
from ledger.proofs.verified import Verified
from ledger.proofs.witness import BadSignature, TooFewWitnesses, UnknownWitness, verify_witnesses
from ledger.types import Address, Hash32, to_hex


class NoCheckpoint(VerificationError):
    """There is no checkpoint that anybody could have signed."""

    code = "no_checkpoint"


CAUSES: Final = frozenset(
    one.code
    for one in (
        NoCheckpoint,
        WrongDomain,
        BadSignature,
        UnknownWitness,
        TooFewWitnesses,
        WrongAnchor,
        Contradiction,
        NotDescended,
    )
)
"""Why no checkpoint vouches for a block, as codes."""


class NotWitnessed(WrongHeader):
    """No checkpoint that is trusted vouches for the bundle's block; `cause` is why, as a code."""

    code = "not_witnessed"

    def __init__(self, error: VerificationError) -> None:
        expected, found = error.fields.get("expected"), error.fields.get("found")
        super().__init__(error.message, expected=expected, found=found)
        self.fields["cause"] = error.code
        self.cause = error.code


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Whom an auditor trusts to say what a block was, and how many of them must."""

    trusted: Collection[Address]
    threshold: int


@dataclass(frozen=True, slots=True)
class OtherChain:
    """A log on another chain, as of a block of it, that an auditor trusts to hold their words."""

    log: Address
    block_hash: Hash32


@dataclass(frozen=True, slots=True)
class Vouched:
    """A block that witnesses vouch for, by a checkpoint of it or of one that follows it."""

    block_hash: Hash32
    signed: SignedCheckpoint
    witnesses: tuple[Address, ...]
    anchored: Anchored | None

    def sentence(self) -> str:
        """How the block's hash is known, for people."""
        names = ", ".join(map(to_hex, self.witnesses))
        told = (
            f"it was taken from a checkpoint of block {self.signed.checkpoint.block_number}, which"
        )
        if self.anchored is None:
            return f"{told} {names} signed"
        return (
            f"{told} stands in the log of another chain in the name of {names}, as of its block"
            f" {self.anchored.block_number}"
        )


def read_bundle(raw: bytes) -> Bundle:
    """Read a bundle, or the one in an archive, to see which block it is of. Raises WrongForm."""
    with failing_as(WrongForm):
        return decode_bundle(decode_archive(raw).bundle if is_archive(raw) else raw)


def vouch(
    bundle: Bundle,
    signed: SignedCheckpoint,
    witnesses: Witnesses,
    *,
    contract: Address,
    other_chain: OtherChain | None = None,
) -> Vouched:
    """Check that trusted witnesses vouch for a bundle's block; what it proves is verified then.

    Their words are the signatures, or what the log on another chain holds if one is given.

    Raises:
        MalformedValue: no such number of these witnesses can ever sign.
        NotWitnessed: the checkpoint is of another ledger, of no block that follows the bundle's,
            or not signed by enough of them; its `cause` says which.
    """
    try:
        verify_domain(signed.checkpoint, bundle.chain_id, contract)
        anchored = None
        if other_chain is None:
            by = verify_witnesses(
                signed.checkpoint, signed.signatures, witnesses.trusted, witnesses.threshold
            )
        else:
            anchored = _verify_anchored(signed, witnesses, other_chain)
            by = anchored.witnesses
        block_hash = keccak(bundle.header)
        with _blaming(NotDescended):
            verify_descent(signed, block_hash, read_header(bundle.header).number)
    except VerificationError as error:
        raise NotWitnessed(error) from error
    return Vouched(block_hash, signed, by, anchored)


def vouch_any(
    bundle: Bundle,
    checkpoints: Sequence[SignedCheckpoint],
    witnesses: Witnesses,
    *,
    contract: Address,
    other_chain: OtherChain | None = None,
) -> Vouched:
    """As `vouch`, by the newest of some checkpoints that trusted witnesses vouch for.

    Raises:
        NotWitnessed: there is none; the reason is that of the newest one.
    """
    failure = NotWitnessed(NoCheckpoint("no checkpoint comes with the bundle"))
    newest_first = sorted(checkpoints, key=lambda one: -one.checkpoint.block_number)
    for number, signed in enumerate(newest_first):
        try:
            return vouch(bundle, signed, witnesses, contract=contract, other_chain=other_chain)
        except NotWitnessed as error:
            failure = error if number == 0 else failure
    raise failure


def _verify_anchored(
    signed: SignedCheckpoint, witnesses: Witnesses, other_chain: OtherChain
) -> Anchored:
    if signed.anchor is None:
        raise WrongAnchor("no proof of the other chain's state comes with the checkpoint")
    with _blaming(WrongAnchor):
        return verify_anchor(
            signed.anchor,
            signed.checkpoint,
            log=other_chain.log,
            block_hash=other_chain.block_hash,
            trusted=witnesses.trusted,
            threshold=witnesses.threshold,
        )


@contextmanager
def _blaming(error: type[VerificationError]) -> Iterator[None]:
    """Turn what is no cause of its own, as of a trie's node, into this one."""
    try:
        yield
    except VerificationError as refusal:
        if refusal.code in CAUSES:
            raise
        raise error(refusal.message, **refusal.fields) from None


def verify_vouched(vouched: Vouched, verified: Verified) -> None:
    """Check that the ledger head that witnesses signed is the one that a bundle proves.

    Of a checkpoint of a later block nothing can be said.

    Raises:
        WrongLedgerHead: they are two.
    """
    with failing_as(WrongLedgerHead):
        verify_ledger_head(vouched.signed, verified.ledger_head)
