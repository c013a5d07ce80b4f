"""Looks into a file by its format: what is refused here is broken for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ledger.standards import images, media_types
from ledger.standards.aasx import verify_aasx
from ledger.standards.files import Readable
from ledger.standards.khronos import verify_gltf
from ledger.standards.media_types import Format
from ledger.standards.step import verify_step
from ledger.standards.stl import verify_stl

_PIECE: Final = 1024 * 1024


def _verify_gltf(file: Readable, size: int) -> None:
    verify_gltf(_parts(file, size))


def _parts(file: Readable, size: int) -> Iterator[bytes]:
    file.seek(0)
    for at in range(0, size, _PIECE):
        yield file.read(min(_PIECE, size - at))


_CHECKS: Final[dict[str, Callable[[Readable, int], None]]] = {
    media_types.AASX: verify_aasx,
    media_types.GLB: _verify_gltf,
    media_types.GLTF: _verify_gltf,
    media_types.JPEG: images.verify_jpeg,
    media_types.PDF: images.verify_pdf,
    media_types.PNG: images.verify_png,
    media_types.STEP: verify_step,
    media_types.STL: verify_stl,
}

BY_KHRONOS: Final = frozenset({media_types.GLB, media_types.GLTF})
"""The formats that need the Khronos validator."""


def verify_file(format: Format, file: Readable, size: int) -> None:
    """See that a file is what its format asks for, as far as is looked.

    Raises:
        BrokenFile: it is not; says what is wrong, and where.
        ValidatorMissing, ValidatorBusy: it is glTF, and cannot be looked into (now).
    """
    _CHECKS[format.name](file, size)
