"""The comparison of costs measures every row that it has, and shows each."""

from __future__ import annotations

import json

import pytest

from scripts.bench.costs.chain import started
from scripts.bench.costs.compare import Compared, compare
from scripts.bench.costs.show import show_table, to_json

BATCH = 3


@pytest.fixture(scope="module")
def compared() -> Compared:
    with started() as chain:
        return compare(chain, BATCH)


def _measured(compared: Compared, contract: str) -> set[str]:
    return {row.name for row in compared.rows if compared.find_gas(contract, row) is not None}


def test_every_row_is_measured_by_whom_it_concerns(compared: Compared) -> None:
    names = [row.name for row in compared.rows]
    assert len(set(names)) == len(names)
    assert _measured(compared, "AssetLedger") == set(names)
    steps = ("offered", "accepted", "handed", "handed_again")
    titles = {name for name in names if name.startswith(("born", "passed")) or name in steps}
    assert _measured(compared, "ERC-721A") == titles - {"born_million", "born_million_each"}
    assert _measured(compared, "ERC-721") == _measured(compared, "ERC-721A") - {"passed_member"}
    statements = {name for name in names if name.startswith(("observed", "attested", "revoked"))}
    assert _measured(compared, "EAS") == statements


def test_nothing_is_measured_that_no_row_tells_of(compared: Compared) -> None:
    sources = {row.source for row in compared.rows}
    assert {name for gas in compared.gas.values() for name in gas} <= sources


def test_all_of_it_is_json(compared: Compared) -> None:
    told = json.loads(json.dumps(to_json(compared)))
    assert [row["name"] for row in told["rows"]] == [row.name for row in compared.rows]
    assert all(row["gas"].keys() == told["contracts"].keys() for row in told["rows"])
    assert all(
        used is None or used > 21_000 for row in told["rows"] for used in row["gas"].values()
    )


def test_the_table_shows_every_row_and_no_colours(
    compared: Compared, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    show_table(compared)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert [row.title for row in compared.rows if row.title not in shown] == []
