"""Finds the signature that a signer, which is believed nothing, means by its r and s."""

from __future__ import annotations

from ledger.chain.signers.errors import WrongAnswer
from ledger.signatures import HALF, ORDER, Signature
from ledger.types import Address, Hash32, to_hex


def find_signature(digest: Hash32, r: int, s: int, signer: Address) -> Signature:
    """The signature that r and s make with low s and the parity that recovers to the signer.

    What a signer says of the parity is not needed, and so not believed.

    Raises:
        WrongAnswer: it is no signature of the digest by the signer's key.
    """
    low = ORDER - s if HALF < s < ORDER else s
    found = [Signature(r, low, parity) for parity in (0, 1)]
    recovered = [one.recover(digest) for one in found]
    for one, whose in zip(found, recovered, strict=True):
        if whose == signer:
            return one
    others = " or ".join(to_hex(one) for one in recovered if one is not None)
    raise WrongAnswer(signer, "a signature of", asked=signer, told=others or "nobody")
