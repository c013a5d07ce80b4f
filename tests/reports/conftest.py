"""One whole ledger for the tests of the audit: with documents, a batch, Chinese names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.cli import main
from tests.api.running import WAIT, Member, Running, running
from tests.reports.auditor import Auditor, blocks_coming
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
    """A batch of sixty."""
    lines = b"".join(b'{"serial":"BAT-%d","document":{"of":%d}}\n' % (i, i) for i in range(60))
    headers = {"Content-Type": "application/x-ndjson", **WAIT}
    answer = maker.http.post("/v1/batches", content=lines, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="session")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "password").write_text("a password")
    key = folder / "auditor.json"
    return Auditor(key, KeystoreSigner.load_or_create(key, "a password"))


@pytest.fixture(scope="session")
def assets(maker: Member, batch: str) -> list[str]:
    """Assets registered one by one before and after a batch, one of it with entries of its own."""
    made = [maker.register(f"齿轮箱-{number}-{batch[:8]}") for number in range(2)]
    member = f"0x{int(batch, 16) + 3:064x}"
    assert maker.append(member, kind="observed", document={"checked": True}).status_code == 201
    return [*made, member]


@pytest.fixture(scope="session")
def reported(
    service: Running,
    auditor: Auditor,
    assets: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a report, and of the bundles of a sample of eight; not to be written to."""
    assert assets
    folder = tmp_path_factory.mktemp("reported") / "report"
    settings = service.settings
    with pytest.MonkeyPatch.context() as patch, blocks_coming(service):
        patch.setenv("ASSET_LEDGER_DATA", str(settings.data))
        patch.setenv("ASSET_LEDGER_RPC_URL", settings.rpc_url)
        told = ["--title", "年度审计报告", "--auditor", "立信会计师事务所", "--names"]
        place = ["--output", str(folder), "--key", str(auditor.key)]
        with pytest.raises(SystemExit) as left:
            main(["audit", "--sample", "8", "--within", "60", *told, *place])
    assert not left.value.code
    return folder


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
