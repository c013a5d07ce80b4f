"""Real processes, really killed: submitter, mirror and node, each again and again in one world."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from ledger.chain.finality import DumpFinality, Finality, TagFinality
from ledger.chain.node import Anvil
from ledger.database.engine import DatabaseBusy
from tests.faults.databases import Databases
from tests.faults.desk import Desk
from tests.faults.faults import Faults
from tests.faults.ground import Ground, kill_node
from tests.faults.oracle import is_settled, judge
from tests.faults.outcome import Outcome
from tests.faults.proxy import Proxy, Upstream
from tests.faults.workers import Told, context, follow, submit

_WORKS: Final = {"submitter": submit, "mirror": follow}
_PEACE: Final = 60.0
_LONGEST: Final = 0.12
_POINTS: Final = 60


@dataclass
class Killing:
    """A world whose processes die; `killed` counts them."""

    seed: int
    ground: Ground
    folder: Path
    databases: Databases
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311
        self.engine: Engine = self.databases.copy(self.folder)
        self.desk = Desk(self.engine, self.ground.domain, self.random)
        self.anvil = self.ground.start_chain(self.folder)
        self.node = Upstream(self.anvil.url)
        draw = random.Random(self.seed)  # noqa: S311
        self.faults = Faults(self.node, None, None, lambda _: None, draw, mines_at_once=False)
        self.anvil.rpc.call("evm_setAutomine", True)
        self.running: dict[str, Any] = {}
        self.by_dumps = self.random.random() < 0.5
        self.context = context()

    @property
    def finality(self) -> Finality:
        return DumpFinality(self.anvil.final_path) if self.by_dumps else TagFinality()

    def play(self, kills: int) -> Outcome:
        """Kill so often; then all has to settle. Raises AssertionError if it does not."""
        with Proxy(self.faults.answer) as proxy:
            self.told = Told(
                data=self.folder,
                rpc_url=proxy.url,
                database_url=self.engine.url.render_as_string(hide_password=False),
                deployed=self.ground.target,
                finality=self.finality,
                lanes=self.random.choice([1, 2]),
            )
            try:
                self.faults.rate = self.random.choice([0.0, 0.02])
                while self.killed.total() < kills:
                    self.kill_one()
                self.faults.rate = 0.0
                self.settle()
            finally:
                self.end()
        verdict = judge(self.anvil.rpc, self.engine, self.ground, self.desk)
        self.close()
        happened = Counter({f"SIGKILL: {name}": times for name, times in self.killed.items()})
        return Outcome(self.seed, verdict, happened, calls=self.faults.calls)

    def kill_one(self) -> None:
        """Ask for more, and have one die: at a point that it comes to, or at any moment."""
        for _ in range(self.random.randint(1, 4)):
            self.ask()
        if self.random.random() < 0.06:
            self.kill_node()
            return
        name = self.random.choice(list(_WORKS))
        for other in _WORKS:
            if other != name:
                self.start(other)
        if self.random.random() < 0.5:
            self.stop(name)
            self.start(name, dies_at=self.random.randint(1, _POINTS))
            self.await_death(name)
        else:
            self.start(name)
            time.sleep(self.random.uniform(0.0, _LONGEST))
            os.kill(self.running[name].pid, signal.SIGKILL)
            self.running[name].join()
            self.killed[f"{name} at some moment"] += 1
        if self.random.random() < 0.15:
            self.shake()

    def ask(self) -> None:
        try:
            self.desk.ask()
        except DatabaseBusy:
            return  # not accepted, and the client was told so

    def await_death(self, name: str) -> None:
        """Keep it busy until it comes to its point."""
        process = self.running[name]
        deadline = time.monotonic() + 3.0
        while process.is_alive() and time.monotonic() < deadline:
            self.ask()
            self.anvil.rpc.call("evm_mine")
            process.join(0.02)
        if process.is_alive():  # it has nothing to do: then now is its moment
            process.kill()
        process.join()
        self.killed[f"{name} at a point"] += 1

    def shake(self) -> None:
        depth = min(self.random.randint(1, 4), self.anvil.rpc.fetch_block_number() - self.firm)
        if depth > 0 and not self.by_dumps:
            self.anvil.rpc.call("anvil_reorg", depth, [])
        else:
            self.anvil.rpc.call("anvil_dropAllTransactions")

    def kill_node(self) -> None:
        """The node dies, and comes back on its port with what it had kept."""
        if self.by_dumps and self.random.random() < 0.7:
            self.anvil.dump()
        port = self.anvil.port
        self.node.close()
        kill_node(self.anvil)
        self.anvil = Anvil.start(self.folder, port)
        self.node.address = "127.0.0.1", self.anvil.port
        self.killed["node"] += 1

    @property
    def firm(self) -> int:
        return self.ground.first

    def start(self, name: str, dies_at: int | None = None) -> None:
        process = self.running.get(name)
        if process is None or not process.is_alive():
            told = replace(self.told, dies_at=dies_at)
            process = self.context.Process(target=_WORKS[name], args=(told,), daemon=True)
            process.start()
            self.running[name] = process

    def stop(self, name: str) -> None:
        process = self.running.pop(name, None)
        if process is not None and process.is_alive():
            process.kill()
            process.join()
            self.killed[f"{name} at some moment"] += 1

    def settle(self) -> None:
        deadline = time.monotonic() + _PEACE
        while not is_settled(self.anvil.rpc, self.engine):
            assert time.monotonic() < deadline, "peace did not settle it"
            for name in _WORKS:
                self.start(name)
            self.anvil.rpc.call("evm_mine")
            if self.by_dumps:
                self.anvil.dump()
            time.sleep(0.05)

    def end(self) -> None:
        for process in self.running.values():
            process.kill()
            process.join()

    def close(self) -> None:
        self.node.close()
        kill_node(self.anvil)
        self.databases.drop(self.engine)
