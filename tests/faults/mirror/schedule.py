"""A schedule for the mirror alone: acts drawn from a seed, then peace, then the oracle."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import OperationalError

from ledger.database.engine import DatabaseBusy
from ledger.errors import WrongChain
from tests.faults.clock import ticking
from tests.faults.databases import Databases, hold_locked
from tests.faults.lives import Life, reach, watching
from tests.faults.mirror.breaking import Breaking, breaking
from tests.faults.mirror.node import draw_habits
from tests.faults.mirror.oracle import Oracle, Watch, read_state
from tests.faults.mirror.stage import Stage

_PEACE: Final = 400
_SHORTEST, _LONGEST = 6, 20
_RATES: Final = (0.0, 0.02, 0.05, 0.1, 0.3)
_DEEP: Final = 0.1
_SHAKY: Final = 0.2


def play(seed: int, oracle: Oracle, folder: Path, databases: Databases) -> dict[str, Any]:
    """Play the schedule of a seed; `folder` is empty. Says what came of it, fit for JSON."""
    began = time.monotonic()
    draw = random.Random(seed)  # noqa: S311
    engine = databases.copy(folder)
    told: Counter[str] = Counter()
    sole, shaky = draw.random() < 0.4, draw.random() < _SHAKY
    watch = Watch(oracle, engine, told, sole, deep=draw.random() < _DEEP)
    with ticking() as clock, breaking(engine) as database:

        def pass_point(point: str) -> None:
            if watch.looking:
                return
            if point == "after commit":
                with database.held():
                    watch.look()
                database.after_commit()
            reach(point)

        with watching(pass_point):
            stage = Stage(oracle, folder, engine, clock, draw, told, sole, shaky)
            schedule = Schedule(seed, stage, watch, draw, databases, database)
            try:
                schedule.play()
                schedule.judge()
            finally:
                stage.close()
                databases.drop(engine)
    told.update({f"fault: {name}": times for name, times in stage.line.told.items()})
    told["database errors"] += database.broke
    return {
        "seed": seed,
        "diverged": watch.wrong,
        "happened": dict(told),
        "acts": schedule.acts,
        "calls": stage.line.calls,
        "entries": stage.node.newest.sequence,
        "seconds": time.monotonic() - began,
    }


@dataclass
class Schedule:
    """The acts on a stage; `acts` tells them."""

    seed: int
    stage: Stage
    watch: Watch
    random: random.Random
    databases: Databases
    database: Breaking
    acts: list[str] = field(default_factory=list)
    _mirrors: list[Life] = field(default_factory=list)
    _turns: int = 0

    def play(self) -> None:
        self.stage.line.rate = self.random.choice(_RATES)
        for _ in range(self.random.randint(_SHORTEST, _LONGEST)):
            # From a stream of its own each, so that one act does not shift the next.
            self.random.seed(f"{self.seed}/{len(self.acts)}")
            self.do(self.random.choice((*_ACTS, *self.databases.acts)))

    def do(self, name: str) -> None:
        at = len(self.acts)
        told = len(self.stage.line.log)
        self.acts.append(name)
        how: Callable[[Schedule], None] | None = getattr(Schedule, f"_{name}", None)
        if how is None:
            self.stage.act(name)
        else:
            how(self)
        happened = self.stage.line.log[told:]
        node = self.stage.node
        shown = f"{name} -> {node.head} of {len(node.branch) - 1}, final {node.final}"
        self.acts[at] = f"{shown} [{', '.join(happened)}]" if happened else shown

    # -- mirrors ---------------------------------------------------------------------------

    def _follow(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self._turn(self.mirror())

    def _end(self) -> None:
        """Kill one at any call or commit."""
        self._turn(self.mirror(), ends_after=self.random.randint(1, 20))

    def _hold(self) -> None:
        """Let other things happen while one stands at a call or a commit."""
        life = self.mirror()
        self._turn(life, holds_after=self.random.randint(1, 16))
        if life.held and not life.over:
            for _ in range(self.random.randint(1, 2)):
                self.do(self.random.choice((*_MEANWHILE, *self.databases.acts)))
            if not life.over:
                self._turn(life)

    def _rival(self) -> None:
        """A second one over the same database."""
        life = self.stage.mirror()
        self._mirrors = [*self._mirrors[-1:], life]
        self._turn(life)

    def mirror(self) -> Life:
        self._mirrors = [life for life in self._mirrors if not life.over]
        if not self._mirrors:
            self._mirrors.append(self.stage.mirror())
        return self.random.choice(self._mirrors)

    def _turn(self, life: Life, **where: int) -> None:
        line = self.stage.line
        # One that was held may act on what it was told before.
        self.watch.honest = None if line.rate or life.held else line.node
        life.turn(**where)
        if life.ended:
            self.stage.told["killed"] += 1
        if life.failed is not None:
            self._judge_end(life.failed)

    def _judge_end(self, error: BaseException) -> None:
        """Only a node of another chain may end one."""
        faults = self.stage.line.told
        if not isinstance(error, WrongChain) or not any(faults[one] for one in _ELSEWHERE):
            raise error
        self.stage.told["ended: another chain"] += 1

    # -- the node --------------------------------------------------------------------------

    def _change_habits(self) -> None:
        self.stage.node.habits = draw_habits(self.random)

    def _change_rate(self) -> None:
        self.stage.line.rate = self.random.choice(_RATES)

    def _reset(self) -> None:
        """Another chain answers at the address; mirrors must halt, and take nothing of it."""
        line, rate = self.stage.line, self.stage.line.rate
        line.rate, line.only = 1.0, "stranger"
        for life in [self.mirror(), *self._mirrors]:
            for _ in range(12):
                if not life.over:
                    self._turn(life)
            if not life.over:
                self.watch.complain("a mirror did not halt on another chain")
        line.rate, line.only = rate, ""

    # -- the database ----------------------------------------------------------------------

    def _break(self) -> None:
        """The database fails, at a statement, at a commit or just after one."""
        left = self.random.randint(0, 12)
        match self.random.choice(["statement", "commit", "lost"]):
            case "statement":
                self.database.statements = left
            case "commit":
                self.database.commits = left // 4
            case "lost":
                self.database.lost = left // 4
        self._turn(self.mirror())
        self.database.stop()

    def _busy(self) -> None:
        """Somebody else holds the database's lock."""
        try:
            with hold_locked(self.stage.engine):
                self._turn(self.mirror())
        except (DatabaseBusy, OperationalError):
            self.stage.told["no lock to be had"] += 1  # a mirror that is held has it

    def _kill_database(self) -> None:
        """The server dies, and comes back."""
        self.databases.kill()
        self.stage.told["database killed"] += 1

    # -- peace -----------------------------------------------------------------------------

    def judge(self) -> None:
        """Make peace, and compare the mirror with the chain."""
        self.random.seed(f"{self.seed}/peace")
        self.stage.line.rate = 0.0
        for life in self._mirrors[1:]:
            life.kill()
        if not self._settle():
            self.watch.complain(f"peace did not settle it: {read_state(self.stage.engine)}")
            return
        self.watch.compare(self.stage.node.newest.hash)

    def _settle(self) -> bool:
        node = self.stage.node
        # It is a full node at least, that has the state of its newest blocks, and proves it.
        node.habits = replace(node.habits, states=None, proofs=node.habits.proofs or 0.0)
        for turn in range(_PEACE):
            self._outgrow() if turn < 3 else self.stage.finalise(node.head)
            self.stage.clock.pass_(0.5)
            self._turn(self.mirror())
            if turn > 3 and self._is_settled():
                return True
        return False

    def _outgrow(self) -> None:
        """Have the chain be longer than all that the mirror has seen, as it is in the end."""
        row = read_state(self.stage.engine)
        self.stage.outgrow(max(row["block_number"], row["alarm_block"] or 0) if row else 0)

    def _is_settled(self) -> bool:
        row, newest = read_state(self.stage.engine), self.stage.node.newest
        if row is None or row.get("proven_block", newest.number) != newest.number:
            return False
        stands = row["block_hash"], row["final_block"], row["alarm"]
        return stands == (newest.hash, newest.number, None)


_ELSEWHERE: Final = ("stranger", "stale", "sibling", "behind", "header hash")
_OFTEN = ("follow", "follow", "follow", "follow", "mine", "mine", "reorg", "end", "hold")
_NOW_AND_THEN = ("reorg", "shorten", "leap", "finalise", "finalise", "break", "end", "hold")
_RARE = ("rival", "change_habits", "change_rate", "scratch")
_SELDOM = ("reset", "busy")
_ACTS: Final = (*(_OFTEN * 8), *(_NOW_AND_THEN * 4), *(_RARE * 4), *_SELDOM)
_MEANWHILE: Final = (
    *("mine", "reorg", "reorg", "shorten", "leap", "finalise", "follow", "rival", "scratch"),
)
