"""Writes tables as Parquet: zstd, in row groups whose statistics let readers skip them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ledger.mirror.export.columns import (
    BLOCK,
    ENTRY,
    schema_of,
    tell_block_row,
    tell_entry_row,
    tell_folded_row,
)
from ledger.mirror.export.folded import SUBJECTS, read_folded
from ledger.mirror.export.forms import Counted, Source
from ledger.mirror.export.reading import Stretch, read_blocks

_GROUP: Final = 100_000
"""Rows that a row group has at least, save for the last."""


@dataclass(frozen=True, slots=True)
class Parquet:
    """Parquet, each table as its own columns have it."""

    source: Source
    suffix: str = "parquet"
    size: int = 1_000_000

    def write(self, file: BinaryIO, table: str, stretch: Stretch, /) -> int:
        """Write the rows of a stretch's blocks, or a folded table as they leave it."""
        engine, counted = self.source.engine, Counted()
        match table:
            case "entry":
                pages = counted.count(self.source.read(stretch))
                _write(file, ENTRY, "sequence", _batches(pages, ENTRY, tell_entry_row))
            case "block":
                blocks = counted.count(read_blocks(engine, stretch))
                _write(file, BLOCK, "number", _batches(blocks, BLOCK, tell_block_row))
            case _:
                schema = schema_of(table)
                order = "first_sequence" if table in SUBJECTS else schema.names[0]
                rows = counted.count(read_folded(engine, table, stretch.last))
                _write(file, schema, order, _batches(rows, schema, tell_folded_row))
        return counted.rows


def _batches(
    pages: Iterable[Sequence[Any]], schema: pa.Schema, tell: Callable[[Any], dict[str, Any]]
) -> Iterator[pa.RecordBatch]:
    for rows in pages:
        yield pa.RecordBatch.from_pylist([tell(row) for row in rows], schema)


def _write(
    file: BinaryIO, schema: pa.Schema, order: str, batches: Iterable[pa.RecordBatch]
) -> None:
    """Write batches that come in the order of a column."""
    sorting = [pq.SortingColumn(schema.get_field_index(order))]
    with pq.ParquetWriter(file, schema, compression="zstd", sorting_columns=sorting) as writer:
        group: list[pa.RecordBatch] = []
        for batch in batches:
            group.append(batch)
            if sum(each.num_rows for each in group) >= _GROUP:
                writer.write_table(pa.Table.from_batches(group))
                group.clear()
        writer.write_table(pa.Table.from_batches(group, schema))
