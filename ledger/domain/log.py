"""The one event of the ledger, `Appended`, read from a log by its fixed layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.domain.kinds import Kind
from ledger.errors import MirrorError
from ledger.hashing import keccak
from ledger.types import Address, Hash32

APPENDED_TOPIC: Final = keccak(b"Appended(bytes32,bytes32,uint16,uint64,address,bytes)")
"""First topic of every log that carries an entry."""

_OFFSET: Final = (96).to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as its log tells it; the block's time is not in the log."""

    subject: Hash32
    org: Hash32
    kind: Kind
    position: int
    actor: Address
    payload: bytes


class BadLog(MirrorError):
    """A log that claims to be an entry does not have the event's layout."""

    code = "bad_log"


def decode_appended(topics: Sequence[bytes], body: bytes) -> LoggedEntry:
    """Read an entry from an `Appended` log's topics and data.

    Layout of the data, in 32-byte words: position, actor, offset (always 96), length, then the
    payload padded with zeros (Solidity ABI, `bytes`).

    Raises:
        BadLog: anything deviates from that layout, or the kind is unknown.
    """
    # Topics come from a node: nothing has checked their lengths yet.
    if len(topics) != 4 or topics[0] != APPENDED_TOPIC or set(map(len, topics)) != {32}:
        raise BadLog("not an Appended log", topics=len(topics))
    length = int.from_bytes(body[96:128], "big")
    padded = 128 + length + -length % 32
    if (
        len(body) != padded
        or body[64:96] != _OFFSET
        or any(body[:24])
        or any(body[32:44])
        or any(body[128 + length :])
    ):
        raise BadLog("an Appended log is not laid out as the event", data=body.hex())
    try:
        kind = Kind(int.from_bytes(topics[3], "big"))
    except ValueError:
        raise BadLog("an entry of an unknown kind", kind=topics[3].hex()) from None
    return LoggedEntry(
        subject=topics[1],
        org=topics[2],
        kind=kind,
        position=int.from_bytes(body[24:32], "big"),
        actor=body[44:64],
        payload=body[128 : 128 + length],
    )
