"""Files that verbs write: whole, or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def write_output(path: Path, raw: bytes) -> None:
    """Write what a verb makes: `write_whole`, but - is standard output."""
    if str(path) == "-":
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
    else:
        write_whole(path, raw)


def write_whole(path: Path, raw: bytes) -> None:
    """Write a file beside its place, then put it there."""
    if path.exists() and not path.is_file():
        path.write_bytes(raw)
        return
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
