"""Entries: the kinds there are, each with its payload, and what one entry says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final, Self, TypeAlias

from ledger.errors import MalformedValue
from ledger.types import Address, AssetKind, Hash32


class Kind(IntEnum):
    """What an entry does to its subject; the numbers are the contract's (`Kinds.sol`)."""

    ENROLLED = 1
    SUSPENDED = 2
    REINSTATED = 3
    ACCOUNT_ADDED = 4
    ACCOUNT_REMOVED = 5
    REGISTERED = 32
    REVISED = 33
    OBSERVED = 34
    CORRECTED = 35
    TRANSFERRED = 36
    FROZEN = 48
    UNFROZEN = 49

    @property
    def label(self) -> str:
        """The word JSON uses."""
        return self.name.lower()


GOVERNANCE: Final = frozenset(
    {Kind.ENROLLED, Kind.SUSPENDED, Kind.REINSTATED, Kind.FROZEN, Kind.UNFROZEN}
)
"""Kinds that only governance writes, by functions of their own."""

BIRTHS: Final = frozenset({Kind.ENROLLED, Kind.REGISTERED})
"""Kinds that begin a subject: position 0, and only there."""


class BadPayload(MalformedValue):
    """A payload is not the canonical ABI encoding of its kind's struct."""

    code = "bad_payload"

    def __init__(self, kind: Kind, payload: bytes) -> None:
        super().__init__(
            field="payload", value=payload.hex(), wanted=f"the payload of an entry {kind.label}"
        )


def _require(condition: bool, kind: Kind, payload: bytes) -> None:
    if not condition:
        raise BadPayload(kind, payload)


