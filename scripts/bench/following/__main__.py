"""Measures how soon after its block an entry can be read from the API, or is told as an event."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from ledger.errors import LedgerError
from ledger.settings import Settings
from scripts.bench.following.blocks import measure_delays
from scripts.bench.writing.system import started

_BOUND: Final = 0.300
# Nothing listens there, so the mirror hears of no block and asks as often as it is set to.
_DEAF: Final = {"ASSET_LEDGER_WS_URL": "ws://127.0.0.1:9"}
_STREAMED: Final = "in a stream of events"
_WAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "websocket": {},
    "no websocket": _DEAF,
    "websocket, asks every 5 s": {"ASSET_LEDGER_POLL_SECONDS": "5"},
    _STREAMED: {},
}


def main() -> int:
    """Measure and print; 0 if every p99 is within the bound, else 1."""
    asked = read_arguments()
    rows = {}
    try:
        for name, settings in _WAYS.items():
            print(f"live: {name}", file=sys.stderr, flush=True)
            with started(asked.database_url, settings) as system:
                delays = measure_delays(system, asked.blocks, streamed=name == _STREAMED)
                rows[name] = summarise(delays)
    except LedgerError as error:
        print(f"live: {error}", file=sys.stderr)
        return 1
    if asked.json:
        told = {"blocks": asked.blocks, "poll_seconds": Settings().poll_seconds, "seconds": rows}
        print(json.dumps(told))
    else:
        show(rows)
    return 0 if all(row["p99"] < _BOUND for row in rows.values()) else 1


def summarise(delays: Sequence[float]) -> dict[str, float]:
    """Seconds from a block to its entry's being readable."""
    parts = statistics.quantiles(delays, n=100, method="inclusive")
    return {"p50": parts[49], "p90": parts[89], "p99": parts[98], "max": max(delays)}


def show(rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table; colours never against NO_COLOR."""
    table = Table(title="From a block to its entry in the API, ms", title_justify="left", box=None)
    table.add_column("")
    for name in ("p50", "p90", "p99", "max"):
        table.add_column(name, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(f"{seconds * 1000:,.0f}" for seconds in row.values()))
    Console(highlight=False).print(table)


def read_arguments() -> Any:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench/live", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--blocks", type=int, default=200, help="how many, each way (2 or more)")
    parser.add_argument("--database-url", help="SQLAlchemy's form; else SQLite")
    asked = parser.parse_args()
    if asked.blocks < 2:
        parser.error("argument --blocks: at least 2")
    return asked


if __name__ == "__main__":
    sys.exit(main())
