"""A folder that follows the ledger: each export adds the blocks since the last one.

    entry/blocks=1-70211/part-0.parquet       files by blocks never change
    block/blocks=1-70211/part-0.parquet
    asset/as_of=70211/part-0.parquet          folded tables are replaced
    _manifest.json

The manifest is written after each range, so that a killed export goes on behind the last whole one;
a file that it does not name yet is written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sqlalchemy import Engine

from ledger.errors import Conflict, MirrorError
from ledger.mirror.export.folded import FOLDED
from ledger.mirror.export.manifest import (
    File,
    Manifest,
    find_manifest,
    save_manifest,
    verify_same,
)
from ledger.mirror.export.reading import Stretch, cut, fetch_standing
from ledger.mirror.export.writing import drop_parts, write_file
from ledger.types import to_hex

STREAM: Final = ("entry", "block")
"""The tables whose rows belong to blocks."""


class Form(Protocol):
    """How a format is written; a file has `size` entries at most, and ends in `suffix`."""

    @property
    def size(self) -> int: ...
    @property
    def suffix(self) -> str: ...

    def write(self, file: BinaryIO, table: str, stretch: Stretch, /) -> int:
        """Write the rows of a stretch's blocks, or a folded table as they leave it; how many."""
        ...


@dataclass(slots=True)
class Folder:
    """A folder being exported to."""

    path: Path
    engine: Engine
    form: Form
    manifest: Manifest

    @classmethod
    def open(cls, path: Path, engine: Engine, form: Form, wanted: Manifest) -> Folder:
        """Go on with a folder, or begin one that is to hold what `wanted` says.

        Raises:
            Conflict: it holds another ledger, or other parts of it, or blocks that are no more.
        """
        found = find_manifest(path)
        if found is not None:
            verify_same(path, found, wanted)
            if to_hex(fetch_standing(engine, found.to_block).ledger_head) != found.ledger_head:
                raise Conflict(
                    f"{path} goes up to block {found.to_block}, which has been replaced since, as"
                    " it was not final: take another folder",
                    path=str(path),
                    block=found.to_block,
                )
        folder = cls(path, engine, form, found or wanted)
        folder._sweep()
        return folder

    def export(self, last: int) -> None:
        """Add what is missing up to a block.

        Raises:
            MirrorError: meanwhile the chain has replaced blocks, as `last` was not final.
        """
        before = fetch_standing(self.engine, self.manifest.to_block)
        for stretch in cut(self.engine, before, last, self.form.size):
            has_entries = stretch.last.sequence > stretch.before.sequence
            tables = self._of(STREAM) if has_entries else []
            self._add(stretch, self._write(tables, stretch, f"blocks={stretch.blocks}"))
        self._renew_folded()
        after = fetch_standing(self.engine, self.manifest.to_block)
        if to_hex(after.ledger_head) != self.manifest.ledger_head:
            raise MirrorError(f"block {after.block} was replaced while it was exported")

    def _renew_folded(self) -> None:
        """Write the folded tables as of the last block, and drop what is older."""
        files, at = self.manifest.files, self.manifest.to_block
        there = {file.table for file in files if file.table in FOLDED and file.to_block == at}
        missing = [table for table in self._of(FOLDED) if table not in there]
        base = self.manifest.from_block - 1
        stretch = Stretch(fetch_standing(self.engine, base), fetch_standing(self.engine, at))
        fresh = list(self._write(missing, stretch, f"as_of={at}"))
        kept = [file for file in files if file.table not in missing]
        self._keep(replace(self.manifest, files=(*kept, *fresh)))
        self._sweep()

    def _of(self, tables: Iterable[str]) -> list[str]:
        return [table for table in tables if table in self.manifest.tables]

    def _write(self, tables: Iterable[str], stretch: Stretch, place: str) -> Iterator[File]:
        for table in tables:
            name = f"{table}/{place}/part-0.{self.form.suffix}"
            path = self.path / name
            with write_file(path) as file:
                rows = self.form.write(file, table, stretch)
            with path.open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            first, last = stretch.before.block + 1, stretch.last.block
            yield File(name, table, first, last, rows, path.stat().st_size, digest)

    def _add(self, stretch: Stretch, files: Iterable[File]) -> None:
        """The manifest after a stretch."""
        self._keep(
            replace(
                self.manifest,
                files=(*self.manifest.files, *files),
                to_block=stretch.last.block,
                entries=stretch.last.sequence,
                ledger_head=to_hex(stretch.last.ledger_head),
            )
        )

    def _keep(self, manifest: Manifest) -> None:
        self.manifest = manifest
        save_manifest(self.path, manifest)

    def _sweep(self) -> None:
        """Remove what the manifest does not name: of exports that were killed, or older."""
        drop_parts(self.path)
        named = {self.path / file.path for file in self.manifest.files}
        for table in self.manifest.tables:
            for path in self.path.glob(f"{table}/*=*/part-0.{self.form.suffix}"):
                if path not in named:
                    path.unlink()
                    path.parent.rmdir()
