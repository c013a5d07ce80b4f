"""Whom a checkpoint was signed by, and whether that is enough for somebody who trusts some."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ledger.errors import MalformedValue, VerificationError
from ledger.proofs.checkpoint import Checkpoint
from ledger.signatures import decode_signature
from ledger.types import Address, Hash32, to_hex


class BadSignature(VerificationError):
    """A signature is malformed, has a high s, or is one that no key can have made."""

    code = "bad_signature"

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"signatures[{index}]: {reason}", index=index, reason=reason)


class TooFewWitnesses(VerificationError):
    """Fewer trusted witnesses signed than are asked for; one that signed twice is one."""

    code = "too_few_witnesses"

    def __init__(
        self, threshold: int, counted: Collection[Address], unknown: Collection[Address]
    ) -> None:
        known = ", ".join(map(to_hex, counted)) or "none"
        others = f"; {len(unknown)} that you do not trust signed" if unknown else ""
        super().__init__(
            f"{len(counted)} of the witnesses that you trust signed ({known}), {threshold} are"
            f" needed{others}",
            expected=threshold,
            found=len(counted),
            counted=[to_hex(one) for one in counted],
            unknown=[to_hex(one) for one in unknown],
        )


class UnknownWitness(TooFewWitnesses):
    """It was signed, but by nobody who is trusted."""

    code = "unknown_witness"


def verify_threshold(trusted: Collection[Address], threshold: int) -> None:
    """Check that so many of these witnesses can sign at all. Raises MalformedValue."""
    most = len(set(trusted))
    if not 1 <= threshold <= most:
        raise MalformedValue(
            field="threshold", value=threshold, wanted=f"from 1 to the {most} witnesses named"
        )


def recover_witness(digest: Hash32, signature: bytes, index: int = 0) -> Address:
    """Who signed a checkpoint's digest; signatures are read as contracts do.

    Raises:
        BadSignature: it is malformed, or nobody's.
    """
    try:
        found = decode_signature(signature).recover(digest)
    except MalformedValue as error:
        raise BadSignature(index, error.message) from None
    if found is None:
        raise BadSignature(index, "no key can have made it")
    return found


def recover_witnesses(checkpoint: Checkpoint, signatures: Sequence[bytes]) -> list[Address]:
    """Who signed a checkpoint, in the order of the signatures. Raises BadSignature."""
    digest = checkpoint.digest()
    return [recover_witness(digest, one, index) for index, one in enumerate(signatures)]


def verify_witnesses(
    checkpoint: Checkpoint,
    signatures: Sequence[bytes],
    trusted: Collection[Address],
    threshold: int,
) -> tuple[Address, ...]:
    """Check that enough trusted witnesses signed a checkpoint; returns those who did.

    Signatures of others are well formed, too, but do not count.

    Raises:
        MalformedValue: no such number of these witnesses can ever sign.
        BadSignature: a signature is none.
        UnknownWitness: only others signed.
        TooFewWitnesses: too few of them signed.
    """
    verify_threshold(trusted, threshold)
    signed = list(dict.fromkeys(recover_witnesses(checkpoint, signatures)))
    return count_witnesses(signed, trusted, threshold)


def count_witnesses(
    signed: Sequence[Address], trusted: Collection[Address], threshold: int
) -> tuple[Address, ...]:
    """The trusted ones of those who signed. Raises UnknownWitness, TooFewWitnesses."""
    counted = tuple([one for one in dict.fromkeys(signed) if one in trusted])
    unknown = [one for one in dict.fromkeys(signed) if one not in trusted]
    if len(counted) >= threshold:
        return counted
    error = UnknownWitness if unknown and not counted else TooFewWitnesses
    raise error(threshold, counted, unknown)
