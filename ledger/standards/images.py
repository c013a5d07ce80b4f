"""PDF, PNG and JPEG: whether they are whole, not what they show."""

from __future__ import annotations

from typing import Final

from ledger.standards.files import Readable, broken, read_at

_PDF_END_WITHIN: Final = 2048  # readers look that far, or half as far
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG_END_WITHIN: Final = 64 * 1024  # cameras put things behind the end


def verify_pdf(file: Readable, size: int) -> None:
    """See that a file ends as PDF does (ISO 32000-2, 7.5.5). Raises BrokenFile."""
    if b"%%EOF" not in read_at(file, max(0, size - _PDF_END_WITHIN), _PDF_END_WITHIN):
        raise broken("", "it has no %%EOF at its end (was it cut short?)")


def verify_png(file: Readable, size: int) -> None:
    """See that a file has a header and an end (PNG, 5.6). Raises BrokenFile."""
    if read_at(file, 8, 8) != b"\x00\x00\x00\x0dIHDR":
        raise broken("/IHDR", "its first chunk is no IHDR of 13 bytes")
    if read_at(file, max(0, size - len(_PNG_END)), len(_PNG_END)) != _PNG_END:
        raise broken("/IEND", "it does not end with IEND (was it cut short?)")


def verify_jpeg(file: Readable, size: int) -> None:
    """See that a file has an end of image (ITU-T T.81, B.1.1.3). Raises BrokenFile."""
    if b"\xff\xd9" not in read_at(file, max(0, size - _JPEG_END_WITHIN), _JPEG_END_WITHIN):
        raise broken("", "it has no end of image (was it cut short?)")
