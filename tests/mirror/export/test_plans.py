"""A page of an export costs the same wherever it is: each is read from an index, in its order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from ledger.mirror.export.folded import FOLDED, read_folded
from ledger.mirror.export.reading import (
    Stretch,
    cut,
    fetch_standing,
    is_known,
    read_blocks,
    read_entries,
)
from tests.mirror.export.conftest import Lived
from tests.mirror.questions import statements

Read = Callable[[Engine, Stretch, Lived], object]

READS: dict[str, Read] = {
    "entries": lambda engine, stretch, _: list(read_entries(engine, stretch)),
    "entries of one": lambda engine, stretch, lived: list(
        read_entries(engine, stretch, lived.orgs[0])
    ),
    "blocks": lambda engine, stretch, _: list(read_blocks(engine, stretch)),
    "standing": lambda engine, stretch, _: fetch_standing(engine, stretch.last.block),
    "stretches": lambda engine, stretch, _: list(cut(engine, stretch.before, 9, 5)),
    "known": lambda engine, _, lived: is_known(engine, lived.orgs[0]),
}


def folded(name: str) -> Read:
    return lambda engine, stretch, _: list(read_folded(engine, name, stretch.last))


# The ledger itself is one row, for ever.
READS |= {name: folded(name) for name in FOLDED if name != "founding"}


@pytest.mark.parametrize("name", READS)
def test_nothing_is_sorted_and_no_table_walked_without_its_index(
    lived: Lived, mirror: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.mirror.export.reading.PAGE", 3)
    monkeypatch.setattr("ledger.mirror.export.folded.PAGE", 3)
    first, last = lived.first + 2, lived.last - 20
    stretch = Stretch(fetch_standing(mirror, first), fetch_standing(mirror, last))
    with statements(mirror) as sent:
        READS[name](mirror, stretch, lived)
    assert sent
    bad = r"Seq Scan|Sort|SCAN \w+$|TEMP B-TREE"
    for statement, given in sent:
        plan = explain(mirror, statement, given)
        assert not [line for line in plan if re.search(bad, line)], (statement, plan)


def explain(engine: Engine, statement: str, given: object) -> list[str]:
    """The steps by which a database would answer."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            return [row[-1] for row in rows]
        # With these settings, a small table's plan is the one for a table that is not.
        for turned in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin", "hashagg"):
            connection.execute(text(f"set enable_{turned} = off"))
        [[plan]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
        return re.findall(r'"Node Type": "([^"]*)"', json.dumps(plan))
