"""Killed while it accepts, the API accepted all of a request or nothing: sent again, it is once."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from tests.api.running import Member, Running, serving, until

STORED, COMMITTED = "documents are stored", "acceptance is committed"


@pytest.fixture(scope="module")
def aurora(service: Running) -> Member:
    """An organisation of these tests alone: others count what theirs have."""
    return service.enrol("Aurora Foundries")


@contextmanager
def dying(service: Running, point: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Another process of the API on the same ledger."""
    told = {
        "DATA": str(service.settings.data),
        "DATABASE_URL": service.settings.database_url,
        "RPC_URL": service.settings.rpc_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.api.dying", point],
        cwd=Path(__file__).parents[2],
        env=os.environ | {f"ASSET_LEDGER_{name}": value for name, value in told.items()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()
            process.wait()


def packs(service: Running) -> int:
    return len(list((service.settings.data / "documents").rglob("*.pack")))


def send(url: str, member: Member, path: str, body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {member.key}"}
    return httpx.post(f"{url}{path}", json=body, headers=headers, timeout=30, trust_env=False)


@pytest.mark.parametrize("many", [1, 30])
@pytest.mark.parametrize("point", [STORED, COMMITTED])
def test_killed_and_sent_again_each_asset_is_there_once(
    service: Running, aurora: Member, point: str, many: int
) -> None:
    prefix = secrets.token_hex(4)
    assets = [{"serial": f"{prefix}-{n}", "document": {"of": n}} for n in range(many)]
    path, body = (
        ("/v1/assets", assets[0]) if many == 1 else ("/v1/assets:batch", {"assets": assets})
    )
    before = packs(service)
    with dying(service, point) as (url, process):
        with pytest.raises(httpx.TransportError):
            send(url, aurora, path, body)
        assert process.wait(10) == -signal.SIGKILL
    assert packs(service) == before + 1  # of no use after STORED, and no harm
    answer = send(service.url, aurora, path, body)
    if many == 1:
        assert answer.status_code == (202 if point == STORED else 200)
    else:
        repeated = {item["repeated"] for item in answer.json()["items"]}
        assert repeated == {point == COMMITTED}
    for asset in assets:
        [found] = until(lambda asset=asset: _find(aurora, str(asset["serial"])))
        raw = aurora.http.get(f"/v1/documents/{found['content_hash']}")
        assert raw.json() == asset["document"]
    born = aurora.http.get("/v1/assets", params={"organisation": aurora.id, "limit": "200"}).json()
    serials = Counter([each["serial"] for each in born["items"]])
    assert set(serials.values()) == {1}


def test_killed_once_a_file_is_forgotten_it_is_destroyed_at_the_next_start(
    service: Running, aurora: Member
) -> None:
    folder = service.settings.data / "documents" / "files"
    before = {path for path in folder.rglob("*") if path.is_file()}
    told = aurora.http.post("/v1/documents", content=b"to be taken back").json()
    [file] = {path for path in folder.rglob("*") if path.is_file()} - before
    with dying(service, "a file is forgotten") as (url, process):
        headers = {"Authorization": f"Bearer {aurora.key}"}
        with pytest.raises(httpx.TransportError):
            httpx.delete(f"{url}{told['url']}", headers=headers, timeout=30, trust_env=False)
        assert process.wait(10) == -signal.SIGKILL
    assert file.exists()
    assert aurora.http.get(told["url"]).status_code == 404
    with serving(create_app(service.settings)):
        assert not file.exists()
    assert {path for path in folder.rglob("*") if path.is_file()} == before


def _find(member: Member, serial: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = member.http.get("/v1/assets", params={"serial": serial}).json()[
        "items"
    ]
    return found
