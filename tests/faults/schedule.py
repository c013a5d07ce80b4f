"""A schedule: acts drawn from a seed, then peace, then the oracle."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from ledger.database.engine import DatabaseBusy, reading, writing
from ledger.errors import WrongChain
from ledger.outbox.alarms import find_alarms
from ledger.outbox.quarantine import release_lane
from ledger.outbox.tables import Lane
from tests.faults.clock import ticking
from tests.faults.databases import Databases, hold_locked
from tests.faults.desk import Desk
from tests.faults.faults import Faults
from tests.faults.ground import Ground
from tests.faults.lives import Life, watching
from tests.faults.oracle import Verdict, is_settled, judge
from tests.faults.outcome import Outcome
from tests.faults.proxy import Upstream
from tests.faults.stage import Stage, draw_pace

_PEACE: Final = 150
_LEASES_END: Final = 40.0
_SHORTEST, _LONGEST = 12, 40


def play(seed: int, ground: Ground, folder: Path, databases: Databases) -> Outcome:
    """Play the schedule of a seed; `folder` is empty."""
    began = time.monotonic()
    draw = random.Random(seed)  # noqa: S311
    engine = databases.copy(folder)
    with ticking() as clock, watching():
        told: Counter[str] = Counter()
        stage = Stage(
            ground,
            folder,
            engine,
            clock,
            draw,
            lanes=draw.choice([1, 1, 2]),
            pace=draw_pace(draw),
            told=told,
            by_dumps=draw.random() < 0.4,
        )
        try:
            schedule = Schedule(seed, stage, Desk(engine, ground.domain, draw), draw, databases)
            schedule.play()
            verdict = schedule.judge()
        finally:
            stage.close()
            databases.drop(engine)
    told.update({f"fault: {name}": times for name, times in stage.faults.told.items()})
    seconds = time.monotonic() - began
    return Outcome(seed, verdict, told, schedule.acts, stage.faults.calls, seconds)


@dataclass
class Schedule:
    """The acts on a stage; `acts` tells them."""

    seed: int
    stage: Stage
    desk: Desk
    random: random.Random
    databases: Databases
    acts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _submitter: Life | None = None
    _mirror: Life | None = None
    _asleep: list[Life] = field(default_factory=list)

    def play(self) -> None:
        self.faults.rate = self.random.choice([0.0, 0.03, 0.1, 0.25])
        self.faults.mines_at_once = self.random.random() < 0.6
        for _ in range(self.random.randint(_SHORTEST, _LONGEST)):
            self.begin()
            self.do(self.random.choice((*_ACTS, *self.databases.acts)))

    def begin(self) -> None:
        """Draw each act's course from a stream of its own, so that one does not shift the next."""
        self.random.seed(f"{self.seed}/{len(self.acts)}")

    def do(self, name: str) -> None:
        told = len(self.faults.log)
        try:
            how: Callable[[Schedule], None] | None = getattr(Schedule, f"_{name}", None)
            if how is None:
                self.stage.act(name)
            else:
                how(self)
        except (DatabaseBusy, OperationalError) as error:
            name += f" ({type(error).__name__})"  # not accepted, and the client is told so
        happened = ", ".join(self.faults.log[told:])
        self.acts.append(f"{name} [{happened}]" if happened else name)

    @property
    def faults(self) -> Faults:
        return self.stage.faults

    # -- processes -------------------------------------------------------------------------

    def _submit(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self._turn(self.submitter())

    def _follow(self) -> None:
        for _ in range(self.random.randint(1, 2)):
            self._turn(self.mirror())

    def _end_submitter(self) -> None:
        self._turn(self.submitter(), ends_after=self.random.randint(1, 25))

    def _end_mirror(self) -> None:
        self._turn(self.mirror(), ends_after=self.random.randint(1, 12))

    def _hold_submitter(self) -> None:
        self._hold(self.submitter())

    def _hold_mirror(self) -> None:
        self._hold(self.mirror())

    def _hold(self, life: Life) -> None:
        """Let other things happen while a process stands at a point."""
        self._turn(life, holds_after=self.random.randint(1, 20))
        if life.held and not life.over:
            for _ in range(self.random.randint(1, 2)):
                self.do(self.random.choice((*_MEANWHILE, *self.databases.acts[:1])))
            if not life.over:
                self._turn(life)

    def _rival(self) -> None:
        """A second submitter; the first sleeps, and wakes later."""
        if self._submitter is not None and not self._submitter.over:
            self._asleep.append(self._submitter)
        self._submitter = None
        self._turn(self.submitter())

    def _wake(self) -> None:
        for life in self._asleep:
            if not life.over:
                self._turn(life)

    def submitter(self) -> Life:
        if self._submitter is None or self._submitter.over:
            self._submitter = self.stage.submitter()
        return self._submitter

    def mirror(self) -> Life:
        if self._mirror is None or self._mirror.over:
            self._mirror = self.stage.mirror()
        return self._mirror

    def _turn(self, life: Life, **where: int) -> None:
        life.turn(**where)
        if life.ended:
            self.stage.told[f"killed: {life.name}"] += 1
        if life.failed is not None:
            self._judge_end(life.failed)

    def _judge_end(self, error: BaseException) -> None:
        """Only a node of another chain may end a process."""
        elsewhere = self.faults.told["elsewhere"] + self.faults.told["stale"]
        if not isinstance(error, WrongChain) or not elsewhere:
            raise error

    # -- requests and the database ---------------------------------------------------------

    def _ask(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.desk.ask()

    def _busy(self) -> None:
        """Somebody else holds the database's lock."""
        with hold_locked(self.stage.engine):
            life = self.random.choice([self.submitter, self.mirror])()
            self._turn(life)

    def _kill_database(self) -> None:
        """The server dies, perhaps while somebody writes, and comes back."""
        self.databases.kill()
        self.stage.told["database killed"] += 1

    def _fill_disk(self) -> None:
        """No room for what comes now; nothing that was accepted may suffer."""
        self.databases.fill()
        for _ in range(self.random.randint(2, 5)):
            self.do(self.random.choice(("ask", "submit", "follow", "mine", "submit")))
        self.databases.make_room()
        self.stage.told["disk filled"] += 1

    def _pass_time(self) -> None:
        self.stage.clock.pass_(self.random.choice([0.05, 0.5, 40.0]))

    def _toggle_mining(self) -> None:
        self.faults.mines_at_once = not self.faults.mines_at_once

    def _reset(self) -> None:
        """Another chain answers at the same address; nothing may be sent to it."""
        ours, rate = self.faults.node, self.faults.rate
        self.faults.node, self.faults.rate = Upstream(self.stage.ground.stranger.url), 0.0
        self.faults.mines_at_once, mined = False, self.faults.mines_at_once
        self.stage.proxy.cut()
        self.stage.clock.pass_(1.0)  # so that it looks before it sends
        for life in (self.submitter(), self.mirror()):
            for _ in range(40):
                if life.over:
                    break
                life.turn()
            if not isinstance(life.failed, WrongChain):
                self.wrong.append(f"the {life.name} did not halt on another chain")
        self.faults.node.close()
        self.faults.node, self.faults.rate, self.faults.mines_at_once = ours, rate, mined
        self.stage.proxy.cut()
        self._verify_stranger()

    def _verify_stranger(self) -> None:
        rpc = self.stage.ground.stranger.rpc
        if any(int(each, 16) for each in rpc.call("txpool_status").values()):
            self.wrong.append("transactions were sent to another chain")
            rpc.call("anvil_dropAllTransactions")

    # -- peace -----------------------------------------------------------------------------

    def judge(self) -> Verdict:
        self._make_peace()
        verdict = judge(self.stage.anvil.rpc, self.stage.engine, self.stage.ground, self.desk)
        verdict.diverged += self.wrong
        if standing := self._alarms():
            verdict.diverged.append(f"alarms stand: {standing}")
        return verdict

    def _make_peace(self) -> None:
        self.faults.rate, self.faults.mines_at_once = 0.0, True
        self.stage.act("wealth")
        for life in self._asleep:
            life.kill()
        self.stage.clock.pass_(_LEASES_END)
        for turn in range(_PEACE):
            self.stage.call("anvil_mine", "0x3")  # with a distance to what the node calls final
            if self.stage.by_dumps and turn % 3 == 2:
                self.stage.anvil.dump()
            self.stage.clock.pass_(0.5)
            self._release()
            for life in (self.submitter(), self.mirror()):
                self._turn(life)
            # Not before a submitter had its turn with the lanes: it may find that all is not well.
            if turn and is_settled(self.stage.anvil.rpc, self.stage.engine):
                return
        self.wrong.append(f"peace did not settle it: {self._alarms()}")

    def _release(self) -> None:
        """Let lanes go on whose nonces somebody else used, as an operator would."""
        with writing(self.stage.engine) as session:
            for lane in session.exec(select(Lane.id).where(col(Lane.halted).is_not(None))):
                release_lane(session, lane)

    def _alarms(self) -> list[str]:
        with reading(self.stage.engine) as session:
            return [f"{one.code}: {one.message}" for one in find_alarms(session)]


_OFTEN = ("ask", "ask", "submit", "submit", "submit", "submit", "follow", "follow", "mine")
_NOW_AND_THEN = (
    *("end_submitter", "end_submitter", "end_mirror", "hold_submitter", "hold_submitter"),
    *("hold_mirror", "reorg", "reorg", "evict", "toggle_mining", "mine", "ask", "pass_time"),
)
_RARE = ("rival", "wake", "shorten", "spike", "poverty", "wealth", "busy", "keep", "keep")
_SELDOM = ("lose", "reset", "foreign")
_ACTS: Final = (*(_OFTEN * 8), *(_NOW_AND_THEN * 3), *(_RARE * 2), *_SELDOM)
_MEANWHILE: Final = (
    *(("mine", "reorg", "evict", "ask", "follow", "submit", "mine", "spike", "rival") * 3),
    "lose",
)
