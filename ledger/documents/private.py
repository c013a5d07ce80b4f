"""Files that only their owner may read, from the moment they are there; lasting, and undone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from io import BufferedWriter
from pathlib import Path
from typing import Final

_AT_ONCE: Final = 2**20


def create_private(path: Path) -> BufferedWriter:
    """Open a new file to be written, readable by its owner alone."""
    return open(path, "wb", opener=_opener)


def write_whole(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file, private and lasting, that is there whole or not at all; replaces one.

    A crash may leave a file whose name `left_behind` finds.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    flush_path(path.parent)


def left_behind(path: Path) -> Iterator[Path]:
    """What crashes left beside a file; only if nobody writes it meanwhile."""
    return path.parent.glob(f".{path.name}.*")


def make_folder(folder: Path) -> None:
    """Have a folder, and those above it, private and lasting."""
    if folder.exists():
        return
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
            flush_path(path.parent)


def flush_path(path: Path) -> None:
    """Have a file survive the machine; or a folder, so that the names in it do."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def destroy_file(path: Path) -> None:
    """Write zeros over a file, flush them, and remove it; that it is gone is no fault."""
    try:
        with path.open("r+b") as file:
            overwrite(file.fileno(), 0, os.fstat(file.fileno()).st_size)
        path.unlink()
    except FileNotFoundError:
        return
    flush_path(path.parent)


def overwrite(handle: int, begin: int, length: int) -> None:
    """Write zeros over a part of an open file, and flush them."""
    for at in range(begin, begin + length, _AT_ONCE):
        os.pwrite(handle, bytes(min(_AT_ONCE, begin + length - at)), at)
    os.fsync(handle)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
