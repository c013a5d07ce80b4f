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

_LOOK_EVERY: Final = 0.2
_KIB: Final = 1024
_PROC: Final = Path("/proc")


class BenchError(LedgerError):
    """Something could not be measured."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay node that runs: where it is, what it serves, and where a mirror of it must end."""

    rpc_url: str
    manifest: str
    block: int
    entries: int
    ledger_head: str


@dataclass(frozen=True, slots=True)
class Reached:
    """So many entries were seen in the mirror first so many seconds after the start."""

    seconds: float
    entries: int


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A mirror that was filled: `seconds` of the whole process, `peak` bytes of its memory."""

    entries: int
    seconds: float
    peak: int
    reached: Sequence[Reached]

    @property
    def rate(self) -> float:
        """Entries a second, from the process's start to its end."""
        return self.entries / self.seconds

    @property
    def ending(self) -> float:
        """Seconds between the last entry and the end of the process."""
        return self.seconds - self.reached[-1].seconds

    def first_rate(self, portion: int) -> float | None:
        """Entries a second over the first so many; None if too few commits were seen."""
        [first, *later] = self.reached
        return _rate(
            first, next((one for one in later if one.entries >= first.entries + portion), None)
        )

    def last_rate(self, portion: int) -> float | None:
        """Entries a second over the last so many; None if too few commits were seen."""
        [*earlier, last] = self.reached
        before = [one for one in earlier if one.entries <= last.entries - portion]
        return _rate(before[-1], last) if before else None


def _rate(one: Reached, other: Reached | None) -> float | None:
    if other is None or other.seconds == one.seconds:
        return None
    return (other.entries - one.entries) / (other.seconds - one.seconds)


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
    try:
        reached, peak = _watch(process, database_url, started)
    finally:
        process.terminate()  # it has ended already, but for an error of ours
        seconds = monotonic() - started
        told, _ = process.communicate()
    if process.returncode != 0:
        raise BenchError(f"asset-ledger index ended with {process.returncode}")
    result = json.loads(told)
    if (result["entries"], result["ledger_head"]) != (replay.entries, replay.ledger_head):
        raise BenchError(f"the mirror is not the node's ledger: {told.strip()}")
    if not reached or reached[-1].entries != replay.entries:
        reached.append(Reached(seconds, replay.entries))
    return Mirrored(replay.entries, seconds, peak, reached)


def _watch(
    process: subprocess.Popen[str], database_url: str, started: float
) -> tuple[list[Reached], int]:
    """Look at a process and its mirror until it ends."""
    engine, peak = open_engine(database_url), 0
    reached: list[Reached] = []
    try:
        while True:
            peak = max(peak, sum_peaks(process.pid))
            entries = _count_entries(engine)
            if entries and (not reached or entries > reached[-1].entries):
                reached.append(Reached(monotonic() - started, entries))
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_EVERY)
                return reached, peak
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


def sum_peaks(pid: int) -> int:
    """The most that a process and its children were resident with, in bytes: each at its worst."""
    folder = _PROC / str(pid)
    try:
        status = (folder / "status").read_text()
        children = " ".join(path.read_text() for path in folder.glob("task/*/children"))
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return 0
    _, _, after = status.partition("VmHWM:")  # one that has ended and is not waited for has none
    own = int(after.split()[0]) * _KIB if after else 0
    return own + sum(sum_peaks(int(child)) for child in children.split())
