"""Unpacks zip archives that strangers made: bounded in every way, and nothing is written.

The bounds are for what the archive really holds: what it says of itself is compared with that.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final, cast

from ledger.standards.files import Readable, broken

_PIECE: Final = 64 * 1024
_SMALL: Final = 1024 * 1024
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")
_DOCUMENTS: Final = tuple(
    f".{one}" for one in ("docx", "xlsx", "pptx", "odt", "ods", "odp", "vsdx", "3mf", "fmu")
)
"""Parts that are zip archives, and are documents to everybody."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may hold: parts, bytes in all, and bytes for each that it has itself.

    `ratio` is not asked of parts smaller than a megabyte; `contents` are the bytes of its table of
    contents, `name` the characters of a part's name.
    """

    parts: int = 10_000
    total: int = 1024**3
    ratio: int = 200
    name: int = 512
    contents: int = 4 * 1024 * 1024


class _Guarded:
    """A file of which no more is read at once than an archive's table of contents may have."""

    def __init__(self, file: Readable, most: int) -> None:
        self._file, self._most = file, most

    def read(self, size: int = -1) -> bytes:
        raw = self._file.read(min(size, self._most + 1) if size >= 0 else self._most + 1)
        if len(raw) > self._most:
            raise broken("", f"its table of contents has more than {self._most} bytes")
        return raw

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.seek(0, 1)

    def seekable(self) -> bool:
        return True


class Package:
    """An archive whose parts were all found to be sound; `names` are theirs, as they are written.

    Raises BrokenFile, naming the part, when it is made.
    """

    def __init__(self, file: Readable, size: int, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        try:
            self._zip = zipfile.ZipFile(cast(IO[bytes], _Guarded(file, self._bounds.contents)))
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
            raise broken("", f"it is no archive that can be read: {error}") from None
        infos = self._zip.infolist()
        if len(infos) > self._bounds.parts:
            most = self._bounds.parts
            raise broken("", f"it has {len(infos)} parts, and may have {most}")
        self._parts: dict[str, zipfile.ZipInfo] = {}
        self._lower: set[str] = set()
        for info in infos:
            self._admit(info)
        if sum(info.compress_size for info in infos) > size:
            raise broken("", "its parts overlap: they have more bytes than it has itself")
        self._unpack_all()

    @property
    def names(self) -> list[str]:
        """The parts' names; of folders there are none."""
        return list(self._parts)

    def read(self, name: str, most: int) -> bytes:
        """A part that has at most so many bytes. Raises BrokenFile."""
        if self._parts[name].file_size > most:
            raise broken(
                f"/{name}", f"it has {self._parts[name].file_size} bytes, more than {most}"
            )
        return b"".join(self._pieces(self._parts[name]))

    def _admit(self, info: zipfile.ZipInfo) -> None:
        """See that a part's entry is what it may be, before anything of it is unpacked."""
        name = info.orig_filename
        if (fault := _name_fault(name, self._bounds.name)) is not None:
            raise broken(f"/{_printable(name)}", fault)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise broken(f"/{name}", "it is a symbolic link")
        if info.flag_bits & _ENCRYPTED:
            raise broken(f"/{name}", "it is encrypted")
        if info.compress_type not in _METHODS:
            raise broken(f"/{name}", f"it is compressed by method {info.compress_type}")
        if name.endswith("/"):
            return
        if name.lower() in self._lower:  # OPC, 7.3.2: names are equal whatever their case
            raise broken(f"/{name}", "another part has this name")
        if _is_bomb(info.file_size, info.compress_size, self._bounds.ratio):
            raise broken(f"/{name}", _told_ratio(info.file_size, info.compress_size))
        self._parts[name] = info
        self._lower.add(name.lower())

    def _unpack_all(self) -> None:
        total = 0
        for name, info in self._parts.items():
            seen = 0
            for piece in self._pieces(info):
                if not seen:
                    _refuse_archive(name, piece)
                seen += len(piece)
                total += len(piece)
                if _is_bomb(seen, info.compress_size, self._bounds.ratio):
                    raise broken(f"/{name}", _told_ratio(seen, info.compress_size))
                if total > self._bounds.total:
                    raise broken(f"/{name}", f"all parts have more than {self._bounds.total} bytes")
            if seen != info.file_size:
                raise broken(
                    f"/{name}", f"it has {seen} bytes, and is said to have {info.file_size}"
                )

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._zip.open(info) as part:
                while piece := part.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
            raise broken(f"/{info.filename}", f"it cannot be unpacked: {error}") from None
        except RuntimeError as error:  # what zipfile raises of passwords
            raise broken(f"/{info.filename}", str(error)) from None


def _name_fault(name: str, longest: int) -> str | None:
    if not name or len(name) > longest:
        return f"its name has {len(name)} characters"
    if not name.isprintable():
        return "its name has characters that cannot be printed"
    if name.startswith("/") or "\\" in name or ":" in name.split("/")[0]:
        return "its name leads out of the archive"
    if any(step in ("..", ".", "") for step in name.removesuffix("/").split("/")):
        return "its name leads out of the archive, or in circles"
    return None


def _printable(name: str) -> str:
    return name[:100].encode("unicode_escape").decode()


def _is_bomb(unpacked: int, packed: int, ratio: int) -> bool:
    return unpacked > _SMALL and unpacked > packed * ratio


def _told_ratio(unpacked: int, packed: int) -> str:
    return f"its {packed} bytes unpack to {unpacked} or more"


def _refuse_archive(name: str, begin: bytes) -> None:
    """Refuse what would have to be unpacked again: nobody has looked into it."""
    if begin.startswith(_ARCHIVES) and not name.lower().endswith(_DOCUMENTS):
        raise broken(f"/{name}", "it is an archive itself")
