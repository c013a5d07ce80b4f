"""Measures how fast assets come onto the ledger, beside a naive web3.py loop on the same chain."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from typing import Any

from ledger.chain.rpc import RpcClient
from ledger.errors import LedgerError
from scripts.bench.writing.loads import SMALL, Bench, Sizes, say
from scripts.bench.writing.show import show_tables, to_json
from scripts.bench.writing.system import System, started

LOADS = ("naive", "a", "b", "w", "c", "d")


def main() -> int:
    """Measure and print; 0 if all could be measured, else 1."""
    asked = read_arguments()
    sizes = SMALL if asked.small else Sizes()
    try:
        with started(asked.database_url) as system:
            say(f"the ledger runs at {system.api}")
            rows = Bench(system, sizes, say).run(frozenset(asked.only))
            machine = describe(system)
    except LedgerError as error:
        print(f"writes: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(rows, machine)))
    else:
        show_tables(rows)
    return 0


def read_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench/writes", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--only", type=_names, default=LOADS, help=f"loads to run, of {','.join(LOADS)}"
    )
    parser.add_argument("--small", action="store_true", help="a few assets each, to try it out")
    parser.add_argument("--database-url", help="SQLAlchemy's form; else SQLite")
    return parser.parse_args()


def describe(system: System) -> dict[str, Any]:
    """What it was measured on."""
    with RpcClient(system.rpc_url) as rpc:
        node = str(rpc.fetch("web3_clientVersion"))
    return {"processors": os.cpu_count(), "python": platform.python_version(), "node": node}


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in LOADS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(LOADS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
