"""Shows what was measured: a table for people, one JSON object for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.bench.mirroring.compare import Row
from scripts.bench.mirroring.contestants import NAIVE

_NOTHING: Final = "-"
_WIDTH: Final = 130
_MIB: Final = 1 << 20


def to_json(
    rows: Sequence[Row], skipped: Mapping[str, str], machine: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything: seconds, entries a second, bytes; null where there is nothing to compare with."""
    return {
        "machine": machine,
        "rows": [
            {
                "name": row.contestant.name,
                "title": row.contestant.title,
                "database": row.contestant.database,
                "entries": row.entries,
                "seconds": row.seconds,
                "entries_per_second": row.rate,
                "ratio": ratio_of(row, rows),
                "peak_bytes": row.peak,
                "cpu_seconds": row.processor,
                "runs": [run.seconds for run in row.runs],
            }
            for row in rows
        ],
        "skipped": dict(skipped),
    }


def ratio_of(row: Row, rows: Sequence[Row]) -> float | None:
    """How many times the naive loop's rate into the same database; None if that was not run."""
    for other in rows:
        if other.contestant.name == NAIVE and other.contestant.database == row.contestant.database:
            return row.rate / other.rate
    return None


def show_table(rows: Sequence[Row], skipped: Mapping[str, str]) -> None:
    """Print it, and who was left out; colours never against NO_COLOR."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    table = Table(
        title="Entries, from an empty database to the head",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("")
    table.add_column("into")
    for name in ("entries", "runs", "seconds", "a second", "ratio", "MiB", "CPU s"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        ratio = ratio_of(row, rows)
        table.add_row(
            row.contestant.title,
            row.contestant.database or _NOTHING,
            f"{row.entries:,}",
            f"{len(row.runs)}",
            f"{row.seconds:,.2f}",
            f"{row.rate:,.0f}",
            _NOTHING if ratio is None else f"{ratio:,.1f}",
            f"{row.peak / _MIB:,.0f}",
            f"{row.processor:,.1f}",
        )
    console.print(table)
    for name, reason in skipped.items():
        console.print(f"{name}: {reason}", style="dim")
