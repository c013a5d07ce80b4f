"""Copies of the embedded chain on disk: whole or absent, the two newest, and which is final."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ledger.errors import MalformedValue, ToolError
from ledger.types import Hash32, parse_hash, to_hex

_FINAL: Final = "final.json"
_KEPT: Final = 2


class BadState(ToolError):
    """The embedded chain's state cannot be kept or read."""

    code = "bad_state"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block of a copy."""

    number: int
    hash: Hash32


class _Final(msgspec.Struct):
    number: int
    hash: str


def chain_folder(data: Path) -> Path:
    """Where the embedded chain lies in a data folder."""
    return data / "chain"


def final_path(folder: Path) -> Path:
    """The file in a chain's folder that names the newest block in a completed copy."""
    return folder / _FINAL


def find_copies(folder: Path) -> list[Path]:
    """The completed copies, the one written last first."""
    return sorted(
        folder.glob("state-*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True
    )


def save_copy(folder: Path, text: bytes, head: Head) -> None:
    """Keep a copy, then say that its blocks are final, then drop all but the newest two.

    Raises:
        BadState: the disk does not take it; what was kept before is untouched.
    """
    try:
        _write(folder / f"state-{head.number}.json", text)
        save_final(folder, head)
        for old in find_copies(folder)[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise BadState(f"{folder}: the chain's state was not kept: {error}") from error


def save_final(folder: Path, head: Head) -> None:
    """Say which block is final: all up to it are in a completed copy."""
    told = {"number": head.number, "hash": to_hex(head.hash)}
    _write(final_path(folder), msgspec.json.encode(told))


def find_final(path: Path) -> Head | None:
    """Read which block is final; None before the first copy. Raises BadState."""
    try:
        final = msgspec.json.decode(path.read_bytes(), type=_Final)
        return Head(final.number, parse_hash(final.hash, "hash"))
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, MalformedValue) as error:
        raise BadState(f"{path}: {error}") from None


def put_aside(copies: Sequence[Path]) -> None:
    """Take copies that do not load out of the way, so that they do not count as kept."""
    for copy in copies:
        copy.replace(copy.with_name(f"{copy.name}.unreadable"))


def drop_parts(folder: Path) -> None:
    """Remove what a killed process was writing."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
