"""The sized words everything else is written in: hashes, addresses, and how they look as text."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TypeAlias

from ledger.errors import MalformedValue

Hash32: TypeAlias = bytes
"""32 bytes: a subject's id, a head, a content hash, a block hash."""

Address: TypeAlias = bytes
"""20 bytes: an account, a contract, or an organisation's address."""

ZERO_HASH: Hash32 = bytes(32)
ZERO_ADDRESS: Address = bytes(20)


class Labelled(IntEnum):
    """Numbers of the contract's that have words."""

    @property
    def label(self) -> str:
        """The word JSON uses."""
        return self.name.lower()


class AssetKind(Labelled):
    """What a registered asset stands for (IEC 63278-1, 5.3: asset kinds)."""

    TYPE = 0
    INSTANCE = 1
    BATCH = 2
    ROLE = 3


class Stage(Labelled):
    """Where in its life an asset is; the contract's `Stages` says which may follow which."""

    PLANNED = 0
    COMMISSIONED = 1
    IN_SERVICE = 2
    MAINTENANCE = 3
    DECOMMISSIONED = 4
    RETIRED = 5


class Party(Labelled):
    """What an organisation can be to an asset; the numbers are the contract's (`PartyRoles`)."""

    OWNER = 0
    CUSTODIAN = 1
    OPERATOR = 2
    LIEN_HOLDER = 3


def encode_parties(parties: Iterable[Party]) -> int:
    """Parties as bits, the owner lowest."""
    return sum([1 << party for party in parties])


def decode_parties(bits: int) -> frozenset[Party]:
    """The parties whose bits are set."""
    return frozenset([party for party in Party if bits >> party & 1])


def to_hex(value: bytes) -> str:
    """Write bytes as lower-case 0x-hex."""
    return "0x" + value.hex()


def parse_hex(text: object, *, size: int | None = None, field: str = "value") -> bytes:
    """Read 0x-hex of exactly `size` bytes (any whole number of bytes if None).

    Raises:
        MalformedValue: `text` is not such hex; the error names `field` and the value.
    """
    wanted = (
        "0x followed by hex digits" if size is None else f"0x followed by {2 * size} hex digits"
    )
    if not isinstance(text, str) or not text.startswith("0x"):
        raise MalformedValue(field=field, value=text, wanted=wanted)
    digits = text[2:]
    # bytes.fromhex skips white space; isalnum and isascii do not let it.
    if len(digits) % 2 or (digits and not (digits.isalnum() and digits.isascii())):
        raise MalformedValue(field=field, value=text, wanted=wanted)
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        raise MalformedValue(field=field, value=text, wanted=wanted) from None
    if size is not None and len(value) != size:
        raise MalformedValue(field=field, value=text, wanted=wanted)
    return value


def parse_hash(text: object, field: str = "value") -> Hash32:
    """Read a 32-byte hash. Raises MalformedValue naming `field`."""
    return parse_hex(text, size=32, field=field)


def parse_address(text: object, field: str = "value") -> Address:
    """Read a 20-byte address in any letter case. Raises MalformedValue naming `field`."""
    return parse_hex(text, size=20, field=field)
