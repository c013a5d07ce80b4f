"""Files that only their owner may read, from the moment they are there."""

from __future__ import annotations

import os
from io import BufferedWriter
from pathlib import Path


def create_private(path: Path) -> BufferedWriter:
    """Open a new file to be written, readable by its owner alone."""
    return open(path, "wb", opener=_opener)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
