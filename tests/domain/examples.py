"""Payloads and entries for tests: any of any kind, and histories told briefly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from eth_abi.abi import encode
from hypothesis import strategies as st

from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.domain.payloads import PAYLOADS, Payload
from ledger.types import AssetKind, Party, Stage

hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)

BY_TYPE: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "Hash32": hashes,
    "Address": addresses,
    "int": st.integers(0, 2**64 - 1),
    "Size": st.integers(1, 2**24 - 1),
    "AssetKind": st.sampled_from(AssetKind),
    "Party": st.sampled_from(Party),
    "Stage": st.sampled_from(Stage),
    "str": st.text(st.characters(codec="utf-8"), max_size=80),
    "tuple[Hash32, ...]": st.lists(hashes, min_size=1, max_size=4).map(tuple),
}
"""By the type that a payload's field is declared with."""

SOLIDITY: Final[Mapping[str, str]] = {
    "Hash32": "bytes32",
    "Address": "address",
    "int": "uint64",
    "Size": "uint32",
    "AssetKind": "uint8",
    "Party": "uint8",
    "Stage": "uint8",
    "str": "string",
    "tuple[Hash32, ...]": "bytes32[]",
}
"""What the contract's structs declare such a field with."""

ACTOR: Final = b"\xaa" * 20
OPENED: Final = 1_800_000_000


def payloads_of(*kinds: Kind) -> st.SearchStrategy[Payload]:
    """Any payload of these kinds, of all if none is named."""
    return st.one_of(
        *[
            st.builds(PAYLOADS[kind], *[BY_TYPE[str(one.type)] for one in fields(PAYLOADS[kind])])
            for kind in kinds or Kind
        ]
    )


def struct_of(payload: Payload | type[Payload]) -> str:
    """The type of a payload's struct, as signatures write it."""
    return f"({','.join([SOLIDITY[str(field.type)] for field in fields(payload)])})"


def solidity(payload: Payload) -> bytes:
    """A payload as `abi.encode` of its struct writes it."""
    values = [getattr(payload, field.name) for field in fields(payload)]
    return encode([struct_of(payload)], [tuple(values)])


def told(
    subject: bytes, position: int, payload: Payload, org: bytes = bytes(32), time: int = OPENED
) -> Appended:
    """An entry as the chain would hold it."""
    return Appended(subject, org, payload.KIND, position, payload.encode(), ACTOR, time)


def history(subject: bytes, payloads: Sequence[Payload], org: bytes = bytes(32)) -> list[Appended]:
    """The entries of one subject, ten seconds apart."""
    return [told(subject, at, one, org, OPENED + 10 * at) for at, one in enumerate(payloads)]
