"""`up` comes back with the same data whatever ended it, and leaves no process behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ledger.cli.ports import free_port
from ledger.client import Client
from tests.cli.conftest import PS, Up, ask, is_running, until

KEYS = {
    "api",
    "explorer",
    "rpc_url",
    "chain_id",
    "contract",
    "manifest",
    "database_url",
    "data",
    "organisations",
    "operator_key",
}

ASSETS = 200

Starting = Callable[..., Up]


def alone() -> tuple[str, ...]:
    return ("--no-demo", "--port", str(free_port()))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_it_keeps_all_its_parts_running_until_it_is_stopped(up: Starting) -> None:
    run = up(*alone())
    ready = run.ready()
    told_where_everything_is(run, ready)
    refuses_a_second_one(run, up("--no-demo"))
    for part in ("serve", "index", "submit", "anvil"):
        starts_again(run, ready, part)

    keeps_documents_encrypted_while_their_key_changes(run, ready)
    children = run.children()
    assert run.stop() == 0
    assert not [pid for pid in children if is_running(pid)]


def told_where_everything_is(run: Up, ready: dict[str, Any]) -> None:
    assert ready.keys() == KEYS
    assert Path(ready["manifest"]).is_file()
    assert (run.data / "up.json").stat().st_mode & 0o777 == 0o600
    (organisation,) = ready["organisations"]
    assert organisation.keys() == {"id", "did", "name", "address", "api_key"}

    known = ask(ready, f"/v1/organisations/{organisation['did']}", organisation["api_key"]).json()
    assert (known["id"], known["address"]) == (organisation["id"], organisation["address"])
    assert ask(ready, "/v1/organisations", ready["operator_key"]).status_code == 200
    status = ask(ready, "/v1/status").json()
    assert (status["contract"], status["lag"]) == (ready["contract"], 0)


def keeps_documents_encrypted_while_their_key_changes(run: Up, ready: dict[str, Any]) -> None:
    master, key = run.data / "keys" / "documents", ready["organisations"][0]["api_key"]
    before = master.read_text().strip()
    rotate = [sys.executable, "-m", "ledger.cli", "keys", "rotate", "--data", str(run.data)]
    told = subprocess.run(rotate, check=True, capture_output=True, text=True).stdout
    after = master.read_text().strip()
    with Client(ready["api"], key, patience=60) as client:
        client.register_asset("after rotation", b'{"name": "a secret"}', wait=30)
    for serial in ("after serve", "after rotation"):
        [asset] = ask(ready, f"/v1/assets?serial={quote(serial)}", key).json()["items"]
        [link] = ask(ready, f"/v1/assets/{asset['id']}/documents", key).json()["items"]
        assert ask(ready, link["url"], key).status_code == 200
    assert master.stat().st_mode & 0o777 == 0o600
    logs = b"".join(path.read_bytes() for path in (run.data / "log").iterdir()).decode()
    for secret in (before, after):
        assert secret not in told + logs + run.told()
    kept = [path for path in (run.data / "documents").rglob("*") if path.is_file()]
    assert not any(b"a secret" in path.read_bytes() for path in kept)


def refuses_a_second_one(run: Up, second: Up) -> None:
    assert second.process.wait(60) == 1
    assert f"in use by another `asset-ledger up` (process {run.process.pid})" in run.told()


def starts_again(run: Up, ready: dict[str, Any], part: str) -> None:
    """A part that is killed comes back, and the ledger goes on taking assets."""
    (pid,) = [each for each in run.children() if part in command(each)]
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: any(part in command(each) for each in run.children() - {pid}))
    assert "starting it again" in run.told()
    with Client(ready["api"], ready["organisations"][0]["api_key"], patience=60) as client:
        accepted = client.register_asset(f"after {part}", b'{"name": "still here"}', wait=30)
        assert client.get_asset(accepted.id).serial == f"after {part}"


def test_it_goes_on_with_the_same_data_whatever_ended_it(up: Starting, taken: int) -> None:
    first = up(*alone())
    ready = first.ready()
    assert first.stop() == 0

    second = up("--no-demo")
    assert second.ready() == ready
    children = second.children()
    os.kill(second.process.pid, signal.SIGKILL)
    second.process.wait()
    assert until(lambda: not [pid for pid in children if is_running(pid)]), "left behind"

    third = up("--no-demo", "--port", str(taken))
    moved = third.ready()
    assert f"port {taken} is taken: the API listens on " in third.told()
    assert {k: v for k, v in moved.items() if k not in {"api", "explorer"}} == {
        k: v for k, v in ready.items() if k not in {"api", "explorer"}
    }
    assert ask(moved, "/v1/status").json()["entries"] == 3  # founded, enrolled, account added
    assert third.stop() == 0

    fresh = up("--no-demo", "--fresh").ready()
    assert fresh["operator_key"] != ready["operator_key"]
    assert ask(fresh, "/v1/organisations", ready["operator_key"]).status_code == 401


def command(pid: int) -> str:
    """The words a process was started with, without the folders they lie in."""
    told = subprocess.run([PS, "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return " ".join(Path(word).name for word in told.stdout.split()[:5])


def test_a_step_that_fails_is_named(up: Starting) -> None:
    run = up("--no-demo", "--rpc-url", f"http://127.0.0.1:{free_port()}")
    assert run.process.wait(60) == 1
    assert 'the step "chain" failed' in run.told()
    assert "Traceback" not in run.told()


def test_killed_amid_registering_it_ends_with_every_asset_once(up: Starting) -> None:
    run = up(*alone())
    ready = run.ready()
    key = ready["organisations"][0]["api_key"]
    lines = "".join(f'{{"serial": "P{n}", "document": {{"n": {n}}}}}\n' for n in range(ASSETS))

    with start_register(run.data) as registering:
        assert registering.stdin is not None
        registering.stdin.write(lines.encode())
        registering.stdin.close()
        assert until(lambda: ask(ready, "/v1/status").json()["entries"] > ASSETS // 5, 60)
        for process in (run.process, registering):
            process.kill()
            process.wait()

    again = up("--no-demo")
    assert again.ready() == ready
    with start_register(run.data) as done:
        told, _ = done.communicate(lines.encode(), timeout=120)
    counts = json.loads(told)
    assert done.returncode == 0
    assert (counts["registered"] + counts["already_there"], counts["failed"]) == (ASSETS, 0)
    assert counts["already_there"] > 0
    with Client(ready["api"], key) as client:
        assets = list(client.list_assets(page=100))
    assert sorted(asset.serial or "" for asset in assets) == sorted(f"P{n}" for n in range(ASSETS))
    assert ask(ready, "/v1/status").json()["entries"] == ASSETS + 3
    assert again.stop() == 0


def start_register(data: Path) -> subprocess.Popen[bytes]:
    """`asset-ledger register -`, with standard input to write assets to."""
    return subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "register", "-", "--json", "--data", str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
