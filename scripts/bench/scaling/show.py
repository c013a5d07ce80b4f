"""Shows what was measured: tables for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.bench.scaling.bench import FLATNESS, MEMORY, SLOWDOWN, Measured
from scripts.bench.scaling.questions import QUESTIONS

_WIDTH: Final = 110
_MIB: Final = 1 << 20
_NOTHING: Final = "-"
_TITLES: Final = {question.name: question.title for question in QUESTIONS}


def to_json(measured: Measured) -> dict[str, Any]:
    """Everything: entries a second, bytes, microseconds; null where there is nothing to tell."""
    mirrored, plan = measured.mirrored, measured.plan
    return {
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "database": measured.database,
        "entries": plan.large.entries,
        "assets": plan.large.assets,
        "seconds": mirrored.seconds,
        "ending_seconds": mirrored.ending,
        "cpu_seconds": mirrored.busy,
        "entries_per_second": mirrored.rate,
        "portion": plan.portion,
        "first": measured.first and asdict(measured.first),
        "last": measured.last and asdict(measured.last),
        "flatness": measured.flatness,
        "busy_flatness": measured.busy_flatness,
        "reached": [asdict(reached) for reached in mirrored.reached],
        "peak_bytes": mirrored.peak,
        "database_bytes": measured.size,
        "bytes_per_entry": measured.size / plan.large.entries,
        "tables": [asdict(table) for table in measured.tables],
        "small": {"entries": plan.small.entries, "assets": plan.small.assets},
        "questions": [
            {
                "name": name,
                "title": _TITLES[name],
                **{mirror: asdict(answers) for mirror, answers in by_mirror.items()},
                "slowdown": measured.slowdown(name),
            }
            for name, by_mirror in measured.answers.items()
        ],
        "missed": measured.missed,
    }


def show_tables(measured: Measured) -> None:
    """Print how fast and how large, then where the bytes are, then the questions."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    for title, table in (_filling(measured), _tables(measured), _questions(measured)):
        console.print(title)
        console.print(table)
        console.print()
    missed = ", ".join(measured.missed)
    console.print(f"Not kept: {missed}" if missed else "All bounds are kept")


def _filling(measured: Measured) -> tuple[str, Table]:
    mirrored, plan = measured.mirrored, measured.plan
    entries, assets = plan.large.entries, plan.large.assets
    table = _table()
    table.add_column("", justify="right")
    table.add_column("bound", justify="right")
    first, last, portion = measured.first, measured.last, f"{plan.portion:,}"
    rows = [
        ("entries a second, whole process", _number(mirrored.rate), ""),
        (f"over the first {portion}", _number(first.rate if first else None), ""),
        (f"over the last {portion} that were final", _number(last.rate if last else None), ""),
        ("the last to the first", _number(measured.flatness, 2), f"≥ {FLATNESS}"),
        ("the same by processor time", _number(measured.busy_flatness, 2), ""),
        ("seconds", _number(mirrored.seconds, 1), ""),
        ("of them after the last final entry", _number(mirrored.ending, 1), ""),
        ("processor's seconds", _number(mirrored.busy, 1), ""),
        ("peak memory, MiB", _number(mirrored.peak / _MIB), f"≤ {MEMORY // _MIB}"),
        ("database, MiB", _number(measured.size / _MIB), ""),
        ("bytes an entry", _number(measured.size / entries), ""),
    ]
    for row in rows:
        table.add_row(*row)
    return f"{entries:,} entries over {assets:,} assets into {measured.database}", table


def _tables(measured: Measured) -> tuple[str, Table]:
    entries = measured.plan.large.entries
    table = _table()
    for name in ("rows", "indexes"):
        table.add_column(name, justify="right")
    for size in measured.tables:
        if size.rows + size.indexes >= entries:
            cells = (_number(part / entries, 1) for part in (size.rows, size.indexes))
            table.add_row(size.table, *cells)
    return "Bytes an entry, by table", table


def _questions(measured: Measured) -> tuple[str, Table]:
    small, large = measured.plan.small.assets, measured.plan.large.assets
    table = _table()
    names = ("p50", "p99", "rows", "p50", "p99", "rows", f"p50 ratio ≤ {SLOWDOWN:g}")
    for name in names:
        table.add_column(name, justify="right")
    for name, by_mirror in measured.answers.items():
        told = (by_mirror["small"], by_mirror["large"])
        cells = [_number(cell) for one in told for cell in (one.p50, one.p99, one.rows)]
        table.add_row(_TITLES[name], *cells, _number(measured.slowdown(name), 2))
    return f"Microseconds to answer, of {small:,} assets and of {large:,}", table


def _table() -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    return table


def _number(number: float | None, digits: int = 0) -> str:
    return _NOTHING if number is None else f"{number:,.{digits}f}"
