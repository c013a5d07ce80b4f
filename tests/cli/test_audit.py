"""`asset-ledger audit` as an auditor calls it: exit codes, and what is printed where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.database.engine import open_engine
from ledger.types import to_hex
from tests.cli.conftest import Run
from tests.ledgers import DeployedLedger


@pytest.fixture
def mirrored(deployed: DeployedLedger, run: Run) -> Iterator[Engine]:
    """The database that `index` made of three assets."""
    org = deployed.enrol("did:web:maker.example")
    for content in (b"one", b"two", b"three"):
        deployed.register(org, content)
    assert run("index", "--to-head")[0] == 0
    engine = open_engine(f"sqlite:///{deployed.data}/ledger.db")
    yield engine
    engine.dispose()


def test_a_mirror_that_equals_the_chain_is_told_in_a_sentence(run: Run, mirrored: Engine) -> None:
    code, told, complaint = run("audit")
    assert (code, complaint) == (0, "")
    assert re.match(
        r"\d+ entries up to block \d+, proven by the chain's ledger head at \d+ block", told
    )
    assert " 1 blocks" not in told
    assert ": the mirror equals the chain\n" in told
    assert mirrored is not None


def test_as_json_it_says_what_was_compared(
    run: Run, mirrored: Engine, deployed: DeployedLedger
) -> None:
    code, told, _ = run("audit", "--json")
    found: dict[str, Any] = json.loads(told)
    assert (code, found["equal"], found["first"], found["bad"]) == (0, True, None, {})
    assert found["ledger_head"] == to_hex(deployed.contract.fetch_ledger_head())
    assert found["compared"]["asset"] == 3
    assert found["compared"]["entry"] == found["entries"]
    with mirrored.connect() as connection:
        assert connection.execute(text("select count(*) from entry")).scalar() == found["entries"]


def test_a_bad_cell_is_named_and_leaves_with_1(run: Run, mirrored: Engine) -> None:
    with mirrored.begin() as connection:
        asset = connection.execute(text("select max(id) from asset")).scalar()
        connection.execute(text("update asset set frozen = 1 where id = :id"), {"id": asset})
    code, told, complaint = run("audit", "--json")
    assert code == 1
    row = f"asset {to_hex(asset)} column frozen: the mirror has true, the chain false"
    assert row in complaint
    assert json.loads(told)["first"] == {
        "table": "asset",
        "row": {"id": to_hex(asset)},
        "fault": "differs",
        "column": "frozen",
        "mirror": True,
        "chain": False,
    }
    assert "bad are 1 of 3 in asset" in run("audit")[1]


def test_as_of_an_older_block_what_came_since_is_not_looked_at(run: Run, mirrored: Engine) -> None:
    with mirrored.begin() as connection:
        last = connection.execute(text("select max(block_number) from entry")).scalar()
        falsified = text("update entry set payload = x'00' where block_number = :last")
        connection.execute(falsified, {"last": last})
    assert run("audit")[0] == 1
    assert run("audit", "--block", str(last - 1))[0] == 0
    code, _, complaint = run("audit", "--block", str(last + 1))
    assert code == 2
    assert f"block: {last + 1} is not a block from" in complaint


def test_without_a_mirror_it_fails_in_one_line(run: Run) -> None:
    assert run("audit") == (1, "", "asset-ledger: the mirror has not begun\n")
