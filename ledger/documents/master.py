"""The master keys in their file: the first wraps what is new, those after it are on their way out.

The file has one key a line, 64 hex digits. There are several only while a rotation is under way.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ledger.documents.ciphers import KEY_SIZE, Wrapping
from ledger.documents.key_files import ID_SIZE
from ledger.documents.private import destroy_file, left_behind, make_folder, write_whole
from ledger.errors import ToolError
from ledger.hashing import hmac_sha256


class BadMasterKey(ToolError):
    """The file of the master key is missing, or holds none; never shows what it holds."""

    code = "bad_master_key"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}", path=str(path), reason=reason)


class MasterKeys:
    """The master keys that a file held when it was read."""

    __slots__ = ("_keys", "ids", "wrapping")

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = keys
        self.ids = [master_id(key) for key in keys]
        self.wrapping: Mapping[bytes, Wrapping] = {master_id(key): Wrapping(key) for key in keys}

    @property
    def current(self) -> bytes:
        """The id of the key that wraps what is new."""
        return self.ids[0]

    @classmethod
    def load(cls, path: Path) -> MasterKeys:
        """Read them. Raises BadMasterKey."""
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise BadMasterKey(path, reason) from None
        try:
            keys = [bytes.fromhex(line) for line in text.split()]
        except ValueError:
            keys = []
        if not keys or {len(key) for key in keys} != {KEY_SIZE}:
            raise BadMasterKey(
                path, f"it does not hold keys of {2 * KEY_SIZE} hex digits, one a line"
            )
        return cls(keys)

    @classmethod
    def create(cls, path: Path) -> None:
        """Make a file with a fresh key, unless there is one. Raises OSError."""
        make_folder(path.parent)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        write_whole(part, [_encode([secrets.token_bytes(KEY_SIZE)])])
        try:
            os.link(part, path)  # never over one that another process made meanwhile
        except FileExistsError:
            destroy_file(part)
            return
        part.unlink()

    def begin_rotation(self, path: Path) -> None:
        """Put a fresh key before those that the file holds, unless it has several already."""
        if len(self._keys) == 1:
            write_whole(path, [_encode([secrets.token_bytes(KEY_SIZE), *self._keys])])

    def end_rotation(self, path: Path) -> None:
        """Leave the first key alone in the file; what held the others is overwritten."""
        os.link(path, path.with_name(f".{path.name}.{secrets.token_hex(8)}"))
        write_whole(path, [_encode(self._keys[:1])])
        for former in left_behind(path):
            destroy_file(former)


def master_id(key: bytes) -> bytes:
    """What a master key is known by; tells nothing of it."""
    return hmac_sha256(key, b"asset-ledger master key")[:ID_SIZE]


def _encode(keys: list[bytes]) -> bytes:
    return b"".join(b"%b\n" % key.hex().encode() for key in keys)
