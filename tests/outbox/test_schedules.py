"""Schedules of requests, faults and reorganisations, drawn from seeds; the oracle is the chain.

`SCHEDULES=200` runs more of them; a failing seed is in the test's name, and plays again.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from ledger.database.engine import writing
from ledger.errors import NodeUnavailable
from ledger.outbox.failpoints import arm
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import State
from ledger.types import Hash32
from tests.outbox.asking import enrol, observe, register
from tests.outbox.faulty import FaultyRpc
from tests.outbox.test_kills import Killed
from tests.outbox.world import World

FAULTS = ["", "", "", "drop before", "drop after", "duplicate", "swallow", "lie", "deny"]


@dataclass
class Schedule:
    """One run: acts drawn at random on a world, then peace, then the oracle."""

    world: World
    random: random.Random
    orgs: list[Hash32] = field(default_factory=list)
    assets: list[tuple[Hash32, Hash32]] = field(default_factory=list)
    submitter: Submitter | None = None
    faulty: bool = True
    told: list[str] = field(default_factory=list)

    def play(self, acts: int) -> None:
        self.world.rpc.call("anvil_mine", "0x8")
        with FaultyRpc(self.world.rpc.url, self.fault) as rpc:
            for _ in range(acts):
                act = self.random.choice(self.acts())
                self.told.append(act.__name__)
                act(rpc)
        self.faulty = False
        self.world.rpc.call("evm_setAutomine", True)

    def fault(self) -> str:
        return self.random.choice(FAULTS) if self.faulty else ""

    def acts(self) -> list[Callable[[FaultyRpc], None]]:
        common = [self.ask, self.work, self.work, self.work]
        return [*common, *common, self.enrol, self.mine, self.reorg, self.drop, self.hold]

    # -- acts ------------------------------------------------------------------------------

    def enrol(self, _: FaultyRpc) -> None:
        if len(self.orgs) < 3:
            with writing(self.world.engine) as session:
                did = f"did:web:{len(self.orgs)}.example"
                self.orgs.append(enrol(session, self.world.domain, did).operation.subject)

    def ask(self, _: FaultyRpc) -> None:
        if not self.orgs:
            return
        org = self.random.choice(self.orgs)
        with writing(self.world.engine) as session:
            for _ in range(self.random.randint(1, 4)):
                if self.assets and self.random.random() < 0.5:
                    owner, asset = self.random.choice(self.assets)
                    wrong = self.random.random() < 0.1
                    observe(session, org if wrong else owner, asset)
                else:
                    serial = f"S-{len(self.assets)}"
                    made = register(session, self.world.domain, org, serial).operation.subject
                    self.assets.append((org, made))

    def work(self, rpc: FaultyRpc) -> None:
        self.submitter = self.submitter or self.world.submitter(rpc)
        try:
            for _ in range(self.random.randint(1, 4)):
                self.submitter.step()
        except NodeUnavailable:
            self.submitter = None

    def drop(self, rpc: FaultyRpc) -> None:
        left = self.random.randint(1, 12)

        def die(_: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Killed

        arm(die)
        try:
            self.work(rpc)
        except Killed:
            self.submitter = None
        finally:
            arm(None)

    def mine(self, _: FaultyRpc) -> None:
        self.world.rpc.call("anvil_mine", hex(self.random.randint(1, 3)))

    def reorg(self, _: FaultyRpc) -> None:
        self.world.rpc.call("anvil_reorg", self.random.randint(1, 5), [])

    def hold(self, _: FaultyRpc) -> None:
        self.world.rpc.call("evm_setAutomine", self.random.random() < 0.5)


@pytest.mark.parametrize("seed", range(int(os.environ.get("SCHEDULES", "6"))))
def test_nothing_is_lost_and_nothing_comes_twice(world: World, seed: int) -> None:
    schedule = Schedule(world, random.Random(seed))  # noqa: S311
    schedule.play(40)
    submitter = world.submitter()

    def at_peace() -> bool:
        # Blocks make failures final; without them, what failed may not be tried again.
        world.rpc.call("evm_mine")
        return world.is_settled() and world.is_final()

    try:
        world.settle(submitter, until=at_peace)
    except AssertionError:
        print(schedule.told)
        raise
    for _ in range(3):
        submitter.step()
        time.sleep(0.02)
    world.assert_exactly_once()
    reasons = {(one.reason or {}).get("code") for one in world.operations() if one.reason}
    assert reasons <= {"NotOwner", "NotEntitled"}
    assert world.states()[State.REJECTED] == len([o for o in world.operations() if o.reason])
