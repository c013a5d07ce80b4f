"""Secrets are kept as documents' keys are: encrypted, wrapped anew by a rotation, destroyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.documents.opening import open_stores
from ledger.documents.packs import CorruptDocument
from ledger.documents.secrets import Secrets


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(open_stores(tmp_path).vault)


def test_a_secret_is_found_by_its_name_in_any_process(tmp_path: Path, secrets: Secrets) -> None:
    name, secret = secrets.make()
    assert len(secret) == 32
    assert secrets.find(name) == secret
    assert Secrets(open_stores(tmp_path).vault).find(name) == secret
    assert secrets.make()[1] != secret


def test_no_file_shows_a_secret(tmp_path: Path, secrets: Secrets) -> None:
    _, secret = secrets.make()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            told = path.read_bytes()
            assert secret not in told
            assert secret.hex().encode() not in told


def test_a_secret_outlasts_the_master_key(tmp_path: Path, secrets: Secrets) -> None:
    name, secret = secrets.make()
    before = (tmp_path / "keys" / "documents").read_bytes()
    assert open_stores(tmp_path).vault.rotate() == 1
    assert (tmp_path / "keys" / "documents").read_bytes() != before
    assert secrets.find(name) == secret


def test_a_secret_that_is_destroyed_is_gone(secrets: Secrets) -> None:
    name, _ = secrets.make()
    secrets.destroy(name)
    secrets.destroy(name)
    with pytest.raises(CorruptDocument):
        secrets.find(name)
