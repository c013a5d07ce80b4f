"""Measures how fast the API answers reads, beside a bare FastAPI endpoint and the SQL alone."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from ledger.errors import LedgerError
from scripts.bench.reading.bench import DATABASES, Plan, measure, missed
from scripts.bench.reading.show import show, to_json

SMALL = Plan(assets=(1_000,), seconds=0.5, rounds=1, drawn=100)
"""To try it out."""


def main() -> int:
    """Measure and print; 0 if all bounds are kept, else 1."""
    asked = read_arguments()
    plan = make_plan(asked)
    try:
        with ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(prefix="asset-ledger-reads-")
            folder = asked.keep or Path(stack.enter_context(temporary))
            folder.mkdir(parents=True, exist_ok=True)
            rows = measure(plan, folder, say)
    except LedgerError as error:
        print(f"reads: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(plan, rows)))
    else:
        show(plan, rows)
    return 1 if missed(plan, rows) else 0


def make_plan(asked: argparse.Namespace) -> Plan:
    """What is measured: all that is said, the rest as usual."""
    usual = SMALL if asked.small else Plan()
    return Plan(
        assets=asked.assets or usual.assets,
        databases=asked.databases or usual.databases,
        connections=asked.connections or usual.connections,
        seconds=asked.seconds or usual.seconds,
        rounds=asked.rounds or usual.rounds,
        drawn=usual.drawn,
    )


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"reads: {text}", file=sys.stderr, flush=True)


def read_arguments() -> argparse.Namespace:
    """The options."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="scripts/bench/reads", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--small", action="store_true", help="1,000 assets, to try it out")
    parser.add_argument(
        "--assets", type=_sizes, help="sizes of ledgers, commas between (10000,1000000)"
    )
    parser.add_argument("--databases", type=_names, help=f"of {','.join(DATABASES)}; else both")
    parser.add_argument("--connections", type=int, help=f"requests in flight ({usual.connections})")
    parser.add_argument("--seconds", type=float, help=f"of each load ({usual.seconds:g})")
    parser.add_argument("--rounds", type=int, help=f"in turns ({usual.rounds})")
    parser.add_argument(
        "--keep", type=Path, help="folder that keeps generated ledgers, to be used again"
    )
    return parser.parse_args()


def _sizes(told: str) -> tuple[int, ...]:
    return tuple(sorted({int(one) for one in told.split(",")}))


def _names(told: str) -> tuple[str, ...]:
    names = tuple(told.split(","))
    unknown = [name for name in names if name not in DATABASES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(DATABASES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
