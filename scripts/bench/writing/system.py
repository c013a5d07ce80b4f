"""The ledger that is measured: started as `scripts/up` starts it, and gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.chain.process import pick_port
from ledger.chain.rpc import RpcClient
from ledger.client import Client
from ledger.deployment.manifest import Manifest, load_manifest
from ledger.errors import LedgerError
from scripts.bench.usage import find_children

_GRACE: Final = 60.0
_PATIENCE: Final = 120.0
_VERBS: Final = {"serve": "API", "index": "indexer", "submit": "submitter"}


class BenchError(LedgerError):
    """Something could not be measured."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One that registers: its id, and the key that it asks the API with."""

    id: str
    api_key: str


@dataclass(frozen=True, slots=True)
class System:
    """A running ledger: where it is, and its processes by name (`up` supervises the others)."""

    api: str
    rpc_url: str
    data: Path
    operator_key: str
    manifest: Manifest
    pids: Mapping[str, int]

    def enrol(self, count: int) -> list[Organisation]:
        """New organisations, on the chain and mirrored."""
        number = int(time.time() * 1000)

        def one(index: int) -> Organisation:
            did = f"did:web:bench-{number}-{index}.example"
            with Client(self.api, self.operator_key) as client:
                enrolled = client.enrol_organisation(did, f"Bench {index}", wait=60)
            if enrolled.api_key is None:
                raise BenchError(f"{did} was there already")
            return Organisation(enrolled.id, enrolled.api_key)

        with ThreadPoolExecutor(8) as pool:
            organisations = list(pool.map(one, range(count)))
        self.settle()
        return organisations

    def count_entries(self) -> int:
        """How many entries the mirror holds."""
        with Client(self.api) as client:
            return client.status().entries

    def settle(self) -> None:
        """Wait until nothing is under way, and the mirror is as far as the chain."""
        until = time.monotonic() + _PATIENCE
        with Client(self.api) as client, RpcClient(self.rpc_url) as rpc:
            while True:
                status = client.status()
                busy = status.operations.get("queued", 0) + status.operations.get("sent", 0)
                if not busy and status.block.number >= rpc.fetch_block_number():
                    return
                if time.monotonic() > until:
                    raise BenchError(f"{busy} operations wait, the mirror lags {status.lag}")
                time.sleep(0.05)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold all of our processes still, so that whoever else is measured has the machine.

        The chain is ready meanwhile: a copy of its state, which holds mining back, is awaited.
        """
        self._hold()
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)
        self.settle()

    def _hold(self) -> None:
        with RpcClient(self.rpc_url) as rpc:
            while True:
                self._signal(signal.SIGSTOP)
                if rpc.fetch("anvil_getAutomine"):
                    return
                self._signal(signal.SIGCONT)
                time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        for name, pid in self.pids.items():
            if name != "chain":
                os.kill(pid, number)


@contextmanager
def started(
    database_url: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[System]:
    """A fresh ledger on free ports, its data in a temporary folder; `environment` is set on top."""
    with tempfile.TemporaryDirectory(prefix="asset-ledger-writes-") as folder:
        command = [sys.executable, "-m", "ledger.cli", "up", "--json", "--no-demo"]
        command += ["--data", folder, "--port", str(pick_port(0))]
        command += ["--database-url", database_url] if database_url else []
        log = Path(folder) / "bench-up.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {})},
            )
        try:
            yield _read(process, log)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _read(process: subprocess.Popen[bytes], log: Path) -> System:
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise BenchError(f"the ledger does not start: {log.read_text(errors='replace')}")
    told = json.loads(line)
    pids = {"up": process.pid}
    for pid, command in find_children(process.pid).items():
        name = next((name for verb, name in _VERBS.items() if verb in command), "chain")
        pids[name] = pid
    return System(
        api=told["api"],
        rpc_url=told["rpc_url"],
        data=Path(told["data"]),
        operator_key=told["operator_key"],
        manifest=load_manifest(Path(told["manifest"])),
        pids=pids,
    )
