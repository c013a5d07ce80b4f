"""Child processes of `up`: started in order, restarted when they die, stopped in reverse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

import ledger
from ledger.cli.parent import PARENT
from ledger.errors import ToolError

GRACE: Final = 10.0
"""Seconds a child has to end by itself before it is killed."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 8.0
_DEATHS: Final = 5
_WITHIN: Final = 60.0


class ChildFailed(ToolError):
    """A child process keeps dying; names it and its log."""

    code = "child_failed"


class Child(Protocol):
    """A process that can be started again after it has ended."""

    @property
    def name(self) -> str: ...

    @property
    def log(self) -> Path: ...

    def start(self) -> None: ...

    def wait(self) -> int: ...

    def stop(self) -> None: ...


class VerbProcess:
    """One of our own verbs in a process of its own, its output appended to a log."""

    def __init__(self, name: str, arguments: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._arguments = arguments
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a session of its own: a Ctrl-C on the terminal is ours to pass on."""
        sources = str(Path(ledger.__file__).parents[1])
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ledger.cli", *self._arguments],
                env={**os.environ, "PYTHONPATH": sources, PARENT: str(os.getpid()), **self._env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> int:
        """Wait until it has ended; its exit code."""
        assert self._process is not None  # noqa: S101 - `start` comes first
        return self._process.wait()

    def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._process is not None:
            end(self._process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end (SIGTERM); kill it when its grace is over."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Supervisor:
    """Keeps children running: one thread each, that restarts its child with back-off.

    A thread starts its child itself and lives as long as it: Linux sends the parent-death signal
    when the *thread* that forked is gone.
    """

    def __init__(self, say: Callable[[str], None], alarm: Callable[[], None]) -> None:
        """`say` tells a person; `alarm` wakes the main thread when a child is given up."""
        self.failure: ChildFailed | None = None
        self._say = say
        self._alarm = alarm
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._children: list[tuple[Child, threading.Thread]] = []

    def start(self, child: Child) -> None:
        """Start a child and keep it running; returns when it has been started. Raises OSError."""
        failed: list[BaseException] = []
        ready = threading.Event()

        def keep() -> None:
            try:
                begun = self._begin(child)
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                failed.append(error)
                return
            finally:
                ready.set()
            if begun:
                self._keep(child)

        thread = threading.Thread(target=keep, name=f"keeps {child.name}", daemon=True)
        self._children.append((child, thread))
        thread.start()
        ready.wait()
        if failed:
            raise failed[0]

    def stop(self) -> None:
        """Stop every child, the last one started first."""
        with self._starting:  # no child is born behind our back
            self._stopping.set()
        for child, thread in reversed(self._children):
            child.stop()
            if thread.is_alive():
                thread.join(GRACE)
        self._children.clear()

    def _begin(self, child: Child) -> bool:
        """Start a child, unless everything is to stop; whether it was started."""
        with self._starting:
            if self._stopping.is_set():
                return False
            child.start()
            return True

    def _keep(self, child: Child) -> None:
        deaths: deque[float] = deque(maxlen=_DEATHS)
        pause = _FIRST_PAUSE
        while True:
            code = child.wait()
            if self._stopping.is_set():
                return
            deaths.append(time.monotonic())
            if len(deaths) == _DEATHS and deaths[-1] - deaths[0] < _WITHIN:
                self._give_up(child, code)
                return
            if len(deaths) == 1 or deaths[-1] - deaths[-2] > _WITHIN:
                pause = _FIRST_PAUSE
            self._say(f"{child.name} ended ({_ending(code)}); starting it again in {pause:g} s")
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                if not self._begin(child):
                    return
            except (ToolError, OSError) as error:
                self._say(f"{child.name} does not start: {error}")

    def _give_up(self, child: Child, code: int) -> None:
        last = tail(child.log)
        self.failure = ChildFailed(
            f"{child.name} keeps ending ({_ending(code)}); its log is {child.log}{last}",
            child=child.name,
            log=str(child.log),
        )
        self._alarm()


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, each on a line of its own, for a message."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return "".join(f"\n  {line}" for line in text.splitlines()[-lines:])


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"signal {signal.Signals(-code).name}"
