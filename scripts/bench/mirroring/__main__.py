"""Measures how fast the mirror is filled from a chain, beside others that do the like."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ledger.chain.rpc import RpcClient
from ledger.errors import LedgerError
from scripts.bench.mirroring import rivals
from scripts.bench.mirroring.chain import Loaded, loaded
from scripts.bench.mirroring.compare import Row, compare
from scripts.bench.mirroring.contestants import contestants
from scripts.bench.mirroring.databases import POSTGRESQL, SQLITE, servers
from scripts.bench.mirroring.keeping import keep, load_kept
from scripts.bench.mirroring.profile import Spent, profile
from scripts.bench.mirroring.show import show_tables, to_json

NAMES: Final = ("ours", "raw", "naive", *rivals.NAMES)
ENTRIES: Final = 200_000
SMALL: Final = 3_000


def main() -> int:
    """Measure and print; 0 if all could be measured, else 1."""
    asked = read_arguments()
    try:
        with contextlib.ExitStack() as ends:
            if asked.on is None:
                chain = ends.enter_context(loaded(asked.entries, say, asked.port))
            else:
                chain = load_kept(asked.on)
            if asked.keep:
                keep(chain)
                return 0
            rows, skipped, profiles = measure(chain, asked.only, asked.runs, asked.profile)
            machine = describe(chain)
    except LedgerError as error:
        print(f"mirror: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(rows, skipped, profiles, machine)))
    else:
        show_tables(rows, skipped, profiles)
    return 0


def read_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench/mirror", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--only", type=_names, default=NAMES, help=f"whom to run, of {','.join(NAMES)}"
    )
    parser.add_argument(
        "--runs", type=_count, default=5, help="runs of each; the naive loop has one"
    )
    parser.add_argument(
        "--small",
        dest="entries",
        action="store_const",
        const=SMALL,
        default=ENTRIES,
        help="a few entries, to try it out",
    )
    parser.add_argument(
        "--keep", action="store_true", help="measure nothing; keep the chain until Ctrl-C"
    )
    parser.add_argument("--port", type=int, default=0, help="where the chain listens; else any")
    parser.add_argument("--on", type=Path, help="a file with what a run with --keep printed")
    parser.add_argument("--profile", action="store_true", help="say where our seconds go, too")
    return parser.parse_args()


def measure(
    chain: Loaded, only: Sequence[str], runs: int, profiled: bool = False
) -> tuple[list[Row], dict[str, str], dict[str, list[Spent]]]:
    """Run those that were asked for; why others cannot be run here; where our seconds go."""
    with servers() as fresh, tempfile.TemporaryDirectory(prefix="asset-ledger-mirror-") as scratch:
        chosen = [one for one in contestants(fresh) if one.name in only]
        installed, skipped = rivals.install_rivals(only, chain, fresh, Path(scratch))
        rows = compare(chain, [*chosen, *installed], runs, say)
        kinds = (SQLITE, POSTGRESQL) if profiled else ()
        return rows, skipped, {kind: profile(chain, fresh(kind)) for kind in kinds}


def describe(chain: Loaded) -> dict[str, Any]:
    """What it was measured on."""
    with RpcClient(chain.rpc_url) as rpc:
        node = str(rpc.fetch("web3_clientVersion"))
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "node": node,
        "blocks": chain.last - chain.first + 1,
    }


def say(text: str) -> None:
    """Tell how far it is, on the error stream."""
    print(text, file=sys.stderr, flush=True)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text}: not a number of runs")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(NAMES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
