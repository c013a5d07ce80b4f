"""The comparison of mirrors fills a chain, runs our index on it, and tells of each run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ledger.chain.rpc import RpcClient
from ledger.domain.log import APPENDED_TOPIC, decode_appended
from scripts.bench.mirroring.__main__ import measure
from scripts.bench.mirroring.chain import BenchError, Loaded, loaded
from scripts.bench.mirroring.compare import Row
from scripts.bench.mirroring.keeping import load_kept
from scripts.bench.mirroring.mix import A_BLOCK, MIX
from scripts.bench.mirroring.profile import profile
from scripts.bench.mirroring.running import run_to_end
from scripts.bench.mirroring.sampled import START
from scripts.bench.mirroring.show import show_tables, to_json
from scripts.bench.usage import Tree, find_children

ENTRIES = 1_000
RUNS = 2


@pytest.fixture(scope="module")
def chain() -> Iterator[Loaded]:
    with loaded(ENTRIES, lambda _: None) as chain:
        yield chain


@pytest.fixture(scope="module")
def rows(chain: Loaded) -> Sequence[Row]:
    rows, skipped, profiles = measure(chain, ("ours", "raw"), RUNS)
    assert not skipped
    assert not profiles
    return rows


def test_the_chain_holds_just_so_many_entries_of_every_kind_in_the_mix(chain: Loaded) -> None:
    with RpcClient(chain.rpc_url) as rpc:
        logs = rpc.fetch_logs(chain.contract, [APPENDED_TOPIC], chain.first, chain.last)
    assert len(logs) == chain.entries == ENTRIES
    kinds = Counter(decode_appended(log.topics, log.data).kind for log in logs)
    assert kinds.keys() > MIX.keys()
    assert max(Counter(log.block_number for log in logs).values()) <= A_BLOCK


def test_every_contestant_runs_in_every_round(rows: Sequence[Row]) -> None:
    told = [(row.contestant.name, row.contestant.database) for row in rows]
    assert told == [("ours", "SQLite"), ("ours", "PostgreSQL"), ("raw", None)]
    for row in rows:
        assert len(row.runs) == RUNS
        assert all(run.used.seconds > 0 and run.used.peak > 1 << 20 for run in row.runs)
        assert row.rate == pytest.approx(ENTRIES / sum(run.seconds for run in row.runs) * RUNS)


def test_all_of_it_is_json(rows: Sequence[Row]) -> None:
    told = json.loads(json.dumps(to_json(rows, {"other": "it is not here"}, {}, {})))
    assert [row["entries_per_second"] for row in told["rows"]] == [row.rate for row in rows]
    assert {row["ratio"] for row in told["rows"]} == {None}
    assert told["skipped"] == {"other": "it is not here"}


def test_the_table_shows_every_contestant_who_was_left_out_and_no_colours(
    rows: Sequence[Row], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    show_tables(rows, {"other": "it is not here"}, {})
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert [row.contestant.title for row in rows if row.contestant.title not in shown] == []
    assert "other is left out: it is not here" in shown


def test_a_kept_chain_is_found_again_by_what_was_printed_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.bench.mirroring", "--small", "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        (tmp_path / "kept.json").write_bytes(process.stdout.readline())
        kept = load_kept(tmp_path / "kept.json")
        with RpcClient(kept.rpc_url) as rpc:
            assert rpc.fetch_block_number() == kept.last
        process.terminate()
        assert process.wait() == 0
    with pytest.raises(BenchError, match=r"missing\.json tells of no kept chain"):
        load_kept(tmp_path / "missing.json")


def test_the_profile_names_modules_of_ours_and_what_they_have_others_do(
    chain: Loaded, tmp_path: Path
) -> None:
    spent = profile(chain, f"sqlite:///{tmp_path / 'profiled.db'}")
    assert {one.process for one in spent} >= {1}
    assert sum(one.processor for one in spent) > 0
    assert START in {one.module for one in spent}
    assert any(one.module.startswith("ledger.mirror.") for one in spent)


def test_a_page_that_processes_share_counts_once() -> None:
    grows = (
        "import os, time; kept = b'x' * (64 << 20); os.fork(); print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", grows], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(4)  # both are there
        tree = Tree(process.pid)
        tree.look()
        for pid in find_children(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
    assert 64 << 20 < tree.peak < 2 * (64 << 20)


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(BenchError, match="no such thing"):
        run_to_end(["/bin/sh", "-c", "echo no such thing >&2; exit 3"])
