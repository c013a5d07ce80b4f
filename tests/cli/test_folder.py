"""The data folder serves one `up` at a time, keeps its secrets, and only ours is ever wiped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.cli import folder
from ledger.cli.folder import Busy, Kept, NotOurs, hold, load_kept, save_kept, wipe


def test_a_second_holder_is_refused_and_told_who_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "_PATIENCE", 0.2)
    code = f"""
from pathlib import Path
from ledger.cli.folder import hold
with hold(Path({str(tmp_path)!r})):
    print("held", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match=f"process {holder.pid}"), hold(tmp_path):
            pass
        holder.communicate(b"\n")
    with hold(tmp_path):
        pass


def test_what_is_kept_comes_back_and_others_cannot_read_it(tmp_path: Path) -> None:
    kept = Kept(api="http://127.0.0.1:1", demo=True, organisations=[{"did": "did:web:a.example"}])
    save_kept(tmp_path, kept, {"chain_id": 31337})
    assert load_kept(tmp_path) == kept
    assert (tmp_path / "up.json").stat().st_mode & 0o777 == 0o600


def test_nothing_kept_is_a_first_start(tmp_path: Path) -> None:
    assert load_kept(tmp_path) == Kept()


def test_wiping_leaves_only_the_lock(tmp_path: Path) -> None:
    with hold(tmp_path):
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "governor.json").write_text("{}")
        save_kept(tmp_path, Kept())
        wipe(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["up.lock"]


def test_a_folder_that_is_not_ours_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with hold(tmp_path), pytest.raises(NotOurs, match="not wiped"):
        wipe(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
