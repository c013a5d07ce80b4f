"""Measures proofs of what is owned: assets registered one by one, and those of a batch."""

from __future__ import annotations

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from rich.console import Console
from rich.table import Table

from ledger.chain.rpc import RpcClient
from ledger.domain.payloads import BatchRegistered
from ledger.proofs.build import build_bundle
from ledger.proofs.gathering import MOST_HELD, Wanted
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH, Address, Hash32
from scripts.bench.costs.chain import started
from scripts.bench.costs.ours import Ledger

_TOGETHER: Final = 400
"""Registrations in one transaction: as many as one block of the fork takes."""


@dataclass(frozen=True, slots=True)
class Held:
    """What it took to prove so many assets, of which so many are listed; memory is the peak's."""

    way: str
    owned: int
    listed: int
    build: float
    build_mib: float
    verify: float
    verify_mib: float
    size: int


def measure_holdings(numbers: list[int]) -> list[Held]:
    """An organisation with so many assets, registered one by one, and another with a batch."""
    rows = []
    with started() as chain:
        ledger = Ledger.deploy(chain)
        for owned in numbers:
            print(f"proofs: {owned:,} assets of a batch", file=sys.stderr, flush=True)
            org = ledger.enrol(f"batch-{owned}")
            birth = BatchRegistered(org.id, ZERO_HASH, ledger.digest(), owned, ledger.digest())
            ledger.bear(org, [birth])
            for listed in sorted({0, min(owned, MOST_HELD)}):
                rows.append(_apart(chain.rpc.url, ledger.contract, org.id, "batch", owned, listed))
        for owned in [one for one in numbers if one <= MOST_HELD]:
            print(f"proofs: {owned:,} assets one by one", file=sys.stderr, flush=True)
            org = ledger.enrol(f"single-{owned}")
            for start in range(0, owned, _TOGETHER):
                ledger.register(org, min(_TOGETHER, owned - start))
            rows.append(_apart(chain.rpc.url, ledger.contract, org.id, "single", owned, owned))
    return rows


def _apart(url: str, contract: Address, org: Hash32, way: str, owned: int, listed: int) -> Held:
    """Build and verify in a process each, whose memory is theirs alone."""
    fresh = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        raw, head, build, build_mib = pool.submit(_build, url, contract, org, listed).result()
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        verify, verify_mib = pool.submit(_verify, raw, contract, head, owned).result()
    return Held(way, owned, listed, build, build_mib, verify, verify_mib, len(raw))


def _build(
    url: str, contract: Address, org: Hash32, listed: int
) -> tuple[bytes, Hash32, float, float]:
    began = time.perf_counter()
    with RpcClient(url, timeout=600) as rpc:
        built = build_bundle(rpc, contract, org, None, Wanted(holdings=True, most_held=listed))
    return built.raw, built.verified.block.hash, time.perf_counter() - began, _peak()


def _verify(raw: bytes, contract: Address, head: Hash32, owned: int) -> tuple[float, float]:
    began = time.process_time()
    held = verify_bundle(raw, block_hash=head, contract=contract).holdings
    if held is None or held.balance != owned:
        raise ValueError(f"{held} is not {owned}")
    return time.process_time() - began, _peak()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show_holdings(rows: list[Held]) -> None:
    """Print a table."""
    table = Table(title="Proofs of what is owned", title_justify="left", box=None)
    table.add_column("")
    for name in ("owned", "listed", "build, s", "MiB", "verify, CPU s", "MiB", "bytes"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.way,
            f"{row.owned:,}",
            f"{row.listed:,}",
            f"{row.build:.1f}",
            f"{row.build_mib:.0f}",
            f"{row.verify:.2f}",
            f"{row.verify_mib:.0f}",
            f"{row.size:,}",
        )
    Console(highlight=False).print(table)
