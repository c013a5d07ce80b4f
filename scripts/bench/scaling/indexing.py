"""Fills a mirror from a replay node by the verb `index`, and watches its speed and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ledger.database.engine import open_engine, reading
from ledger.errors import LedgerError
from ledger.mirror.queries import find_mirror
from scripts.bench.scaling.shape import Shape
from scripts.bench.usage import Tree

_LOOK_EVERY: Final = 0.2


class BenchError(LedgerError):
    """Something could not be measured."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay node that runs: where it is, what it serves, and where a mirror of it must end.

    `final` are the entries in blocks that the node calls final.
    """

    rpc_url: str
    manifest: str
    block: int
    entries: int
    final: int
    ledger_head: str


@dataclass(frozen=True, slots=True)
class Reached:
    """So many entries were seen in the mirror first so many seconds after the start.

    `busy` are the processor's seconds up to then.
    """

    seconds: float
    busy: float
    entries: int


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A mirror that was filled: `seconds` of the whole process, `peak` bytes of its memory.

    `reached` is how it went while there was something final to fill it with: after that, indexes
    are built and the newest blocks are followed one by one.
    """

    entries: int
    seconds: float
    busy: float
    peak: int
    reached: Sequence[Reached]

    @property
    def rate(self) -> float:
        """Entries a second, from the process's start to its end."""
        return self.entries / self.seconds

    @property
    def ending(self) -> float:
        """Seconds between the last final entry and the end of the process."""
        return self.seconds - self.reached[-1].seconds

    def first(self, portion: int) -> Stretch | None:
        """The first entries, so many at least; None if too few commits were seen."""
        [begun, *later] = self.reached
        return _stretch(begun, [one for one in later if one.entries >= begun.entries + portion])

    def last(self, portion: int) -> Stretch | None:
        """The last final entries, so many at least; None if too few commits were seen."""
        [*earlier, ended] = self.reached
        return _stretch(
            ended, [one for one in earlier if one.entries <= ended.entries - portion][::-1]
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the way: entries for each second, and for each second of a processor."""

    rate: float
    busy_rate: float


def _stretch(one: Reached, others: Sequence[Reached]) -> Stretch | None:
    """The way between two looks, of which the nearer of the others is taken."""
    if not others:
        return None
    other = others[0]
    entries = abs(other.entries - one.entries)
    seconds, busy = abs(other.seconds - one.seconds), abs(other.busy - one.busy)
    return Stretch(entries / seconds, entries / busy) if seconds and busy else None


@contextmanager
def replaying(folder: Path, shape: Shape) -> Iterator[Replay]:
    """A replay node in a process of its own; the folder keeps its chain."""
    command = [sys.executable, "-m", "scripts.bench.scaling.replay", "--keep", str(folder)]
    command += ["--entries", str(shape.entries), "--assets", str(shape.assets)]
    command += ["--organisations", str(shape.organisations)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise BenchError("the replay node does not start")
        yield Replay(**json.loads(line))
    finally:
        process.terminate()
        process.communicate()


def fill(replay: Replay, database_url: str) -> Mirrored:
    """Fill an empty database with all that a replay node has.

    Raises:
        BenchError: the verb failed, or it left something else than the node's ledger.
    """
    command = [sys.executable, "-m", "ledger.cli", "index", "--to-head", "--json"]
    command += ["--rpc-url", replay.rpc_url, "--manifest", replay.manifest]
    command += ["--database-url", database_url]
    started = monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    tree = Tree(process.pid)
    try:
        reached = _watch(process, tree, database_url, started)
    finally:
        process.terminate()  # it has ended already, but for an error of ours
        seconds = monotonic() - started
        told, _ = process.communicate()
    if process.returncode != 0:
        raise BenchError(f"asset-ledger index ended with {process.returncode}")
    result = json.loads(told)
    if (result["entries"], result["ledger_head"]) != (replay.entries, replay.ledger_head):
        raise BenchError(f"the mirror is not the node's ledger: {told.strip()}")
    final = [one for one in reached if one.entries <= replay.final]
    whole = Reached(seconds, tree.seconds, replay.entries)
    return Mirrored(replay.entries, seconds, tree.seconds, tree.peak, final or [whole])


def _watch(
    process: subprocess.Popen[str], tree: Tree, database_url: str, started: float
) -> list[Reached]:
    """Look at a process and its mirror until it ends."""
    engine, reached = open_engine(database_url), [Reached(0, 0, 0)]
    try:
        while True:
            tree.look()
            entries = _count_entries(engine)
            if entries > reached[-1].entries:
                reached.append(Reached(monotonic() - started, tree.seconds, entries))
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_EVERY)
                return reached[1:]
    finally:
        engine.dispose()


def _count_entries(engine: Engine) -> int:
    """How many entries are in the mirror; 0 while it has no tables, or nobody may look."""
    try:
        with reading(engine) as session:
            mirror = find_mirror(session)
            return mirror.sequence if mirror else 0
    except DBAPIError:
        return 0
