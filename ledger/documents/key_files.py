"""How the keys of documents lie in a file: one for each pack, and one for each batch.

| bytes | |
|---|---|
| 20 | what it is, and its version |
| 8 | id of the master key that wraps the file's key |
| 12, 48 | nonce, and the file's own key: wrapped, bound to the file's name |
| 8, 48 each | label, and the key of the document of that label: wrapped under the file's |

Labels ascend: where its frame begins in the pack, or the number of its line. They are the nonces,
too, as a file's key wraps each label once. A key that is all zeros was destroyed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.documents.ciphers import KEY_SIZE, NONCE_SIZE, TAG_SIZE, Wrapping, WrongKey

MAGIC: Final = b"asset-ledger keys 1\n"
ID_SIZE: Final = 8
HEAD_SIZE: Final = len(MAGIC) + ID_SIZE + NONCE_SIZE + KEY_SIZE + TAG_SIZE

_LABEL: Final = 8
_WRAPPED: Final = KEY_SIZE + TAG_SIZE
RECORD_SIZE: Final = _LABEL + _WRAPPED
_DESTROYED: Final = bytes(_WRAPPED)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a file's keys: under which master key, and the file's own key, wrapped."""

    master: bytes
    nonce: bytes
    wrapped: bytes

    @classmethod
    def make(cls, master: bytes, wrapping: Wrapping, file_key: bytes, name: str) -> Head:
        """The head of the file `name`, under the master key of that id."""
        # Random nonces may collide after 2³² files of one master key, far more than a disk holds.
        nonce = secrets.token_bytes(NONCE_SIZE)
        return cls(master, nonce, wrapping.wrap(nonce, file_key, _context(name)))

    @classmethod
    def decode(cls, raw: bytes) -> Head:
        """Read a head. Raises WrongKey if it is none."""
        if len(raw) != HEAD_SIZE or not raw.startswith(MAGIC):
            raise WrongKey
        begin, rest = len(MAGIC), raw[len(MAGIC) + ID_SIZE :]
        return cls(raw[begin : begin + ID_SIZE], rest[:NONCE_SIZE], rest[NONCE_SIZE:])

    def encode(self) -> bytes:
        """The head, as it lies in the file."""
        return MAGIC + self.master + self.nonce + self.wrapped

    def open(self, wrapping: Wrapping, name: str) -> bytes:
        """The key of the file `name`. Raises WrongKey."""
        return wrapping.unwrap(self.nonce, self.wrapped, _context(name))


def make_keys(file_key: bytes, labels: Sequence[int]) -> tuple[list[bytes], bytes]:
    """Fresh keys for these labels, and their records for the file."""
    drawn = secrets.token_bytes(KEY_SIZE * len(labels))
    keys = [drawn[at : at + KEY_SIZE] for at in range(0, len(drawn), KEY_SIZE)]
    wrapping = Wrapping(file_key)
    records = [encode_record(wrapping, label, key) for label, key in zip(labels, keys, strict=True)]
    return keys, b"".join(records)


def encode_record(wrapping: Wrapping, label: int, key: bytes) -> bytes:
    """A key's record, for a file that has no other of that label."""
    return label.to_bytes(_LABEL) + wrapping.wrap(label.to_bytes(NONCE_SIZE), key)


def find_record(handle: int, label: int) -> int | None:
    """Where the record of a label begins in an open file."""
    count = (os.fstat(handle).st_size - HEAD_SIZE) // RECORD_SIZE
    if label < count and _label(handle, label) == label:
        return _begin(label)  # labels without gaps, as of a batch's lines
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if (found := _label(handle, middle)) == label:
            return _begin(middle)
        low, high = (middle + 1, high) if found < label else (low, middle)
    return None


def open_record(wrapping: Wrapping, record: bytes) -> bytes | None:
    """The key in a record; None if it was destroyed. Raises WrongKey."""
    label, wrapped = record[:_LABEL], record[_LABEL:]
    if wrapped == _DESTROYED:
        return None
    return wrapping.unwrap(label.rjust(NONCE_SIZE, b"\0"), wrapped)


def destroy_record(handle: int, begin: int) -> None:
    """Write zeros over the key of the record that begins there, and flush them."""
    os.pwrite(handle, _DESTROYED, begin + _LABEL)
    os.fsync(handle)


def rewrap_records(old: Wrapping, new: Wrapping, records: bytes) -> bytes:
    """Records under another file's key; what was destroyed stays destroyed. Raises WrongKey."""
    return b"".join(
        [
            _rewrap(old, new, records[at : at + RECORD_SIZE])
            for at in range(0, len(records), RECORD_SIZE)
        ]
    )


def _rewrap(old: Wrapping, new: Wrapping, record: bytes) -> bytes:
    key, label = open_record(old, record), record[:_LABEL]
    return record if key is None else encode_record(new, int.from_bytes(label), key)


def _label(handle: int, at: int) -> int:
    return int.from_bytes(os.pread(handle, _LABEL, _begin(at)))


def _begin(at: int) -> int:
    return HEAD_SIZE + at * RECORD_SIZE


def _context(name: str) -> bytes:
    return MAGIC + name.encode()
