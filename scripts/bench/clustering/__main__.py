"""Lets organisations deal with each other all at once, and compares what comes out with a plan."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from ledger.errors import LedgerError
from scripts.bench.clustering.bench import carry_out, compare
from scripts.bench.clustering.plan import draw
from scripts.bench.clustering.show import show, to_json
from scripts.bench.writing.system import started


def main() -> int:
    """Run and print; 0 if everything came out as planned, else 1."""
    asked = read_arguments()
    plan = draw(asked.organisations, asked.assets, asked.seed)
    try:
        with started(asked.database_url) as system:
            say(f"the ledger runs at {system.api}")
            run = carry_out(system, plan, say)
            wrong = compare(system, run, say, asked.database_url)
    except LedgerError as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(run, wrong)))
    else:
        show(run, wrong)
    return 1 if wrong else 0


def read_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench/cluster", description=__doc__)
    parser.add_argument(
        "--organisations", type=at_least(3), default=100, help="how many deal with each other"
    )
    parser.add_argument("--assets", type=at_least(2), default=200, help="of each organisation")
    parser.add_argument("--seed", type=int, default=1, help="draws another plan")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--database-url", help="SQLAlchemy's form; else SQLite")
    return parser.parse_args()


def at_least(least: int) -> Callable[[str], int]:
    """Reads a number that is no smaller."""

    def read(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number}: at least {least} are needed")
        return number

    return read


def say(told: str) -> None:
    """Tell how far it is."""
    print(f"cluster: {told}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
