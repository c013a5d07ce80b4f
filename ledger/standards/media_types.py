"""Media types of files, and what files of each begin like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError, MalformedValue

BEGINNING: Final = 1024
"""So many bytes tell what a file is."""

AASX: Final = "AASX"
GLB: Final = "GLB"
GLTF: Final = "glTF"
JPEG: Final = "JPEG"
PDF: Final = "PDF"
PNG: Final = "PNG"
STEP: Final = "STEP"
STL: Final = "STL"

# RFC 6838, 4.2: what a type and a subtype may be.
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE: Final = re.compile(rf"{_NAME}/{_NAME}")
_BLANK: Final = b" \t\r\n"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class WrongMediaType(InputError):
    """A file begins otherwise than files of its declared media type do."""

    code = "media_type_mismatch"

    def __init__(self, declared: str, found: str) -> None:
        super().__init__(
            f"the file is declared as {declared}, and begins like {found}",
            declared=declared,
            found=found,
        )


@dataclass(frozen=True, slots=True)
class Format:
    """A format that is looked into: the media types that mean it, and how its files begin.

    `is_plain` is whether nothing else begins so; then it may be declared as nothing else, but for
    the media types `besides`.
    """

    name: str
    media_types: tuple[str, ...]
    begins: Callable[[bytes], bool]
    is_plain: bool = True
    besides: tuple[str, ...] = ()


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda begin: begin.startswith(signatures)


def _is_text(begin: bytes) -> bytes:
    return begin.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK)


def _is_stl(begin: bytes) -> bool:
    # A binary one has any 80 bytes, then the number of its triangles: only its size tells.
    return _is_text(begin).startswith(b"solid") or len(begin) >= 84


FORMATS: Final = (
    Format(
        STEP,
        ("model/step", "application/p21", "application/step"),
        lambda begin: _is_text(begin).startswith(b"ISO-10303-21;"),
        besides=("text/plain",),
    ),
    Format(STL, ("model/stl", "application/sla"), _is_stl, is_plain=False),
    Format(GLB, ("model/gltf-binary",), _starts(b"glTF")),
    Format(
        GLTF, ("model/gltf+json",), lambda begin: _is_text(begin).startswith(b"{"), is_plain=False
    ),
    Format(
        AASX,
        (
            "application/asset-administration-shell-package",
            "application/asset-administration-shell-package+xml",
            "application/asset-administration-shell-package+json",
        ),
        _starts(b"PK\x03\x04"),
        is_plain=False,
    ),
    Format(PDF, ("application/pdf",), _starts(b"%PDF-")),
    Format(PNG, ("image/png",), _starts(b"\x89PNG\r\n\x1a\n")),
    Format(JPEG, ("image/jpeg",), _starts(b"\xff\xd8\xff")),
)
"""All formats that are looked into; of others nothing is asked."""


def parse_media_type(given: str) -> str:
    """A media type without its parameters, in lower case. Raises MalformedValue."""
    found = given.split(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(found):
        raise MalformedValue(field="Content-Type", value=given, wanted="a media type (RFC 6838)")
    return found


def find_format(media_type: str) -> Format | None:
    """The format that a media type means, if it is one that is looked into."""
    return next((one for one in FORMATS if media_type in one.media_types), None)


def verify_beginning(media_type: str, begin: bytes) -> Format | None:
    """See that a file begins as it is declared to; which format it is, if one is looked into.

    Raises:
        WrongMediaType: it does not, or begins as files of another format do.
    """
    declared = find_format(media_type)
    found = next((one for one in FORMATS if one.is_plain and one.begins(begin)), None)
    if declared is None:
        if found is not None and media_type not in found.besides:
            raise WrongMediaType(media_type, _tell(found))
    elif found not in (None, declared):
        raise WrongMediaType(media_type, _tell(found))
    elif not declared.begins(begin):
        raise WrongMediaType(media_type, _show(begin))
    return declared


def _tell(found: Format | None) -> str:
    return "nothing" if found is None else f"{found.name} ({found.media_types[0]})"


def _show(begin: bytes) -> str:
    return f"the bytes {begin[:8].hex(' ')}" if begin else "nothing: it is empty"
