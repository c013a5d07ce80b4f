"""The formats that an export can have, and how those made of text are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal, TypeAlias, TypeVar

from sqlalchemy import Engine

from ledger.errors import ToolError
from ledger.mirror.export.documents import document
from ledger.mirror.export.folded import FOLDED
from ledger.mirror.export.folder import STREAM, Form
from ledger.mirror.export.jsonl import lines
from ledger.mirror.export.reading import Rows, Stretch, read_entries
from ledger.mirror.tables import MirrorRow
from ledger.types import Hash32

Format: TypeAlias = Literal["parquet", "jsonl", "epcis"]
Page = TypeVar("Page", bound=Sequence[Any])

TABLES: Final[dict[Format, tuple[str, ...]]] = {
    "parquet": (*STREAM, *FOLDED),
    "jsonl": ("entry",),
    "epcis": ("entry",),
}
"""What each format can hold."""


class PyarrowMissing(ToolError):
    """Parquet is written by pyarrow, which is not installed."""

    code = "pyarrow_missing"
    advice = (
        "it comes with asset-ledger[export]; for a checkout:"
        " pip --python .venv/bin/python install -r scripts/requirements/export.txt"
    )


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported: a mirror's entries, or those about one subject; `told` how many, often."""

    engine: Engine
    mirror: MirrorRow
    subject: Hash32 | None = None
    told: Callable[[int], None] | None = None

    def read(self, stretch: Stretch) -> Iterator[Rows]:
        """A stretch's entries, page by page."""
        for rows in read_entries(self.engine, stretch, self.subject):
            yield rows
            if self.told is not None:
                self.told(len(rows))


@dataclass(slots=True)
class Counted:
    """Counts the rows of pages that go through."""

    rows: int = 0

    def count(self, pages: Iterable[Page]) -> Iterator[Page]:
        """The same pages."""
        for page in pages:
            self.rows += len(page)
            yield page


@dataclass(frozen=True, slots=True)
class Lines:
    """JSON Lines."""

    source: Source
    suffix: str = "jsonl"
    size: int = 1_000_000

    def write(self, file: BinaryIO, _table: str, stretch: Stretch, /) -> int:
        """Write a stretch's entries, one a line."""
        counted = Counted()
        file.writelines(lines(counted.count(self.source.read(stretch))))
        return counted.rows


@dataclass(frozen=True, slots=True)
class Documents:
    """EPCIS documents."""

    source: Source
    suffix: str = "jsonld"
    size: int = 100_000

    def write(self, file: BinaryIO, _table: str, stretch: Stretch, /) -> int:
        """Write a stretch's entries as one document."""
        counted = Counted()
        pages = counted.count(self.source.read(stretch))
        file.writelines(document(self.source.engine, self.source.mirror, stretch, pages))
        return counted.rows


def make_form(format: Format, source: Source) -> Form:
    """How a format is written. Raises PyarrowMissing if that is what is missing."""
    match format:
        case "jsonl":
            return Lines(source)
        case "epcis":
            return Documents(source)
        case "parquet":
            try:
                from ledger.mirror.export.parquet import Parquet
            except ModuleNotFoundError as error:
                raise PyarrowMissing(f"Parquet cannot be written: {error}") from None
            return Parquet(source)
