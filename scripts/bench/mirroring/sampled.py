"""Looks again and again at what every thread of a process is about, and keeps count in a file.

`begin` is called in each process of the command that is looked at, before anything of it runs. A
look gives a thread's processor time since the look before to the place where it now stands; a
long call into C, which keeps the interpreter's lock, is thereby its caller's.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

START: Final = "start-up"
ITSELF: Final = "itself"
WAITING: Final = "waiting"
_EVERY: Final = 0.002
_SWITCH: Final = 0.0005
_SAVE_EVERY: Final = 25
_IMPORTING: Final = "importlib._bootstrap"
# Where a thread stands that waits: for a socket, a lock, or another thread or process.
_WAITS: Final = frozenset(
    {"socket", "ssl", "select", "selectors", "threading", "queue", "multiprocessing", "signal"}
)
_OURS: Final = "ledger."
_TASKS: Final = Path("/proc/self/task")
_NANO: Final = 1e9


def begin(folder: Path) -> None:
    """Look at this process from now on, and at those that it forks.

    The counts of each lie in a file of its own in `folder`.
    """

    def look() -> None:
        sys.setswitchinterval(_SWITCH)
        sampler = _Sampler(folder / f"{os.getpid()}.json")
        thread = threading.Thread(target=sampler.run, daemon=True)
        thread.start()
        atexit.register(sampler.end, thread)

    os.register_at_fork(after_in_child=look)
    look()


class _Sampler:
    """Counts seconds by place: of the processor, and those that the main thread waited."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ended = threading.Event()
        self.began = self.last = time.perf_counter()
        self.seen: dict[int, float] = {}
        self.spent: dict[tuple[str, str], float] = defaultdict(float)
        self.waited: dict[tuple[str, str], float] = defaultdict(float)

    def run(self) -> None:
        looks = 0
        while not self.ended.wait(_EVERY):
            self.look()
            looks += 1
            if looks % _SAVE_EVERY == 0:
                self.save()
        self.save()

    def end(self, thread: threading.Thread) -> None:
        self.ended.set()
        thread.join()

    def look(self) -> None:
        frames, now = sys._current_frames(), time.perf_counter()
        for thread in threading.enumerate():
            frame, number = frames.get(thread.ident or 0), thread.native_id
            if frame is None or number is None or thread is threading.current_thread():
                continue
            place = place_of(frame)
            used = _read_seconds(number)
            gone = max(0.0, used - self.seen.get(number, 0.0))
            self.seen[number] = used
            self.spent[place] += gone
            if thread is threading.main_thread():
                self.waited[place] += max(0.0, now - self.last - gone)
        self.last = now

    def save(self) -> None:
        """Whole or not at all, as the process may be killed at any moment."""
        places = self.spent.keys() | self.waited.keys()
        found = [[*place, self.spent[place], self.waited[place]] for place in sorted(places)]
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.replace(self.path)


def _read_seconds(number: int) -> float:
    """A thread's time on a processor so far (proc(5), schedstat)."""
    try:
        return int((_TASKS / str(number) / "schedstat").read_text().split()[0]) / _NANO
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0.0


def place_of(frame: FrameType | None) -> tuple[str, str]:
    """The innermost module of ours on a stack, and what it called, or itself."""
    names = list(_names(frame))  # innermost first
    ours = next((at for at, name in enumerate(names) if name.startswith(_OURS)), None)
    if any(name.startswith(_IMPORTING) for name in names):
        return START, ITSELF
    if ours is None:
        return names[-1] if names else START, ITSELF
    called = names[:ours]
    if not called:
        return names[ours], ITSELF
    waits = called[0].partition(".")[0] in _WAITS
    return names[ours], WAITING if waits else called[-1].partition(".")[0]


def _names(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield frame.f_globals.get("__name__", "")
        frame = frame.f_back
