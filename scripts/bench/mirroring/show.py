"""Shows what was measured: a table for people, one JSON object for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.bench.mirroring.compare import Row
from scripts.bench.mirroring.contestants import NAIVE
from scripts.bench.mirroring.profile import Spent

_NOTHING: Final = "-"
_WIDTH: Final = 130
_MIB: Final = 1 << 20


def to_json(
    rows: Sequence[Row],
    skipped: Mapping[str, str],
    profiles: Mapping[str, Sequence[Spent]],
    machine: Mapping[str, Any],
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
        "profiles": {name: [asdict(one) for one in spent] for name, spent in profiles.items()},
    }


def ratio_of(row: Row, rows: Sequence[Row]) -> float | None:
    """How many times the naive loop's rate into the same database; None if that was not run."""
    for other in rows:
        if other.contestant.name == NAIVE and other.contestant.database == row.contestant.database:
            return row.rate / other.rate
    return None


def show_tables(
    rows: Sequence[Row], skipped: Mapping[str, str], profiles: Mapping[str, Sequence[Spent]]
) -> None:
    """Print it, who was left out, and the profiles; colours never against NO_COLOR."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(_speed(rows))
    for name, reason in skipped.items():
        console.print(f"{name} is left out: {reason}", style="dim")
    for database, spent in profiles.items():
        console.print()
        console.print(_profile(database, spent))


def _speed(rows: Sequence[Row]) -> Table:
    numbers = ("entries", "runs", "seconds", "a second", "ratio", "MiB", "CPU s")
    table = _table("Entries, from an empty database to the head", ("", "into"), numbers)
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
    return table


def _profile(database: str, spent: Sequence[Spent]) -> Table:
    title = f"asset-ledger index into {database}, seconds"
    table = _table(title, ("process", "module", "in"), ("CPU", "waits"))
    for one in spent:
        numbers = f"{one.processor:,.2f}", f"{one.waited:,.2f}"
        table.add_row(f"{one.process}", one.module, one.doing, *numbers)
    return table


def _table(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in words:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
