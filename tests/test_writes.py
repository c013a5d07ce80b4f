"""The comparison of writing runs every load against a real ledger, and tells of each."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from scripts.bench.writing.loads import NAIVE, SMALL, Bench, Row
from scripts.bench.writing.show import naive_rate, show_tables, to_json
from scripts.bench.writing.system import started

LOADS = ("a", "b", "w", "c", "d")


@pytest.fixture(scope="module")
def rows() -> Sequence[Row]:
    with started() as system:
        return Bench(system, SMALL, lambda _: None).run(frozenset({NAIVE, *LOADS}))


def test_every_load_is_measured_between_two_naive_loops(rows: Sequence[Row]) -> None:
    assert [row.name for row in rows] == [NAIVE, *LOADS, NAIVE]
    assert all(row.assets and row.rate > 0 for row in rows)


def test_single_requests_tell_how_long_each_took(rows: Sequence[Row]) -> None:
    for row in rows:
        if row.name not in ("c", "d"):
            assert len(row.waits) == row.assets
            assert 0 < (row.wait(50) or 0) <= (row.wait(99) or 0) <= row.seconds


def test_memory_and_processor_of_every_process_are_told(rows: Sequence[Row]) -> None:
    ours = {"chain", "up", "API", "indexer", "submitter", "client"}
    for row in rows:
        assert row.used.keys() == ({"chain", "client"} if row.name == NAIVE else ours)
        assert all(used.peak > 1 << 20 for used in row.used.values())


def test_ratios_are_to_the_median_of_the_naive_loops(rows: Sequence[Row]) -> None:
    told = json.loads(json.dumps(to_json(rows, {})))
    naive = [one["assets_per_second"] for one in told["rows"] if one["name"] == NAIVE]
    assert naive_rate(rows) == pytest.approx(sum(naive) / 2)
    assert sum(one["ratio"] for one in told["rows"] if one["name"] == NAIVE) == pytest.approx(2)


def test_the_tables_show_every_load_and_no_colours(
    rows: Sequence[Row], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    show_tables(rows)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert [row.title for row in rows if row.title not in shown] == []