def _number(word: bytes, bits: int, kind: Kind, payload: bytes) -> int:
    value = int.from_bytes(word, "big")
    _require(value >> bits == 0, kind, payload)
    return value


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An organisation joins, known by its decentralised identifier (W3C DID Core, 3.1)."""

    KIND: ClassVar[Kind] = Kind.ENROLLED
    did: str

    def encode(self) -> bytes:
        text = self.did.encode()
        padded = text + bytes(-len(text) % 32)
        # abi.encode of a struct with one string: offset of the struct, of the string, length.
        return b"".join(n.to_bytes(32, "big") for n in (32, 32, len(text))) + padded

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) >= 96, cls.KIND, payload)
        length = int.from_bytes(payload[64:96], "big")
        _require(96 + length <= len(payload), cls.KIND, payload)
        try:
            enrolled = cls(payload[96 : 96 + length].decode())
        except UnicodeDecodeError:
            raise BadPayload(cls.KIND, payload) from None
        _require(enrolled.encode() == payload, cls.KIND, payload)
        return enrolled


@dataclass(frozen=True, slots=True)
class _Reasoned:
    """Payload of an act of governance: the hash of the document that gives its reason."""

    KIND: ClassVar[Kind]
    reason: Hash32

    def encode(self) -> bytes:
        return self.reason

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) == 32, cls.KIND, payload)
        return cls(payload)


@dataclass(frozen=True, slots=True)
class Suspended(_Reasoned):
    """An organisation may not act until reinstated."""

    KIND: ClassVar[Kind] = Kind.SUSPENDED


@dataclass(frozen=True, slots=True)
class Reinstated(_Reasoned):
    """A suspended organisation may act again."""

    KIND: ClassVar[Kind] = Kind.REINSTATED


@dataclass(frozen=True, slots=True)
class Frozen(_Reasoned):
    """An asset is barred from everything but governance."""

    KIND: ClassVar[Kind] = Kind.FROZEN


@dataclass(frozen=True, slots=True)
class Unfrozen(_Reasoned):
    """A frozen asset may move again."""

    KIND: ClassVar[Kind] = Kind.UNFROZEN


@dataclass(frozen=True, slots=True)
class _Accounted:
    """Payload that names one account."""

    KIND: ClassVar[Kind]
    account: Address

    def encode(self) -> bytes:
        return self.account.rjust(32, b"\0")

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) == 32 and not any(payload[:12]), cls.KIND, payload)
        return cls(payload[12:])


@dataclass(frozen=True, slots=True)
class AccountAdded(_Accounted):
    """An account may act for the organisation."""

    KIND: ClassVar[Kind] = Kind.ACCOUNT_ADDED


@dataclass(frozen=True, slots=True)
class AccountRemoved(_Accounted):
    """An account may no longer act for the organisation."""

    KIND: ClassVar[Kind] = Kind.ACCOUNT_REMOVED


@dataclass(frozen=True, slots=True)
class Registered:
    """An asset is born: who owns it, what describes it, what kind of asset it is."""

    KIND: ClassVar[Kind] = Kind.REGISTERED
    owner: Hash32
    schema: Hash32
    content_hash: Hash32
    asset_kind: AssetKind

    def encode(self) -> bytes:
        return self.owner + self.schema + self.content_hash + self.asset_kind.to_bytes(32, "big")

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) == 128, cls.KIND, payload)
        number = _number(payload[96:], 8, cls.KIND, payload)
        _require(number <= max(AssetKind), cls.KIND, payload)
        return cls(payload[:32], payload[32:64], payload[64:96], AssetKind(number))


@dataclass(frozen=True, slots=True)
class _Described:
    """Payload that points at one document."""

    KIND: ClassVar[Kind]
    content_hash: Hash32

    def encode(self) -> bytes:
        return self.content_hash

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) == 32, cls.KIND, payload)
        return cls(payload)


@dataclass(frozen=True, slots=True)
class Revised(_Described):
    """Another document describes the asset from now on."""

    KIND: ClassVar[Kind] = Kind.REVISED


@dataclass(frozen=True, slots=True)
class Observed(_Described):
    """Something happened to the asset; a document tells what (EPCIS 2.0 events, for one)."""

    KIND: ClassVar[Kind] = Kind.OBSERVED


@dataclass(frozen=True, slots=True)
class Corrected:
    """An earlier entry was mistaken; it stays, and this document says what is right."""

    KIND: ClassVar[Kind] = Kind.CORRECTED
    corrects: int
    content_hash: Hash32

    def encode(self) -> bytes:
        return self.corrects.to_bytes(32, "big") + self.content_hash

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) == 64, cls.KIND, payload)
        return cls(_number(payload[:32], 64, cls.KIND, payload), payload[32:])


@dataclass(frozen=True, slots=True)
class Transferred:
    """Title passes to another organisation."""

    KIND: ClassVar[Kind] = Kind.TRANSFERRED
    to: Hash32

    def encode(self) -> bytes:
        return self.to

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        _require(len(payload) == 32, cls.KIND, payload)
        return cls(payload)


Payload: TypeAlias = (
    Enrolled
    | Suspended
    | Reinstated
    | AccountAdded
    | AccountRemoved
    | Registered
    | Revised
    | Observed
    | Corrected
    | Transferred
    | Frozen
    | Unfrozen
)

PAYLOADS: Final[dict[Kind, type[Payload]]] = {
    payload.KIND: payload
    for payload in (
        Enrolled,
        Suspended,
        Reinstated,
        AccountAdded,
        AccountRemoved,
        Registered,
        Revised,
        Observed,
        Corrected,
        Transferred,
        Frozen,
        Unfrozen,
    )
}


def decode_payload(kind: int, payload: bytes) -> Payload:
    """Read a payload as its kind's class.

    Raises:
        MalformedValue: the kind is unknown.
        BadPayload: the bytes are not that struct's canonical encoding.
    """
    try:
        known = Kind(kind)
    except ValueError:
        raise MalformedValue(field="kind", value=kind, wanted="a kind of entry") from None
    return PAYLOADS[known].decode(payload)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is asked of the ledger: `org` does `kind` to `subject`, as its `position`-th entry.

    Governance acts without an organisation: `org` is then zero.
    """

    subject: Hash32
    org: Hash32
    kind: Kind
    position: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry as the chain holds it: with the account that sent it and the block's time.

    `timestamp` is in seconds since 1970 (EIP-1559 header field `timestamp`).
    """

    subject: Hash32
    org: Hash32
    kind: Kind
    position: int
    payload: bytes
    actor: Address
    timestamp: int
