"""The one event of the ledger, `Appended`, read from a log by the layout of its types."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.domain.kinds import Kind
from ledger.errors import MirrorError
from ledger.hashing import keccak
from ledger.types import Address, Hash32

TOPICS: Final = ("bytes32", "bytes32", "uint16")
"""The types of what the event's topics tell: subject, org, kind."""

BODY: Final = ("uint64", "address", "bytes")
"""The types of what its data tells: position, actor, payload; the last is the only dynamic one."""

APPENDED_TOPIC: Final = keccak(f"Appended({','.join(TOPICS + BODY)})".encode())
"""First topic of every log that carries an entry."""

# By type: how many bytes of its word are zero, and how the others are read.
_FORMS: Final = {"uint64": (24, "Q"), "address": (12, "20s")}
_SIZED: Final = [_FORMS[type_] for type_ in BODY[:-1]]
_ZEROS: Final = tuple([bytes(zeros) for zeros, _ in _SIZED])

# The words of what has a size, then the offset of the payload and its length, which it follows; all
# that is fixed of those two is read in one piece.
_STRUCT: Final = struct.Struct(
    ">" + "".join([f"{zeros}s{form}" for zeros, form in _SIZED]) + "60sI"
)
_WORDS: Final = _STRUCT.size
# The offset of the payload is that of its length, the last of the words (Solidity ABI, `bytes`).
_OFFSET: Final = (_WORDS - 32).to_bytes(32, "big") + bytes(28)


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

    Raises:
        BadLog: anything deviates from the event's layout, or the kind is unknown.
    """
    # Topics come from a node: nothing has checked their lengths yet.
    if len(topics) != 4 or topics[0] != APPENDED_TOPIC or set(map(len, topics)) != {32}:
        raise BadLog("not an Appended log", topics=len(topics))
    position, actor, payload = decode_body(body)
    try:
        kind = Kind(int.from_bytes(topics[3], "big"))
    except ValueError:
        raise BadLog("an entry of an unknown kind", kind=topics[3].hex()) from None
    return LoggedEntry(topics[1], topics[2], kind, position, actor, payload)


def decode_body(body: bytes) -> tuple[int, Address, bytes]:
    """Read position, actor and payload from an `Appended` log's data. Raises BadLog."""
    if len(body) >= _WORDS:
        no_more, position, no_other, actor, offset, length = _STRUCT.unpack_from(body)
        end = _WORDS + length
        if (
            offset == _OFFSET
            and (no_more, no_other) == _ZEROS
            and len(body) == end + -length % 32
            and not any(body[end:])
        ):
            return position, actor, body[_WORDS:end]
    raise BadLog("an Appended log is not laid out as the event", data=body.hex())
