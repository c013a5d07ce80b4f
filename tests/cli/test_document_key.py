"""The master key of documents: made for its owner alone, and never made anew over keys it wraps."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.cli import main
from ledger.documents.opening import open_stores
from ledger.documents.sealing import seal
from tests.documents.keeping import keep


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def test_who_serves_without_the_master_key_is_told_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(open_stores(tmp_path), seal(b'{"of":1}'))
    master = tmp_path / "keys" / "documents"
    master.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("ASSET_LEDGER_DATA", str(tmp_path))
    assert call("serve", "--port", "0") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"asset-ledger: {master}: it is missing, and wraps the keys in ")
    assert not master.exists()


def test_it_may_lie_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    master = tmp_path / "vault" / "master"
    keep(open_stores(tmp_path, master), seal(b'{"of":1}'))
    monkeypatch.setenv("ASSET_LEDGER_DOCUMENT_KEY", str(master))
    before = master.read_text()
    assert call("keys", "rotate", "--data", str(tmp_path)) == 0
    assert str(master) in capsys.readouterr().out
    assert before.strip() not in master.read_text()
    assert master.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "keys").exists()


def test_documents_are_not_encrypted_while_the_ledger_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ledger.cli.folder import hold

    with hold(tmp_path):
        assert call("keys", "encrypt", "--data", str(tmp_path)) == 1
    assert "is in use" in capsys.readouterr().err
