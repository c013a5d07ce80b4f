"""Shows what was measured: a table for people, one JSON object for programs."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.bench.writing.loads import NAIVE, Row

_NOTHING: Final = "-"
_WIDTH: Final = 130
_MIB: Final = 1 << 20
_PROCESSES: Final = ("chain", "API", "submitter", "indexer", "up", "client")
_ALL: Final = "all"


def naive_rate(rows: Sequence[Row]) -> float | None:
    """The naive loop's assets a second: the median of its runs."""
    rates = [row.rate for row in rows if row.name == NAIVE]
    return statistics.median(rates) if rates else None


def to_json(rows: Sequence[Row], machine: dict[str, Any]) -> dict[str, Any]:
    """Everything: seconds, assets a second, bytes; null where there is nothing to tell."""
    naive = naive_rate(rows)
    return {
        "machine": machine,
        "naive_per_second": naive,
        "rows": [
            {
                "name": row.name,
                "title": row.title,
                "assets": row.assets,
                "seconds": row.seconds,
                "accepted_seconds": row.accepted,
                "assets_per_second": row.rate,
                "ratio": row.rate / naive if naive else None,
                "p50": row.wait(50),
                "p99": row.wait(99),
                "peak_bytes": {name: used.peak for name, used in row.used.items()},
                "cpu_seconds": {name: used.seconds for name, used in row.used.items()},
            }
            for row in rows
        ],
    }


def show_tables(rows: Sequence[Row]) -> None:
    """Print speed, then memory and processor time; colours never against NO_COLOR."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    naive = naive_rate(rows)
    speed = _table("Assets, from accepted to mirrored")
    for name in ("assets", "seconds", "a second", "ratio", "p50 ms", "p99 ms"):
        speed.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        ratio = f"{row.rate / naive:,.1f}" if naive else _NOTHING
        numbers = f"{row.assets:,}", f"{row.seconds:,.1f}", f"{row.rate:,.1f}", ratio
        speed.add_row(row.name, row.title, *numbers, _shown(row.wait(50)), _shown(row.wait(99)))
    console.print(speed)
    console.print()
    peaks = [{name: used.peak for name, used in row.used.items()} for row in rows]
    console.print(_resources("Peak memory, MiB", rows, peaks, _MIB))
    console.print()
    seconds = [{name: used.seconds for name, used in row.used.items()} for row in rows]
    console.print(_resources("Processor, seconds", rows, seconds, 1))


def _resources(
    title: str, rows: Sequence[Row], used: Sequence[Mapping[str, float]], unit: int
) -> Table:
    """A column for each process, and one for their sum: peaks need not be at the same moment."""
    table = _table(title)
    for name in (*_PROCESSES, _ALL):
        table.add_column(name, justify="right", no_wrap=True)
    for row, by_name in zip(rows, used, strict=True):
        amounts = [*(by_name.get(name) for name in _PROCESSES), sum(by_name.values())]
        cells = (_NOTHING if one is None else f"{one / unit:,.1f}" for one in amounts)
        table.add_row(row.name, row.title, *cells)
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("")
    return table


def _shown(seconds: float | None) -> str:
    return _NOTHING if seconds is None else f"{seconds * 1000:,.0f}"
