"""Who is measured: our index, a naive web3.py loop, and the node by itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.chain.artifacts import load_artifact
from ledger.domain.log import APPENDED_TOPIC
from ledger.types import to_hex
from scripts.bench.mirroring.chain import BenchError, Loaded
from scripts.bench.mirroring.databases import POSTGRESQL, SQLITE, verify_rows
from scripts.bench.mirroring.running import Run, run_to_end

Fresh: TypeAlias = Callable[[str], str]
"""Makes an empty database of a kind, and tells its URL."""

NAIVE: Final = "naive"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One that mirrors a chain: `run` does it once, from nothing.

    `name` is the group that it is chosen by; `once` says that it is slow enough to run but once.
    """

    name: str
    title: str
    database: str | None
    run: Callable[[Loaded], Run]
    once: bool = False


def contestants(fresh: Fresh) -> list[Contestant]:
    """All that come with this repository."""
    return [
        *(_ours(database, fresh) for database in (SQLITE, POSTGRESQL)),
        Contestant("raw", "logs fetched and thrown away", None, _run_raw),
        *(_naive(database, fresh) for database in (SQLITE, POSTGRESQL)),
    ]


def index_command(chain: Loaded, database_url: str) -> list[str]:
    """Our command, as it is timed, without the program that runs it."""
    command = ["-m", "ledger.cli", "index", "--to-head", "--json", "--rpc-url", chain.rpc_url]
    return [*command, "--manifest", str(chain.manifest), "--database-url", database_url]


def _ours(database: str, fresh: Fresh) -> Contestant:
    def run(chain: Loaded) -> Run:
        url = fresh(database)
        run = run_to_end([sys.executable, *index_command(chain, url)])
        _verify_told(run, chain)
        verify_rows(url, chain.entries, "entry")
        return run

    return Contestant("ours", "asset-ledger index", database, run)


def _naive(database: str, fresh: Fresh) -> Contestant:
    def run(chain: Loaded) -> Run:
        url = fresh(database)
        run = _run_client("naive", chain, {"database_url": url})
        verify_rows(url, chain.entries, "entry", "owner")
        return run

    return Contestant(NAIVE, "naive web3.py loop", database, run, once=True)


def _run_raw(chain: Loaded) -> Run:
    run = _run_client("raw", chain, {})
    _verify_told(run, chain)
    return run


def _run_client(module: str, chain: Loaded, more: dict[str, str]) -> Run:
    job = {
        "rpc_url": chain.rpc_url,
        "contract": to_hex(chain.contract),
        "topic": to_hex(APPENDED_TOPIC),
        "abi": load_artifact("AssetLedger").abi,
        "first": chain.first,
        "last": chain.last,
    }
    command = [sys.executable, "-m", f"scripts.bench.mirroring.{module}"]
    return run_to_end(command, json.dumps(job | more).encode())


def _verify_told(run: Run, chain: Loaded) -> None:
    told = json.loads(run.output)["entries"]
    if told != chain.entries:
        raise BenchError(f"{told:,} entries came, not {chain.entries:,}")
