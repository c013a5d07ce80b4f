"""What is told of a file that is broken, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ledger.errors import DocumentError


class Fault(NamedTuple):
    """What is wrong with a file, and where: a JSON Pointer, or the name of a part; or nowhere."""

    path: str
    reason: str


class BrokenFile(DocumentError):
    """A file is not what its format asks for; `faults` are the first that were found."""

    code = "invalid_file"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].reason, path=faults[0].path)
        self.faults = list(faults)


def broken(path: str, reason: str) -> BrokenFile:
    """A file with one fault."""
    return BrokenFile([Fault(path, reason)])


class Readable(Protocol):
    """A file that is read from anywhere."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; fewer at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place."""


def read_at(file: Readable, begin: int, length: int) -> bytes:
    """The bytes there, as far as the file has them."""
    file.seek(begin)
    return file.read(length)
