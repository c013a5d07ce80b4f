"""Measures whether the mirror stays flat up to ten million entries over a million assets."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ledger.errors import LedgerError
from scripts.bench.scaling.bench import SMALL, Measured, Plan, measure
from scripts.bench.scaling.shape import Shape
from scripts.bench.scaling.show import show_tables, to_json


def main() -> int:
    """Measure and print; 0 if all could be measured, else 1."""
    asked = read_arguments()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        measured = run(asked)
    except LedgerError as error:
        print(f"scale: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(measured)))
    else:
        show_tables(measured)
    return 0


def run(asked: argparse.Namespace) -> Measured:
    """Measure what is asked for, in the folder that is kept or in one that is gone afterwards."""
    plan = SMALL if asked.small else Plan(Shape())
    sizes = {name: getattr(asked, name) for name in ("entries", "assets")}
    given = {name: size for name, size in sizes.items() if size is not None}
    plan = replace(plan, large=replace(plan.large, **given))
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="asset-ledger-scale-")
        folder = asked.keep or Path(stack.enter_context(temporary))
        return measure(plan, folder, say, asked.database_url)


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def read_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench/scale", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--small", action="store_true", help="100,000 entries, to try it out")
    parser.add_argument("--entries", type=int, help="how many entries; else 10,000,000")
    parser.add_argument("--assets", type=int, help="over how many assets; else 1,000,000")
    parser.add_argument(
        "--database-url", help="PostgreSQL: two databases are made beside that one; else SQLite"
    )
    parser.add_argument(
        "--keep", type=Path, help="folder that keeps generated ledgers, to be used again"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
