"""Measures bundles of short and long histories, beside proofs of receipts for the same entries."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from ledger.domain.log import APPENDED_TOPIC
from ledger.domain.payloads import Observed, Registered
from ledger.errors import LedgerError
from ledger.hashing import subject_id
from ledger.proofs.build import build_bundle
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH, AssetKind, Hash32
from scripts.bench.costs.chain import BenchError, started
from scripts.bench.costs.ours import Ledger, Organisation
from scripts.bench.proving.holdings import measure_holdings, show_holdings
from scripts.bench.proving.receipts import fetch_proofs, verify_proofs

_BOUND: Final = 1.0
_BOUNDED: Final = 10_000
_TOGETHER: Final = 100
"""Entries in one transaction, where there are more than a thousand."""


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds and bytes for a history of so many entries in so many blocks.

    Building waits for the node; verifying waits for nothing, and is counted in seconds of the CPU.
    """

    entries: int
    blocks: int
    way: str
    build: float
    verify: float
    size: int


def main() -> int:
    """Measure and print; 0 if 10,000 entries verify within a second, else 1."""
    asked = read_arguments()
    if asked.holdings:
        held = measure_holdings(asked.holdings)
        print(json.dumps([asdict(row) for row in held])) if asked.json else show_holdings(held)
        return 0
    rows: list[Row] = []
    try:
        with started() as chain:
            ledger = Ledger.deploy(chain)
            org = ledger.enrol("bench")
            for entries in asked.entries:
                print(f"proofs: {entries:,} entries", file=sys.stderr, flush=True)
                rows += measure(ledger, write(ledger, org, entries), entries, asked.runs)
    except LedgerError as error:
        print(f"proofs: {error}", file=sys.stderr)
        return 1
    print(json.dumps([asdict(row) for row in rows])) if asked.json else show(rows)
    return 0 if all(is_quick(row) for row in rows) else 1


def is_quick(row: Row) -> bool:
    """Whether a bundle verifies as quickly as it has to, in proportion beyond 10,000 entries."""
    return row.way != "bundle" or row.verify < _BOUND * max(1, row.entries / _BOUNDED)


def write(ledger: Ledger, org: Organisation, entries: int) -> Hash32:
    """An asset with so many entries."""
    birth = Registered(org.id, ZERO_HASH, ledger.digest(), AssetKind.INSTANCE)
    asset = subject_id(ledger.domain, birth.KIND, org.id, birth.encode())
    ledger.act(org, [(asset, birth)])
    left, together = entries - 1, 1 if entries <= 1000 else _TOGETHER
    while left:
        some = min(left, together)
        ledger.act(org, [(asset, Observed(ledger.digest())) for _ in range(some)])
        left -= some
    return asset


def measure(ledger: Ledger, asset: Hash32, entries: int, runs: int) -> list[Row]:
    """Both ways of proving the same history."""
    rpc, contract = ledger.chain.rpc, ledger.contract
    logs = rpc.fetch_logs(contract, (APPENDED_TOPIC, asset), 0, "latest")
    blocks = {log.block_hash for log in logs}
    built = build_bundle(rpc, contract, asset)
    receipts = fetch_proofs(ledger.chain, contract, asset)
    head = built.verified.block.hash

    def check() -> None:
        if verify_proofs(receipts, contract, asset, blocks) != entries:
            raise BenchError("receipts of other entries")

    def verify() -> None:
        if len(verify_bundle(built.raw, block_hash=head, contract=contract).entries) != entries:
            raise BenchError("a bundle of other entries")

    count = len(blocks)
    return [
        Row(
            entries,
            count,
            "bundle",
            seconds(lambda: build_bundle(rpc, contract, asset), runs),
            seconds(verify, runs, time.process_time),
            len(built.raw),
        ),
        Row(
            entries,
            count,
            "receipts",
            seconds(lambda: fetch_proofs(ledger.chain, contract, asset), runs),
            seconds(check, runs, time.process_time),
            len(receipts.raw),
        ),
    ]


def seconds(
    work: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The median of some runs."""
    taken = []
    for _ in range(runs):
        began = clock()
        work()
        taken.append(clock() - began)
    return statistics.median(taken)


def show(rows: Sequence[Row]) -> None:
    """Print a table."""
    table = Table(title="Proofs of one asset's history", title_justify="left", box=None)
    table.add_column("")
    for name in ("entries", "blocks", "build, s", "verify, CPU s", "bytes", "per entry"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.way,
            f"{row.entries:,}",
            f"{row.blocks:,}",
            f"{row.build:.3f}",
            f"{row.verify:.4f}",
            f"{row.size:,}",
            f"{row.size / row.entries:,.0f}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "A bundle is built with its own verification, and trusts one block. Receipts trust each of"
        " their blocks, and do not prove that no entry is missing."
    )


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench/proofs", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.add_argument(
        "--entries", type=int, nargs="+", default=[10, 1_000, 10_000, 100_000], metavar="N"
    )
    parser.add_argument(
        "--holdings",
        type=int,
        nargs="+",
        metavar="N",
        help="measure what organisations own instead",
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median counts")
    asked = parser.parse_args()
    if min(asked.entries) < 1 or asked.runs < 1:
        parser.error("--entries and --runs need numbers of at least 1")
    return asked


if __name__ == "__main__":
    sys.exit(main())
