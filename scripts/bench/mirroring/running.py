"""Runs a contestant as a whole process, and says how long it took and what it used."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from scripts.bench.mirroring.chain import BenchError
from scripts.bench.usage import Tree, Usage

ROOT: Final = Path(__file__).resolve().parents[3]
_FIRST_LOOK: Final = 0.01
_LOOK_EVERY: Final = 0.1
"""Seconds between looks: some end soon, and the others are slowed by each."""
_LONGEST: Final = 1_800.0
_GRACE: Final = 10.0
_TOLD: Final = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run: wall seconds from the start of the process, and what its processes used."""

    seconds: float
    used: Usage
    output: bytes = b""


def run_to_end(
    command: Sequence[str], given: bytes = b"", environment: Mapping[str, str] | None = None
) -> Run:
    """Run a program to its end, what is `given` on its input. Raises BenchError if it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
        )
        tree = Tree(process.pid)
        handle = os.pidfd_open(process.pid)
        try:
            _hand(process, given)
            pause = _FIRST_LOOK
            while not select.select([handle], [], [], pause)[0]:
                tree.look()
                pause = min(2 * pause, _LOOK_EVERY)
            seconds = time.perf_counter() - began
        finally:
            os.close(handle)
            # Not Popen's own ways, which would take what the child used with them.
            os.kill(process.pid, signal.SIGKILL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise BenchError(f"{' '.join(command[:4])} failed: {_read_end(errors)}")
        output.seek(0)
        usage = Usage(tree.peak, used.ru_utime + used.ru_stime)
        return Run(seconds, usage, output.read())


def run_until(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    is_done: Callable[[], bool],
) -> Run:
    """Run what goes on for ever until it has done its work, then end it.

    Raises BenchError if it ends before, or has not done it in half an hour.
    """
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        tree = Tree(process.pid)
        try:
            while not is_done():
                tree.look()
                if process.poll() is not None:
                    raise BenchError(f"{command[0]} ended: {_read_end(output)}")
                if time.perf_counter() - began > _LONGEST:
                    raise BenchError(f"{command[0]} takes too long: {_read_end(output)}")
                time.sleep(_LOOK_EVERY)
            seconds = time.perf_counter() - began
            tree.look()
        finally:
            _end_group(process)
        return Run(seconds, Usage(tree.peak, tree.seconds))


def _hand(process: subprocess.Popen[bytes], given: bytes) -> None:
    if process.stdin is not None:
        with process.stdin as writing:
            writing.write(given)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started: they are a session of their own."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read_end(output: IO[bytes]) -> str:
    """The end of what it said."""
    output.seek(0)
    return output.read().decode(errors="replace").strip()[-_TOLD:]
