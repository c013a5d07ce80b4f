"""`asset-ledger up` as a person starts it: a process of its own, on a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.cli import main
from tests.api.running import Member, Running, running
from tests.ledgers import DeployedLedger

READY_WITHIN = 120.0
Run = Callable[..., tuple[int, str, str]]
PS = shutil.which("ps") or "/bin/ps"


def descendants(pid: int) -> set[int]:
    """Every process below a process."""
    listed = subprocess.run(
        [PS, "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    below: dict[int, list[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        below.setdefault(parent, []).append(child)
    found: set[int] = set()
    left = [pid]
    while left:
        children = below.get(left.pop(), [])
        found.update(children)
        left += children
    return found


def is_running(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    state = subprocess.run(
        [PS, "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Up:
    """One run of `asset-ledger up --json`."""

    def __init__(self, data: Path, *options: str, **settings: str) -> None:
        self.data = data
        self.errors = data.with_suffix(".err")
        env = {k: v for k, v in os.environ.items() if not k.startswith("ASSET_LEDGER_")}
        env |= settings
        command = [sys.executable, "-m", "ledger.cli", "up", "--json", "--data", str(data)]
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*command, *options], stdout=subprocess.PIPE, stderr=errors, env=env
            )

    def ready(self) -> dict[str, Any]:
        """Wait for the object that says where everything is."""
        assert self.process.stdout is not None
        too_late = threading.Timer(READY_WITHIN, self.process.kill)
        too_late.start()
        line = self.process.stdout.readline()
        too_late.cancel()
        assert line, self.told()
        told: dict[str, Any] = json.loads(line)
        return told

    def told(self) -> str:
        """What it said on its error stream, and what its children logged."""
        return self.errors.read_text()

    def children(self) -> set[int]:
        """The processes that it keeps."""
        return descendants(self.process.pid)

    def stop(self) -> int:
        """End it as a service manager does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Starts ledgers on one data folder, and stops them when the test is over."""
    started: list[Up] = []

    def start(*options: str, **settings: str) -> Up:
        started.append(Up(tmp_path / "data", *options, **settings))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()
        if each.process.stdout is not None:
            each.process.stdout.close()


def ask(ready: dict[str, Any], path: str, key: str | None = None) -> httpx.Response:
    """Ask the API of a running ledger."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(ready["api"] + path, headers=headers, trust_env=False, timeout=30)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A whole ledger for the verbs that ask one."""
    with running(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def maker(service: Running) -> Member:
    """An organisation of it."""
    return service.enrol("Maker")


@pytest.fixture
def run(
    deployed: DeployedLedger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Calls a verb on the deployed ledger, and says how it left and what it printed."""
    for name in [name for name in os.environ if name.startswith("ASSET_LEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASSET_LEDGER_DATA", str(deployed.data))
    monkeypatch.setenv("ASSET_LEDGER_RPC_URL", deployed.rpc.url)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([*map(str, arguments)])
        return (int(left.value.code or 0), *capsys.readouterr())

    return call
