"""A ledger as in production: one chain and database, and each verb a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ledger.chain.node import Anvil
from ledger.cli.keystore import provide_funds
from ledger.cli.ports import free_port
from ledger.cli.signers import open_accounts, open_signers
from ledger.database.engine import open_engine, upgrade, writing
from ledger.deployment.apply import apply
from ledger.deployment.plan import load_plan
from ledger.outbox.keys import issue_key
from tests.api.running import until
from tests.ledgers import PLAN

STARTS_WITHIN = 120.0


@dataclass
class Process:
    """A verb that runs alone; `url` is where it listens, if it serves."""

    running: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def kill(self) -> None:
        """End it as a power cut does."""
        self.running.kill()
        self.running.wait()

    def end(self, within: float = 30) -> int:
        """End it as a service manager does; its exit code."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(within)

    def said(self) -> str:
        return self.log.read_text()


@dataclass
class Cluster:
    """Starts verbs over one chain, database and data folder."""

    data: Path
    anvil: Anvil
    database_url: str
    operator_key: str
    started: list[Process] = field(default_factory=list)

    def start(self, *verb: str, **settings: str) -> Process:
        """Start a verb."""
        told = {
            "DATA": str(self.data),
            "RPC_URL": self.anvil.url,
            "POLL_SECONDS": "0.02",
            **({"DATABASE_URL": self.database_url} if self.database_url else {}),
        } | settings
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSET_LEDGER_")}
        log = self.data / f"{verb[0]}-{len(self.started)}.log"
        with log.open("wb") as written:
            running = subprocess.Popen(
                [sys.executable, "-m", "ledger.cli", *verb],
                cwd=Path(__file__).parents[2],
                env=kept | {f"ASSET_LEDGER_{name}": value for name, value in told.items()},
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
            )
        self.started.append(Process(running, log))
        return self.started[-1]

    def serve(self, *options: str, **settings: str) -> Process:
        """Start an API on a port of its own; it may not answer yet."""
        port = free_port()
        process = self.start("serve", "--port", str(port), *options, **settings)
        process.url = f"http://127.0.0.1:{port}"
        return process

    def await_api(self, *processes: Process) -> None:
        """Wait until each answers, and the ledger is mirrored."""
        for each in processes:
            until(lambda each=each: self._is_ready(each), STARTS_WITHIN)

    def _is_ready(self, process: Process) -> bool:
        assert process.running.poll() is None, process.said()
        try:
            return httpx.get(f"{process.url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def mine(self) -> None:
        """Have the chain come closer to finality."""
        self.anvil.rpc.call("evm_mine")


@contextmanager
def cluster(folder: Path, database_url: str | None = None) -> Iterator[Cluster]:
    """Chain, contracts, keys and an empty database; nothing runs on them yet."""
    with ExitStack() as stack:
        anvil = stack.enter_context(Anvil.start(folder))
        accounts = open_accounts(folder / "keys")
        provide_funds(anvil.url, accounts)
        plan = load_plan(PLAN)
        signers = open_signers(folder / "keys", plan.keys)
        apply(anvil.rpc, plan, signers, folder / "manifest.json")
        url = database_url or f"sqlite:///{folder / 'ledger.db'}"
        made = Cluster(folder, anvil, url, _operator_key(url))
        try:
            yield made
        finally:
            for each in made.started:
                if each.running.poll() is None:
                    each.kill()


def _operator_key(url: str) -> str:
    engine = open_engine(url)
    try:
        upgrade(engine)
        with writing(engine) as session:
            return issue_key(session, None)
    finally:
        engine.dispose()


def ask(url: str, method: str, path: str, key: str, **more: Any) -> httpx.Response:
    """One request on a connection of its own."""
    headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
    return httpx.request(
        method, f"{url}{path}", headers=headers, timeout=60, trust_env=False, **more
    )
