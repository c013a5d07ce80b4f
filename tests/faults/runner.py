"""Runs schedules by the thousand in several processes, and tells what came of them."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import queue
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.faults.bugs import Bug
from tests.faults.databases import Databases, Origin, open_databases
from tests.faults.ground import Ground
from tests.faults.kills import Killing
from tests.faults.mirror import playing as mirror
from tests.faults.places import MEMORY, Play
from tests.faults.schedule import play

FAILED: Final = Path(__file__).parent / "failed.jsonl"
FAMILIES: Final = ("writing", "mirror")
"""What schedules are of: the whole way of a write, or the mirror alone, by the ten thousand."""
_LINE: Final = 100
"""Schedules between two lines of progress."""


@dataclass
class Report:
    """What came of all schedules."""

    schedules: int = 0
    seconds: float = 0.0
    operations: int = 0
    entries: int = 0
    rejected: int = 0
    calls: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    duplicated: int = 0
    diverged: int = 0
    broken: int = 0
    failed: list[int] = field(default_factory=list)

    def add(self, told: dict[str, Any]) -> None:
        self.schedules += 1
        for name in ("operations", "entries", "rejected", "calls"):
            setattr(self, name, getattr(self, name) + told.get(name, 0))
        for name in ("lost", "duplicated", "diverged", "broken"):
            setattr(self, name, getattr(self, name) + len(told.get(name, ())))
        self.happened.update(told.get("happened", {}))
        if is_wrong(told):
            self.failed.append(told["seed"])

    def told(self) -> dict[str, Any]:
        plain = dict(vars(self))
        plain["happened"] = dict(sorted(self.happened.items()))
        plain["per_second"] = round(self.schedules / max(self.seconds, 0.001), 2)
        return plain


def is_wrong(told: dict[str, Any]) -> bool:
    return any(told.get(name) for name in ("lost", "duplicated", "diverged", "broken"))


def run(
    seeds: range, jobs: int, family: str, database: str, kills: int = 0
) -> Iterator[dict[str, Any]]:
    """Play these seeds' schedules, and yield what came of each as it comes.

    With `kills`, each is one of real processes, that are killed so often.
    """
    os.environ["PYTHONHASHSEED"] = "0"  # so that sets have the same order when a seed is replayed
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[dict[str, Any]] = context.Queue()
    following = context.Value("q", seeds.start)
    arguments = following, seeds.stop, family, database, kills, told
    workers = [context.Process(target=_work, args=arguments) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    left = len(seeds)
    while left:
        try:
            yield told.get(timeout=1.0)
            left -= 1
        except queue.Empty:
            if not any(worker.is_alive() for worker in workers):
                raise SystemExit("every worker is gone") from None
    for worker in workers:
        worker.join()


def _work(following: Any, end: int, family: str, database: str, kills: int, told: Any) -> None:
    logging.disable(logging.CRITICAL)
    with playing(family, database, kills) as play_seed:
        while True:
            with following.get_lock():
                seed = following.value
                following.value += 1
            parent = multiprocessing.parent_process()
            if seed >= end or parent is None or not parent.is_alive():
                return
            told.put(play_seed(seed))


@contextmanager
def playing(family: str, database: str, kills: int = 0) -> Iterator[Play]:
    """What plays the schedules of a family."""
    if family == "mirror":
        with mirror.opened(database) as play_seed:
            yield play_seed
        return
    with opened(database) as (ground, databases):
        yield lambda seed: play_one(seed, ground, databases, kills)


@contextmanager
def opened(database: str) -> Iterator[tuple[Ground, Databases]]:
    """Ground and databases, in memory where there is any."""
    with tempfile.TemporaryDirectory(prefix="faults-", dir=MEMORY) as folder:
        ground = Ground.make(Path(folder))
        origin = Origin(ground.folder, ground.database, ground.begin_mirror)
        databases = open_databases(database, origin)
        try:
            yield ground, databases
        finally:
            databases.close()
            ground.close()


def play_one(seed: int, ground: Ground, databases: Databases, kills: int = 0) -> dict[str, Any]:
    """Play one schedule; what breaks it off is told as well."""
    own = ground.folder / "schedule"
    own.mkdir()
    try:
        if kills:
            return Killing(seed, ground, own, databases).play(kills).told()
        return play(seed, ground, own, databases).told()
    except Exception:  # noqa: BLE001 - told, with the seed that brings it back
        return {"seed": seed, "broken": [traceback.format_exc()]}
    finally:
        shutil.rmtree(own, ignore_errors=True)


def hunt(bug: Bug, play_seed: Play, first: int = 0) -> int | None:
    """After how many schedules a planted bug is caught; None if it is not within its bound."""
    with bug.planted():
        for number in range(1, bug.within + 1):
            if is_wrong(play_seed(first + number)):
                return number
    return None


def keep(told: dict[str, Any]) -> None:
    """Keep what failed, with its story."""
    with FAILED.open("a") as file:
        file.write(json.dumps(told) + "\n")


def tell(report: Report, began: float) -> None:
    """Show how far it is: on one line, or where that is no screen, a line now and then."""
    report.seconds = round(time.monotonic() - began, 1)
    screen = sys.stderr.isatty()
    if screen or report.schedules % _LINE == 0:
        print(
            f"{report.schedules} schedules, {report.seconds:.0f} s, {report.entries} entries:"
            f" {report.lost} lost, {report.duplicated} duplicated, {report.diverged} diverged,"
            f" {report.broken} broken off",
            end="\r" if screen else "\n",
            file=sys.stderr,
            flush=True,
        )
