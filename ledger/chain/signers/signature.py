"""Signatures of secp256k1: whose they are, and the one form of the two that chains accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PublicKey

from ledger.chain.signers.errors import WrongAnswer
from ledger.hashing import keccak
from ledger.types import Address, Hash32, to_hex

ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""The order of the curve (SEC 2, 2.4.1): r and s are below it."""

HALF: Final = ORDER // 2
"""The greatest s that is accepted (EIP-2): of s and ORDER - s, which both verify, the lower."""


@dataclass(frozen=True, slots=True)
class Signature:
    """An ECDSA signature, and the parity (0 or 1) that tells which key it recovers to."""

    r: int
    s: int
    parity: int

    def encode(self) -> bytes:
        """65 bytes r, s, v, v being 27 or 28 (as contracts take them)."""
        return self._compact() + bytes([27 + self.parity])

    def recover(self, digest: Hash32) -> Address | None:
        """The address whose key signed a digest; None if no key did."""
        if not (0 < self.r < ORDER and 0 < self.s < ORDER and self.parity in (0, 1)):
            return None
        try:
            key = PublicKey.from_signature_and_message(
                self._compact() + bytes([self.parity]), digest, hasher=None
            )
        except Exception:  # noqa: BLE001 - whatever the library finds in it, nobody signed this
            return None
        return address_of_key(key.format(compressed=False))

    def _compact(self) -> bytes:
        return self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big")


def address_of_key(point: bytes) -> Address:
    """The address of a public key, given as its uncompressed point (65 bytes, 4 first)."""
    return keccak(point[1:])[12:]


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
