"""`up` comes back with the same data whatever ended it, and leaves no process behind."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.ports import free_port
from tests.cli.conftest import Up, ask, is_running, until

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

Starting = Callable[..., Up]


def alone() -> tuple[str, ...]:
    return ("--no-demo", "--port", str(free_port()))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def stays(ready: dict[str, Any]) -> dict[str, Any]:
    """What must be the same after a restart."""
    return {name: ready[name] for name in KEYS}


def test_it_tells_where_everything_is_and_stops_without_a_trace(up: Starting) -> None:
    first = up(*alone())
    ready = first.ready()
    assert ready.keys() == KEYS
    assert Path(ready["manifest"]).is_file()
    assert (first.data / "up.json").stat().st_mode & 0o777 == 0o600
    (organisation,) = ready["organisations"]
    assert organisation.keys() == {"id", "did", "name", "address", "api_key"}

    known = ask(ready, f"/v1/organisations/{organisation['did']}", organisation["api_key"]).json()
    assert (known["id"], known["address"]) == (organisation["id"], organisation["address"])
    assert ask(ready, "/v1/organisations", ready["operator_key"]).status_code == 200
    status = ask(ready, "/v1/status").json()
    assert (status["contract"], status["lag"]) == (ready["contract"], 0)

    children = first.children()
    assert len(children) >= 4  # chain, API, indexer, submitter
    assert first.stop() == 0
    assert not [pid for pid in children if is_running(pid)]


def test_it_goes_on_after_sigterm_and_sigkill(up: Starting) -> None:
    first = up(*alone())
    ready = first.ready()
    assert first.stop() == 0

    second = up("--no-demo")
    assert stays(second.ready()) == stays(ready)
    children = second.children()
    os.kill(second.process.pid, signal.SIGKILL)
    second.process.wait()
    assert until(lambda: not [pid for pid in children if is_running(pid)]), "left behind"

    third = up("--no-demo")
    assert stays(third.ready()) == stays(ready)
    assert ask(ready, "/v1/status").json()["entries"] == 2  # enrolled, account added
    assert third.stop() == 0


def test_a_taken_port_is_replaced_and_said(up: Starting, taken: int) -> None:
    run = up("--no-demo", "--port", str(taken))
    ready = run.ready()
    assert not ready["api"].endswith(f":{taken}")
    assert f"port {taken} is taken: the API listens on " in run.told()
    assert ask(ready, "/v1/status").status_code == 200


def test_a_second_one_on_the_same_folder_is_refused(up: Starting) -> None:
    first = up(*alone())
    ready = first.ready()
    second = up("--no-demo")
    assert second.process.wait(30) == 1
    assert f"in use by another `asset-ledger up` (process {first.process.pid})" in second.told()
    assert ask(ready, "/v1/status").status_code == 200


def test_fresh_begins_anew(up: Starting) -> None:
    first = up(*alone())
    before = first.ready()
    assert first.stop() == 0
    after = up("--no-demo", "--fresh").ready()
    assert after["operator_key"] != before["operator_key"]
    assert ask(after, "/v1/status", before["operator_key"]).json()["entries"] == 2


@pytest.mark.parametrize("victim", ["serve", "index", "submit", "anvil"])
def test_a_part_that_dies_is_started_again(up: Starting, victim: str) -> None:
    run = up(*alone())
    ready = run.ready()
    (organisation,) = ready["organisations"]
    (pid,) = [each for each in run.children() if victim in command(each)]
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: "starting it again" in run.told())
    assert until(lambda: any(victim in command(each) for each in run.children()))
    body = {"serial": "after", "document": {"name": "registered after it died"}}
    assert register(ready, organisation["api_key"], body)["position"] == 0
    assert run.stop() == 0


def command(pid: int) -> str:
    """The words a process was started with, paths left out."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return " ".join(Path(os.fsdecode(word)).name for word in words[:5])


def register(ready: dict[str, Any], key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Register an asset, patiently: the part that died may still be starting."""
    from ledger.client import Client

    with Client(ready["api"], key, patience=60) as client:
        accepted = client.register_asset(
            body["serial"], json.dumps(body["document"]).encode(), wait=30
        )
    return {"id": accepted.id, "position": accepted.position}


def test_a_step_that_fails_is_named(up: Starting) -> None:
    run = up("--no-demo", "--rpc-url", f"http://127.0.0.1:{free_port()}")
    assert run.process.wait(60) == 1
    assert 'the step "chain" failed' in run.told()
    assert "Traceback" not in run.told()
