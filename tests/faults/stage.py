"""One schedule's world: a chain, a database, and the product's own processes over both."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ledger.chain.finality import DumpFinality, Finality, TagFinality
from ledger.chain.node import Anvil
from ledger.chain.signers.transaction import TransactionFields
from ledger.mirror import run as mirror_run
from ledger.mirror.store import Store
from ledger.outbox import run as outbox_run
from ledger.outbox.pace import Pace
from ledger.outbox.tables import Role
from ledger.types import to_hex
from tests.faults.clock import Clock
from tests.faults.faults import Faults
from tests.faults.ground import FUNDS, Ground, kill_node, start_node
from tests.faults.lives import Client, Life, Stop
from tests.faults.proxy import Proxy, Upstream

_DEEPEST = 8
_PLAIN = 0.8


@dataclass
class Stage:
    """All that a schedule acts on; `clients` and `lives` are closed at its end."""

    ground: Ground
    folder: Path
    engine: Engine
    clock: Clock
    random: random.Random
    lanes: int
    pace: Pace
    told: Counter[str]
    by_dumps: bool
    anvil: Anvil = field(init=False)
    firm: int = field(init=False)
    plain: bool = field(init=False)
    node: Upstream = field(init=False)
    faults: Faults = field(init=False)
    proxy: Proxy = field(init=False)
    lives: list[Life] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.anvil = self.ground.start_chain(self.folder)
        self.firm = self.ground.first
        self.node = Upstream(self.anvil.url)
        beside = Upstream(self.ground.laggard.url), Upstream(self.ground.stranger.url)
        self.faults = Faults(self.node, *beside, self.act, self.random)
        self.call("anvil_mine", hex(self.random.randint(0, _DEEPEST)))
        self.plain = self.random.random() < _PLAIN
        self.proxy = Proxy(self.faults.answer).__enter__()

    def close(self) -> None:
        for life in self.lives:
            life.kill()
        for client in self.clients:
            client.close()
        self.proxy.__exit__()
        self.faults.close()
        self.engine.dispose()
        kill_node(self.anvil)

    @property
    def finality(self) -> Finality:
        return DumpFinality(self.anvil.final_path) if self.by_dumps else TagFinality()

    # -- processes -------------------------------------------------------------------------

    def submitter(self) -> Life:
        """A process that submits, just started."""
        signers = {
            Role.CUSTODIAN: self.ground.keys[Role.CUSTODIAN][: self.lanes],
            Role.GOVERNOR: self.ground.keys[Role.GOVERNOR],
        }

        def work(stop: Stop) -> None:
            outbox_run._Run(
                engine=self.engine,
                rpc=self._client(),
                deployed=self.ground.target,
                signers=signers,
                finality=self.finality,
                stop=stop,  # type: ignore[arg-type]
                pace=self.pace,
                upgraded=True,
            ).until_stopped()

        return self._live("submitter", work)

    def mirror(self) -> Life:
        """A process that mirrors, just started."""

        def work(stop: Stop) -> None:
            store = Store(self.engine)
            rpc, target = self._client(), self.ground.target
            run = mirror_run._Run(rpc, store, target, self.finality, stop)  # type: ignore[arg-type]
            run.index(to_head=False, poll=0.01)

        return self._live("mirror", work)

    def _live(self, name: str, work: Any) -> Life:
        life = Life(name, self.clock, work)
        self.lives.append(life)
        return life

    def _client(self) -> Client:
        self.clients.append(Client(self.proxy.url, plain=self.plain))
        return self.clients[-1]

    # -- what happens to the chain ---------------------------------------------------------

    def call(self, method: str, *params: object) -> Any:
        """Ask the node past the proxy."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = json.loads(self.node.ask(json.dumps(asked).encode()))
        assert "result" in answer, answer
        return answer["result"]

    def head(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def act(self, what: str) -> None:
        self.told[f"chain: {what}"] += 1
        match what:
            case "mine":
                self.call("evm_mine")
            case "reorg" if depth := self._depth():
                self.call("anvil_reorg", depth, [])
            case "shorten" if depth := self._depth():
                self.call("anvil_rollback", depth)
            case "evict":
                self.call("anvil_dropAllTransactions")
            case "spike":
                base = int(self.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
                fee = base * self.random.choice([2, 5, 30]) + 10**9
                self.call("anvil_setNextBlockBaseFeePerGas", hex(fee))
                self.call("evm_mine")
            case "poverty":
                self.set_balances(self.random.choice([0, 10**12, 10**15]))
            case "wealth":
                self.set_balances(FUNDS)
            case "foreign":
                self.send_foreign()
            case "keep":
                self.anvil.dump()
            case "lose":
                self.lose_blocks()

    def _depth(self) -> int:
        """How many blocks a reorganisation takes; 0 if there are none that it could.

        Of the blocks that Anvil loaded it has no code any more, so these stay.
        """
        deepest = min(_DEEPEST, self.head() - self.firm)
        return self.random.randint(1, deepest) if deepest > 0 else 0

    def set_balances(self, wei: int) -> None:
        for signer in self.ground.keys[Role.CUSTODIAN]:
            self.call("anvil_setBalance", to_hex(signer.address), hex(wei))

    def send_foreign(self) -> None:
        """Somebody who has a lane's key sends a transaction of his own."""
        signer = self.random.choice(self.ground.keys[Role.CUSTODIAN][: self.lanes])
        fields = TransactionFields(
            chain_id=self.ground.target.chain_id,
            nonce=int(self.call("eth_getTransactionCount", to_hex(signer.address), "latest"), 16),
            to=signer.address,
            data=b"",
            gas=21_000,
            max_fee_per_gas=10**13,
            max_priority_fee_per_gas=10**12,
        )
        self.set_balances(FUNDS)
        self.call("eth_sendRawTransaction", to_hex(signer.sign_transaction(fields)))
        self.call("evm_mine")

    def lose_blocks(self) -> None:
        """Kill the node, and start it from what it kept."""
        self.node.close()
        kill_node(self.anvil)
        self.anvil = start_node(self.folder)
        self.firm = self.anvil.rpc.fetch_block_number()
        self.node.address = "127.0.0.1", self.anvil.port


def draw_pace(draw: random.Random) -> Pace:
    """Paces under which much happens in few steps."""
    return replace(
        Pace(),
        idle=0.01,
        gather=draw.choice([0.0, 0.0, 0.01]),
        head=draw.choice([0.0, 0.0, 0.02]),
        settle=draw.choice([0.0, 0.01, 0.05]),
        first_repeat=draw.choice([0.0, 0.01, 0.1]),
        longest_repeat=0.2,
        stuck=draw.choice([0.02, 0.1, 1.0]),
        lease=draw.choice([0.1, 1.0, 30.0]),
        in_flight=draw.choice([1, 2, 4]),
        entries=draw.choice([1, 3, 300]),
        window=draw.choice([3, 1000]),
    )
