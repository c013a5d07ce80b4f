"""One whole ledger for the tests of the audit: with documents, a batch, Chinese names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.api.running import WAIT, Member, Running, running
from tests.reports.ledger import Called, call, write_manifest


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("ledger")) as ledger:
        write_manifest(ledger)
        yield ledger


@pytest.fixture(scope="session")
def maker(service: Running) -> Member:
    did = "did:web:shenyang.example"
    body = {"did": did, "name": "沈阳第一机床厂"}
    told = service.operator.post("/v1/organisations", json=body, headers=WAIT).json()
    key = told["api_key"]
    return Member(told["id"], did, body["name"], key, service.client(key))


@pytest.fixture(scope="session")
def batch(maker: Member) -> str:
    """A batch of twenty."""
    lines = b"".join(b'{"serial":"BAT-%d","document":{"of":%d}}\n' % (i, i) for i in range(20))
    headers = {"Content-Type": "application/x-ndjson", **WAIT}
    answer = maker.http.post("/v1/batches", content=lines, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def verb(
    service: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Called]:
    """Calls a verb on that ledger."""
    for name in [name for name in os.environ if name.startswith("ASSET_LEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASSET_LEDGER_DATA", str(service.settings.data))
    monkeypatch.setenv("ASSET_LEDGER_RPC_URL", service.settings.rpc_url)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: call(capsys, *arguments)
