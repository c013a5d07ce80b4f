"""Tells of a run, as a table and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.bench.clustering.bench import Run

_WIDTH: Final = 130
_MOST: Final = 20


def to_json(run: Run, wrong: Sequence[str]) -> dict[str, Any]:
    """Everything; seconds, and entries a second from the first request until all are final."""
    plan, done = run.plan, run.done
    return {
        "organisations": plan.organisations,
        "assets": len(plan.lives),
        "seed": plan.seed,
        "kinds": dict(plan.kinds),
        "entries": plan.entries,
        "refused": plan.refused,
        "refused_at_once": done.refused_at_once,
        "single_requests": len(done.waits),
        "p50": run.wait(50),
        "p99": run.wait(99),
        "accepted_seconds": done.accepted,
        "final_seconds": done.final,
        "entries_per_second": run.rate,
        "as_planned": not wrong,
        "wrong": list(wrong),
    }


def show(run: Run, wrong: Sequence[str]) -> None:
    """Print the figures, then what is not as planned; colours never against NO_COLOR."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    plan = run.plan
    title = f"{plan.organisations} organisations, {plan.assets} assets each, seed {plan.seed}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    cells = _cells(run, wrong)
    for name in cells:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(*cells.values())
    console.print(table)
    told = ", ".join(f"{count:,} {kind}" for kind, count in plan.kinds.most_common())
    console.print(f"\nappended: {told}")
    for one in wrong[:_MOST]:
        console.print(f"not as planned: {one}", style="red", markup=False)
    if len(wrong) > _MOST:
        console.print(f"… and {len(wrong) - _MOST:,} more")


def _cells(run: Run, wrong: Sequence[str]) -> dict[str, str]:
    return {
        "entries": f"{run.plan.entries:,}",
        "accepted s": f"{run.done.accepted:,.1f}",
        "final s": f"{run.done.final:,.1f}",
        "a second": f"{run.rate:,.1f}",
        "p50 ms": f"{run.wait(50) * 1000:,.0f}",
        "p99 ms": f"{run.wait(99) * 1000:,.0f}",
        "refused, as planned": f"{run.plan.refused:,}",
        "not as planned": f"{len(wrong):,}",
    }
