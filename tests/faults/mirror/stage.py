"""One schedule's world: what the node shows, a database, and mirrors over both."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from ledger.chain.finality import DumpFinality, Finality, TagFinality
from ledger.chain.state import Head, final_path, save_final
from ledger.mirror.run import _Run
from ledger.mirror.store import Store
from tests.faults.clock import Clock
from tests.faults.lives import Life, Stop
from tests.faults.mirror.grove import Branch, parting
from tests.faults.mirror.line import Client, Line
from tests.faults.mirror.node import Node, draw_habits
from tests.faults.mirror.oracle import Oracle

_POLL: Final = 0.01
_DEEPEST: Final = 8
_NEAR: Final = 16


@dataclass
class Stage:
    """All that a schedule acts on; with `sole`, the node alone decides what the chain is.

    Only with `shaky` are blocks dropped that were final.
    """

    oracle: Oracle
    folder: Path
    engine: Engine
    clock: Clock
    random: random.Random
    told: Counter[str]
    sole: bool
    shaky: bool
    node: Node = field(init=False)
    line: Line = field(init=False)
    lives: list[Life] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        grove, draw = self.oracle.grove, self.random
        branch = draw.choice(grove.branches)
        head = draw.randrange(self.ground, len(branch))
        self.node = Node(grove, draw, branch, head, 0, draw_habits(draw))
        self.line = Line(self.node, self.act, draw, pass_=self.clock.pass_)

    def close(self) -> None:
        for life in self.lives:
            life.kill()
        for client in self.clients:
            client.close()

    @property
    def ground(self) -> int:
        """The contract's block, which no reorganisation takes."""
        return self.oracle.grove.deployed.block

    @property
    def finality(self) -> Finality:
        return DumpFinality(final_path(self.folder)) if self.sole else TagFinality()

    def mirror(self) -> Life:
        """A process that mirrors, just started."""
        client = Client(self.line, whole=self.random.random() < 0.1)
        self.clients.append(client)

        def work(stop: Stop) -> None:
            deployed = self.oracle.grove.deployed
            run = _Run(client, Store(self.engine), deployed, self.finality, stop)  # type: ignore[arg-type]
            run.index(to_head=False, poll=_POLL)

        life = Life("mirror", self.clock, work)
        self.lives.append(life)
        return life

    # -- what happens to the chain ---------------------------------------------------------

    def act(self, what: str) -> None:
        self.told[f"chain: {what}"] += 1
        match what:
            case "mine":
                self.mine(self.random.choice([1, 1, 1, 2, 3]))
            case "leap":
                self.mine(self.random.randint(8, 60))
            case "reorg":
                self.reorganise()
            case "shorten":
                self.move(self.node.branch, self.node.head - self.random.randint(1, _DEEPEST))
            case "scratch":
                self.move(self.node.branch, self.ground + self.random.randint(0, 2))
            case "finalise":
                self.finalise(self.random.randint(self.node.final, self.node.head))

    def mine(self, blocks: int) -> None:
        """Show more of the branch, or of one that goes on where it ends."""
        node = self.node
        if node.head + 1 >= len(node.branch):
            longer = [one for one in self.branches() if parting(one, node.branch) == node.head]
            if not longer:
                return
            node.branch = self.random.choice(longer)
        node.head = min(node.head + blocks, len(node.branch) - 1)

    def reorganise(self) -> None:
        """Go over to another branch, at about the same height."""
        branch = self._other_branch()
        shared = min(parting(branch, self.node.branch), self.node.head)
        head = max(shared, self.node.head + self.random.randint(-2, 3))
        self.move(branch, head, shared)

    def _other_branch(self) -> Branch:
        """Mostly one that parted not long ago, so that what is older changes and is not gone."""
        node = self.node
        near = [
            one
            for one in self.branches()
            if node.head - _NEAR <= parting(one, node.branch) < node.head
        ]
        return self.random.choice(near if near and self.random.random() < 0.8 else self.branches())

    def move(self, branch: Branch, head: int, shared: int | None = None) -> None:
        """Show a branch up to a block; what is final is dropped only where all is shaky."""
        node = self.node
        head = min(max(head, self.ground), len(branch) - 1)
        shared = head if shared is None else min(shared, head)
        if shared < node.final and not self.shaky:
            return
        if shared < node.final:
            self.told["final blocks dropped"] += 1
        node.branch, node.head, node.final = branch, head, min(node.final, shared)

    def outgrow(self, number: int) -> None:
        """Show more than so many blocks, on another branch if need be."""
        node = self.node
        if len(node.branch) - 1 <= number:
            longer = [one for one in self.branches() if len(one) - 1 > number]
            longer = longer or [max(self.oracle.grove.branches, key=len)]
            node.branch, before = (
                max(longer, key=lambda one: parting(one, node.branch)),
                node.branch,
            )
            node.final = min(node.final, parting(node.branch, before))
        node.head = min(max(node.head, number) + 1, len(node.branch) - 1)

    def finalise(self, number: int) -> None:
        node = self.node
        node.final = max(node.final, number)
        node.most_final = max(node.most_final, node.final)
        if self.sole:
            block = node.branch[node.final]
            save_final(self.folder, Head(block.number, block.hash))

    def branches(self) -> list[Branch]:
        return [one for one in self.oracle.grove.branches if one is not self.node.branch]
