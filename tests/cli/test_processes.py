"""The supervisor restarts what dies, gives up what keeps dying, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ledger.cli import processes
from ledger.cli.parent import PARENT
from ledger.cli.processes import Supervisor, end

SLEEPER = "import time, sys; print('up', flush=True); time.sleep(600)"


class Program:
    """A child that runs a line of Python."""

    def __init__(self, code: str, log: Path) -> None:
        self.name = "program"
        self.log = log
        self.starts = threading.Semaphore(0)
        self.process: subprocess.Popen[bytes] | None = None
        self._code = code

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", self._code], stderr=log)
        self.starts.release()

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)


def test_a_child_that_dies_is_started_again_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append, lambda: None)
    child = Program(SLEEPER, tmp_path / "log")
    supervisor.start(child)
    try:
        assert child.starts.acquire(timeout=5)
        assert child.process is not None
        first = child.process.pid
        child.process.kill()
        assert child.starts.acquire(timeout=5)
        assert child.process.pid != first
        assert said == ["program ended (signal SIGKILL); starting it again in 0.5 s"]
    finally:
        supervisor.stop()
    assert child.process.poll() is not None


def test_a_child_that_keeps_dying_is_given_up_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_FIRST_PAUSE", 0.01)
    alarm = threading.Event()
    supervisor = Supervisor(lambda _: None, alarm.set)
    supervisor.start(Program("raise SystemExit('no luck')", tmp_path / "log"))
    assert alarm.wait(20)
    supervisor.stop()
    assert supervisor.failure is not None
    message = str(supervisor.failure)
    assert message.startswith("program keeps ending (exit code 1)")
    assert "no luck" in message


def test_a_program_that_is_not_there_fails_at_once(tmp_path: Path) -> None:
    class Missing(Program):
        def start(self) -> None:
            subprocess.Popen([tmp_path / "nothing"])

    supervisor = Supervisor(lambda _: None, lambda: None)
    with pytest.raises(FileNotFoundError):
        supervisor.start(Missing("", tmp_path / "log"))


def test_a_verb_ends_with_the_process_that_started_it() -> None:
    child = f"""
import sys
from ledger.cli.parent import end_with_parent
end_with_parent()
{SLEEPER}
"""
    parent = f"""
import os, subprocess, sys, time
os.environ[{PARENT!r}] = str(os.getpid())
subprocess.Popen([sys.executable, "-c", {child!r}])
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout as stdout:
        assert stdout.readline() == b"up\n"
        process.send_signal(signal.SIGKILL)
        # The pipe closes when the last that holds it is gone: the grandchild.
        assert stdout.read() == b""


def test_a_process_without_a_parent_to_follow_lives_on() -> None:
    assert PARENT not in os.environ
    code = "from ledger.cli.parent import end_with_parent; end_with_parent(); print('lives')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"lives\n"
