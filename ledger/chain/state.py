"""Copies of the embedded chain on disk: whole or absent, the two newest, and which is final."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.errors import MalformedValue, ToolError
from ledger.types import Hash32, parse_hash, to_hex

FINAL: Final = "final.json"
_KEPT: Final = 2


class BadState(ToolError):
    """The embedded chain's state cannot be kept or read."""

    code = "bad_state"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block of a copy."""

    number: int
    hash: Hash32


@dataclass(frozen=True, slots=True)
class Dump:
    """What Anvil dumped: its JSON text, and the header of its newest block."""

    text: bytes
    number: int
    header: Mapping[str, Any]


class _Block(msgspec.Struct):
    header: dict[str, Any]


class _Dumped(msgspec.Struct):
    best_block_number: int
    blocks: list[_Block]


class _Final(msgspec.Struct):
    number: int
    hash: str


def decode_dump(text: bytes) -> Dump:
    """Read which block a dump ends with. Raises BadState."""
    try:
        dumped = msgspec.json.decode(text, type=_Dumped)
        headers = {int(block.header["number"], 16): block.header for block in dumped.blocks}
        newest = dumped.best_block_number
        if max(headers) != newest:
            raise BadState(f"Anvil's dump ends with block {newest} but holds {max(headers)}")
        return Dump(text, newest, headers[newest])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise BadState(f"Anvil's dump is not understood: {error}") from None


def find_copies(folder: Path) -> list[Path]:
    """The completed copies, the one written last first."""
    return sorted(
        folder.glob("state-*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True
    )


def save_copy(folder: Path, dump: Dump, head: Head) -> None:
    """Keep a copy, then say that its blocks are final, then drop all but the newest two.

    Raises:
        BadState: the disk does not take it; what was kept before is untouched.
    """
    try:
        _write(folder / f"state-{head.number}.json", dump.text)
        save_final(folder, head)
        for old in find_copies(folder)[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise BadState(f"{folder}: the chain's state was not kept: {error}") from error


def save_final(folder: Path, head: Head) -> None:
    """Say which block is final: all up to it are in a completed copy."""
    told = {"number": head.number, "hash": to_hex(head.hash)}
    _write(folder / FINAL, msgspec.json.encode(told))


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
