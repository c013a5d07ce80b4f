"""The frame of the command line: fast, quiet about its insides, clear about what is wrong."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from ledger import cli
from ledger.errors import MalformedValue, UnknownThing


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger.cli", *arguments], capture_output=True, text=True
    )


def leave(monkeypatch: pytest.MonkeyPatch, error: Exception) -> int:
    """The exit code when a verb raises."""

    def keys() -> None:
        raise error

    monkeypatch.setattr("ledger.cli.keys.keys", keys)
    with pytest.raises(SystemExit) as left:
        cli.main(["keys"])
    assert isinstance(left.value.code, int)
    return left.value.code


def test_help_names_every_verb_and_imports_none() -> None:
    code = "import sys\nfrom ledger.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    code += "\nprint(sorted(m for m in sys.modules if m in ('web3', 'sqlmodel', 'rich', 'httpx')))"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.monotonic() - begun < 3  # 0.15 s on an idle machine; tests share theirs
    assert done.stdout.splitlines()[-1] == "[]"
    for verb, line in cli.VERBS.items():
        assert f"  {verb} " in done.stdout
        assert line in done.stdout, f"{verb}'s line is cut off"


def test_an_unknown_verb_is_a_wrong_call() -> None:
    done = run("regster")
    assert done.returncode == 2
    assert "No such command 'regster'. Did you mean 'register'?" in done.stderr


def test_an_unknown_option_is_a_wrong_call() -> None:
    done = run("up", "--fersh")
    assert done.returncode == 2
    assert "No such option: --fersh" in done.stderr


def test_what_is_refused_is_one_line_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave(monkeypatch, UnknownThing("asset", field="id", value="0x00")) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "asset-ledger: id: no asset 0x00 is known\n"


def test_a_malformed_argument_is_a_wrong_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = MalformedValue(field="SUBJECT", value="0x1", wanted="an id")
    assert leave(monkeypatch, error) == 2
    assert capsys.readouterr().err == "asset-ledger: SUBJECT: '0x1' is not an id\n"


def test_a_missing_file_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave(monkeypatch, FileNotFoundError(2, "No such file or directory", "a.toml")) == 1
    assert "a.toml" in capsys.readouterr().err
