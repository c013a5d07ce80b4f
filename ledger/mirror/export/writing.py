"""Writes files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_PART: Final = ".part"


@contextmanager
def write_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete and on the disk; if anything fails, none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}{_PART}")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder outlast a loss of power, where folders can be flushed."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def drop_parts(folder: Path) -> None:
    """Remove what writers that were killed have left."""
    for part in folder.rglob(f".*{_PART}"):
        part.unlink()
