"""What processes use: their peak memory and their processor time (proc(5))."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_FORGET_PEAK: Final = "5"
_LOOK_EVERY: Final = 0.25
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process and its children over one load: `peak` resident bytes, processor `seconds`."""

    peak: int
    seconds: float


@contextmanager
def watched(pids: Mapping[str, int], used: dict[str, Usage]) -> Iterator[None]:
    """Put into `used` what each of these processes uses meanwhile, by its name.

    A process's own peak is the kernel's word; with children, sums are looked at now and then, and
    pages that they share count for each.
    """
    for pid in pids.values():
        (_PROC / str(pid) / "clear_refs").write_text(_FORGET_PEAK)
    before = {name: _read_seconds(pid) for name, pid in pids.items()}
    peaks = dict.fromkeys(pids, 0)
    stop = threading.Event()
    sampler = threading.Thread(target=_sample, args=(pids, peaks, stop))
    sampler.start()
    try:
        yield
    finally:
        stop.set()
        sampler.join()
    for name, pid in pids.items():
        peak = max(peaks[name], _read_size(_PROC / str(pid) / "status", "VmHWM:"))
        used[name] = Usage(peak, _read_seconds(pid) - before[name])


def _sample(pids: Mapping[str, int], peaks: dict[str, int], stop: threading.Event) -> None:
    alone = frozenset(pids.values())
    while not stop.wait(_LOOK_EVERY):
        for name, pid in pids.items():
            peaks[name] = max(peaks[name], _sum_sizes(pid, alone - {pid}))


def _sum_sizes(pid: int, others: frozenset[int]) -> int:
    """Resident bytes of a process and of its children, save for those that count by themselves."""
    folder = _PROC / str(pid)
    try:
        size = _read_size(folder / "status", "VmRSS:")
        children = " ".join(path.read_text() for path in folder.glob("task/*/children")).split()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return 0
    return size + sum(_sum_sizes(int(one), others) for one in children if int(one) not in others)


@dataclass(slots=True)
class Tree:
    """A process with all of its descendants, looked at while it runs: its peak and its seconds.

    A page that several share counts once. What the process alone had at its peak is not missed
    between two looks.
    """

    pid: int
    peak: int = 0
    seconds: float = 0.0
    _most: int = 0

    def look(self) -> None:
        """Take in what it uses now."""
        try:
            self.peak = max(self.peak, _read_size(_PROC / str(self.pid) / "status", "VmHWM:"))
            tree = _find_tree(self.pid)
            self.seconds = max(self.seconds, sum(map(_read_seconds, tree)))
            resident = sum(_read_size(_PROC / str(pid) / "status", "VmRSS:") for pid in tree)
            # Shares take long to add up: only where there may be a new peak.
            if resident > self._most:
                shares = (_read_size(_PROC / str(pid) / "smaps_rollup", "Pss:") for pid in tree)
                self.peak = max(self.peak, sum(shares))
                self._most = resident
        except (FileNotFoundError, ProcessLookupError):  # one of them has ended
            return


def _find_tree(pid: int) -> list[int]:
    children = " ".join(
        path.read_text() for path in (_PROC / str(pid)).glob("task/*/children")
    ).split()
    return [pid, *(one for child in children for one in _find_tree(int(child)))]


def find_children(parent: int) -> dict[int, list[str]]:
    """The command lines of a process's children, by process id."""
    children = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and _read_parent(folder) == parent:
            command = (folder / "cmdline").read_bytes()
            children[int(folder.name)] = command.decode(errors="replace").split("\0")
    return children


def _read_parent(folder: Path) -> int | None:
    try:
        return int(_read_stat(folder)[1])
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return None


def _read_size(path: Path, name: str) -> int:
    """One of the sizes that a file of proc tells, in bytes.

    Raises:
        ProcessLookupError: it tells none, as the process has ended and is not waited for yet.
    """
    line = next((one for one in path.read_text().splitlines() if one.startswith(name)), None)
    if line is None:
        raise ProcessLookupError(f"{path} tells no {name}")
    return int(line.split()[1]) * 1024


def _read_seconds(pid: int) -> float:
    """User and system time, of itself and of its children that have ended."""
    return sum(map(int, _read_stat(_PROC / str(pid))[11:15])) / _TICKS


def _read_stat(process: Path) -> list[str]:
    """The fields from `state` on: the name before it may hold anything, spaces too."""
    return (process / "stat").read_text().rpartition(")")[2].split()
