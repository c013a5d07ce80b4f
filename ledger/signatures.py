"""Signatures of secp256k1: whose they are, and the one form of the two that chains accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PublicKey

from ledger.errors import MalformedValue
from ledger.hashing import keccak
from ledger.types import Address, Hash32, to_hex

ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""The order of the curve (SEC 2, 2.4.1): r and s are below it."""

HALF: Final = ORDER // 2
"""The greatest s that is accepted (EIP-2): of s and ORDER - s, which both verify, the lower."""

LENGTH: Final = 65
"""Bytes of an encoded signature: r, s and v."""


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


def decode_signature(raw: bytes, field: str = "signature") -> Signature:
    """Read 65 bytes r, s, v as contracts do: s low (EIP-2), v 27 or 28, so that none has a twin.

    Raises:
        MalformedValue: it has another length or v, r or s is out of range, or s is high.
    """
    if len(raw) != LENGTH:
        raise MalformedValue(field=field, value=to_hex(raw), wanted=f"{LENGTH} bytes r, s, v")
    r, s, v = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), raw[64]
    if v not in (27, 28):
        raise MalformedValue(field=f"{field}.v", value=v, wanted="27 or 28")
    if not 0 < r < ORDER:
        raise MalformedValue(field=f"{field}.r", value=hex(r), wanted="within the curve's order")
    if not 0 < s <= HALF:
        raise MalformedValue(field=f"{field}.s", value=hex(s), wanted="low and not zero (EIP-2)")
    return Signature(r, s, v - 27)


def is_signed_by(raw: bytes, digest: Hash32, account: Address) -> bool:
    """Whether these are the 65 bytes by which an account's key signed a digest."""
    try:
        return decode_signature(raw).recover(digest) == account
    except MalformedValue:
        return False


def address_of_key(point: bytes) -> Address:
    """The address of a public key, given as its uncompressed point (65 bytes, 4 first)."""
    return keccak(point[1:])[12:]
