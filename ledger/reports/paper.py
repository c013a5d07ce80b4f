"""Prints a report as PDF/A by typst, with a font that has Chinese; the same report, the same bytes.

Both come from packages that only this needs: `scripts/requirements/report.txt`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from ledger.errors import ToolError
from ledger.hashing import sha256
from ledger.reports.glyphs import Glyphs
from ledger.reports.report import decode_report
from ledger.types import to_hex

STANDARD: Final = "a-2u"
"""PDF/A-2u (ISO 19005-2): text that can be searched, all fonts within."""

_TEMPLATE: Final = Path(__file__).with_name("paper.typ")


class NoTypesetter(ToolError):
    """What prints reports is not installed."""

    code = "no_typesetter"
    advice = "install scripts/requirements/report.txt"


def print_paper(raw: bytes) -> bytes:
    """A report's file as PDF/A; its signature is shown, and is not checked here.

    Raises:
        NoTypesetter: typst or the font is not installed.
        DocumentError, MalformedValue: it is no report.
    """
    pdf: bytes = _compiler(raw).compile(
        format="pdf", pdf_standards=[STANDARD], timestamp=decode_report(raw).report.asked.at
    )
    return pdf


def print_pages(raw: bytes, ppi: float = 80) -> list[bytes]:
    """A report's pages as PNG, as they look on paper. Raises as `print_paper`."""
    pages = _compiler(raw).compile(format="png", ppi=ppi)
    return [pages] if isinstance(pages, bytes) else list(pages)


def _compiler(raw: bytes) -> Any:
    signed = decode_report(raw)
    asked = datetime.fromtimestamp(signed.report.asked.at, UTC)
    told = {
        "report": signed.report.value(),
        "good": signed.report.is_good,
        "signature": signed.signature,
        "digest": to_hex(sha256(raw)),
        "date": [asked.year, asked.month, asked.day],
        "times": {
            name: _time(at)
            for name, at in (
                ("asked", signed.report.asked.at),
                ("newest", signed.report.asked.block.timestamp),
                ("compared", signed.report.audit.block.timestamp),
                ("seed", signed.report.sample.seed.timestamp if signed.report.sample else 0),
            )
        },
    }
    typst, fonts, glyphs = _typesetter()
    legible = json.dumps(glyphs.legible(told))
    return typst.Compiler(_TEMPLATE.read_bytes(), font_paths=fonts, sys_inputs={"told": legible})


@cache
def _typesetter() -> tuple[Any, Any, Glyphs]:
    """Typst, and the fonts of the package alone: no machine's own, so that bytes are the same."""
    try:
        import pylopdf_fonts_zh_cn
        import typst
    except ImportError as error:
        raise NoTypesetter(f"reports are printed by {error.name}, which is missing") from None
    path = Path(pylopdf_fonts_zh_cn.sans_path())
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(path.parent)]
    )
    return typst, fonts, Glyphs(path)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
