"""Settings come from options, the environment and files, in this order, and say what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.cli import main
from ledger.errors import MalformedValue
from ledger.settings import SECRETS, Settings


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "asset_ledger_database_url").write_text("postgresql://of-a-file/ledger\n")
    (tmp_path / "asset_ledger_metrics_token").write_text("of-a-file\n")
    (tmp_path / "another_service").write_text("none of ours\n")
    monkeypatch.setenv(SECRETS, str(tmp_path))
    return tmp_path


def test_a_setting_may_lie_in_a_file(secrets: Path) -> None:
    settings = Settings()
    assert settings.database_url == "postgresql://of-a-file/ledger"
    assert settings.metrics_token.get_secret_value() == "of-a-file"
    assert "of-a-file" not in repr(settings.metrics_token)
    (secrets / "asset_ledger_metrics_token").unlink()
    assert Settings().metrics_token.get_secret_value() == ""


@pytest.mark.usefixtures("secrets")
def test_the_environment_goes_before_files_and_options_before_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASSET_LEDGER_DATABASE_URL", "sqlite:///of-the-environment")
    assert Settings().database_url == "sqlite:///of-the-environment"
    assert Settings.given(database_url="sqlite:///given").database_url == "sqlite:///given"


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRETS, "/no/such/folder")
    with pytest.raises(MalformedValue) as refused:
        Settings()
    assert SECRETS in str(refused.value)
    assert "/no/such/folder" in str(refused.value)


def test_a_wrong_setting_is_one_line_that_names_it_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was a traceback, with the value in it."""
    monkeypatch.setenv("ASSET_LEDGER_PORT", "of-a-ship")
    with pytest.raises(SystemExit) as left:
        main(["serve"])
    told = capsys.readouterr().err
    assert left.value.code == 2
    assert told.count("\n") == 1
    assert "ASSET_LEDGER_PORT" in told
    assert "of-a-ship" in told
