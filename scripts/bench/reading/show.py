"""Shows what was measured: a table for people, one JSON object for programs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.bench.reading.bench import SHARE, Plan, Row, grown, missed

_WIDTH: Final = 140


def to_json(plan: Plan, rows: Sequence[Row]) -> dict[str, Any]:
    """Everything: requests a second, milliseconds, bytes."""
    return {
        "machine": {"processors": os.cpu_count(), "python": platform.python_version()},
        "connections": plan.connections,
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "rows": [
            {**asdict(row), "question": row.question.name, "growth": grown(rows, row)}
            for row in rows
        ],
        "missed": missed(plan, rows),
    }


def show(plan: Plan, rows: Sequence[Row]) -> None:
    """Print a table; colours never against NO_COLOR."""
    title = f"Requests a second by {plan.connections} connections to one process, milliseconds"
    title += " until they are answered and of the server's processor"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("", "database", "assets"):
        table.add_column(name, no_wrap=True)
    columns = (
        "bytes",
        "requests/s",
        "p50",
        "p99",
        "cpu",
        "bare/s",
        f"share ≥ {SHARE:g}",
        "SQL alone/s",
    )
    for name in (*columns, f"growth ≤ {plan.growth:.2f}"):
        table.add_column(name, justify="right")
    for row in rows:
        growth = grown(rows, row)
        api, other = row.api, row.bare
        numbers = [f"{api.rate:,.0f}", f"{api.p50:.2f}", f"{api.p99:.2f}", f"{api.cpu:.2f}"]
        numbers.append(f"{other.rate:,.0f}")
        numbers += [f"{row.share:.2f}", f"{row.raw.rate:,.0f}"]
        numbers.append("" if growth is None else f"{growth:.2f}")
        where = (row.question.title, row.database, f"{row.assets:,}", f"{row.bytes:,}")
        table.add_row(*where, *numbers)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(table)
    for one in missed(plan, rows):
        console.print(f"Not kept: {one}")
