"""Exports a mirror to a folder, a file or a stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Self

from sqlalchemy import Engine, make_url

from ledger.database.engine import open_engine
from ledger.errors import MalformedValue, UnknownThing
from ledger.mirror.export.folder import Folder
from ledger.mirror.export.forms import TABLES, Format, Source, make_form
from ledger.mirror.export.manifest import Manifest
from ledger.mirror.export.reading import Stretch, fetch_standing, get_mirror, is_known
from ledger.mirror.export.writing import write_file
from ledger.mirror.tables import MirrorRow
from ledger.types import Hash32, parse_hash, to_hex

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export; None: all tables, from the first block, to the last final and proven one.

    `tables` are the names of the mirror's tables, of those that the format can hold.
    """

    format: Format
    tables: tuple[str, ...] | None = None
    from_block: int | None = None
    to_block: int | None = None
    subject: Hash32 | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: the blocks it wrote (none if the first is above the last), and how much.

    `ledger_head` is the ledger's after the last block; `seconds` is wall time.
    """

    from_block: int
    to_block: int
    entries: int
    files: int
    ledger_head: Hash32
    seconds: float


@dataclass(slots=True)
class Progress:
    """How far an export is: entries written, of how many (those of other subjects included)."""

    entries: int = 0
    total: int = 0


@dataclass(slots=True)
class Export:
    """An export of a mirror, whose bounds are known and make sense: `last` is `first` - 1 or more.

    `told` hears of each page that is written.
    """

    engine: Engine
    wanted: Wanted
    mirror: MirrorRow
    tables: tuple[str, ...]
    first: int
    last: int
    told: Callable[[Progress], None] | None = None
    progress: Progress = field(default_factory=Progress)
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def plan(
        cls, engine: Engine, wanted: Wanted, told: Callable[[Progress], None] | None = None
    ) -> Self:
        """Find out what is to be exported.

        Raises:
            MirrorError: the mirror has not begun.
            MalformedValue: a block that is not mirrored, or a table that the format cannot hold.
            UnknownThing: the mirror has no entry about the subject.
        """
        mirror = get_mirror(engine)
        if wanted.subject is not None and not is_known(engine, wanted.subject):
            raise UnknownThing("subject", field="subject", value=to_hex(wanted.subject))
        first, last = _bounds(wanted, mirror)
        return cls(engine, wanted, mirror, _choose_tables(wanted), first, last, told)

    def to_folder(self, path: Path) -> Exported:
        """Add to a folder what it lacks. Raises Conflict if it holds something else."""
        form = make_form(self.wanted.format, self._source())
        folder = Folder.open(path, self.engine, form, self._manifest())
        first, before = folder.manifest.to_block + 1, folder.manifest.files
        self._expect(self._stretch(first))
        folder.export(self.last)
        done = folder.manifest
        fresh = len(set(done.files) - set(before))
        return self._exported(first, done.to_block, fresh, parse_hash(done.ledger_head))

    def to_file(self, path: Path) -> Exported:
        """Write one file, whole or not at all."""
        with write_file(path) as file:
            return self.to_stream(file)

    def to_stream(self, file: BinaryIO) -> Exported:
        """Write entries to a stream."""
        stretch = self._stretch(self.first)
        self._expect(stretch)
        make_form(self.wanted.format, self._source()).write(file, "entry", stretch)
        return self._exported(self.first, self.last, 1, stretch.last.ledger_head)

    def _stretch(self, first: int) -> Stretch:
        before, last = (fetch_standing(self.engine, block) for block in (first - 1, self.last))
        return Stretch(before, last)

    def _expect(self, stretch: Stretch) -> None:
        self.progress.total = max(0, stretch.last.sequence - stretch.before.sequence)

    def _source(self) -> Source:
        return Source(self.engine, self.mirror, self.wanted.subject, self._count)

    def _count(self, entries: int) -> None:
        self.progress.entries += entries
        if self.told is not None:
            self.told(self.progress)

    def _exported(self, first: int, last: int, files: int, ledger_head: Hash32) -> Exported:
        seconds = time.monotonic() - self.began
        return Exported(first, last, self.progress.entries, files, ledger_head, seconds)

    def _manifest(self) -> Manifest:
        """That of a folder in which nothing is yet."""
        before = fetch_standing(self.engine, self.first - 1)
        return Manifest(
            version=_VERSION,
            format=self.wanted.format,
            chain_id=self.mirror.chain_id,
            genesis_hash=to_hex(self.mirror.genesis_hash),
            contract=to_hex(self.mirror.contract),
            domain=to_hex(self.mirror.domain),
            subject=None if self.wanted.subject is None else to_hex(self.wanted.subject),
            tables=self.tables,
            from_block=self.first,
            to_block=before.block,
            entries=before.sequence,
            ledger_head=to_hex(before.ledger_head),
        )


def open_mirror(url: str) -> Engine:
    """Open a database that is there already. Raises UnknownThing if it is a file that is not."""
    parsed = make_url(url)
    path = parsed.database or ""
    if parsed.get_backend_name() == "sqlite" and not Path(path).is_file():
        raise UnknownThing("database", field="database_url", value=path)
    return open_engine(url)


def _bounds(wanted: Wanted, mirror: MirrorRow) -> tuple[int, int]:
    """The first and the last block to export."""
    least, most = mirror.base_block + 1, mirror.block_number
    first = max(least, wanted.from_block or 0)
    sure = min(mirror.final_block, mirror.proven_block, most)
    last = sure if wanted.to_block is None else wanted.to_block
    if last > most:
        raise MalformedValue(
            field="to_block", value=last, wanted=f"a block that is mirrored, {most} at most"
        )
    if wanted.to_block is not None and wanted.to_block < first:
        raise MalformedValue(field="to_block", value=last, wanted=f"a block from {first} on")
    return first, max(last, first - 1)


def _choose_tables(wanted: Wanted) -> tuple[str, ...]:
    """The tables asked for, in the order in which they are written."""
    known = TABLES[wanted.format]
    if wanted.subject is not None:
        known = ("entry",)
    asked = known if wanted.tables is None else wanted.tables
    for table in asked:
        if table not in known:
            raise MalformedValue(field="tables", value=table, wanted=f"one of {', '.join(known)}")
    return tuple([table for table in known if table in asked])
