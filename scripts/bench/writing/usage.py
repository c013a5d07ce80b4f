"""What processes use: their peak memory and their processor time (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_FORGET_PEAK: Final = "5"


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process over one load: `peak` resident bytes, and processor `seconds`."""

    peak: int
    seconds: float


@contextmanager
def watched(pids: Mapping[str, int], used: dict[str, Usage]) -> Iterator[None]:
    """Put into `used` what each of these processes uses meanwhile, by its name."""
    before = {}
    for name, pid in pids.items():
        (Path("/proc") / str(pid) / "clear_refs").write_text(_FORGET_PEAK)
        before[name] = _read_seconds(pid)
    yield
    for name, pid in pids.items():
        used[name] = Usage(_read_peak(pid), _read_seconds(pid) - before[name])


def find_children(parent: int) -> dict[int, list[str]]:
    """The command lines of a process's children, by process id."""
    children = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _read_parent(folder) == parent:
            command = (folder / "cmdline").read_bytes()
            children[int(folder.name)] = command.decode(errors="replace").split("\0")
    return children


def _read_parent(folder: Path) -> int | None:
    try:
        return int(_read_stat(folder)[1])
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return None


def _read_peak(pid: int) -> int:
    status = (Path("/proc") / str(pid) / "status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _read_seconds(pid: int) -> float:
    user, system = _read_stat(Path("/proc") / str(pid))[11:13]
    return (int(user) + int(system)) / _TICKS


def _read_stat(folder: Path) -> list[str]:
    """The fields from `state` on: the name before it may hold anything, spaces too."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
