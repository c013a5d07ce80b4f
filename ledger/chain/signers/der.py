"""Keys and signatures as KMS write them (DER, X.690), read strictly: one value, one encoding."""

from __future__ import annotations

from typing import Final

from ledger.errors import InputError

_SEQUENCE, _INTEGER = 0x30, 0x02
_SHORT: Final = 0x80
_LONGEST: Final = 33
# SEQUENCE of (SEQUENCE of id-ecPublicKey, secp256k1) and a BIT STRING without unused bits.
_SPKI: Final = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")
_POINT: Final = 65


class BadDer(InputError):
    """Bytes are not the one encoding of what they are to be."""

    code = "bad_der"


def decode_signature(der: bytes) -> tuple[int, int]:
    """Read r and s (ECDSA-Sig-Value, RFC 3279, 2.2.3).

    Raises:
        BadDer: bytes are missing or left over, tags are others, a length is not written in its
            shortest form, or a number is negative, padded, or longer than any of 256 bits.
    """
    body, rest = _read(der, _SEQUENCE)
    if rest:
        raise BadDer(f"{len(rest)} bytes left over after the signature")
    r, after = _read(body, _INTEGER)
    s, rest = _read(after, _INTEGER)
    if rest:
        raise BadDer(f"{len(rest)} bytes left over after s")
    return _number(r), _number(s)


def decode_public_key(spki: bytes) -> bytes:
    """Read a key's uncompressed point, 65 bytes (SubjectPublicKeyInfo, RFC 5480, secp256k1).

    Raises:
        BadDer: it is no such key; one of another curve is none.
    """
    point = spki[len(_SPKI) :]
    if not spki.startswith(_SPKI) or len(point) != _POINT or point[0] != 4:
        raise BadDer("no SubjectPublicKeyInfo of an uncompressed key of secp256k1")
    return point


def _read(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The body of the element that `der` begins with, and what follows it."""
    if len(der) < 2 or der[0] != tag:
        raise BadDer(f"no element of tag {tag:#04x}")
    length = der[1]
    if length >= _SHORT:
        raise BadDer("a length that is longer than any of ours")
    if len(der) < 2 + length:
        raise BadDer("an element reaches beyond its end")
    return der[2 : 2 + length], der[2 + length :]


def _number(body: bytes) -> int:
    if not body or len(body) > _LONGEST:
        raise BadDer(f"a number of {len(body)} bytes")
    if body[0] & 0x80:
        raise BadDer("a negative number")
    if body[0] == 0 and len(body) > 1 and not body[1] & 0x80:
        raise BadDer("a number is padded")
    return int.from_bytes(body, "big")
