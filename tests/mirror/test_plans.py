"""Every question is answered from an index, in its order, on SQLite and on PostgreSQL."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, text
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.mirror import queries
from ledger.mirror.indexes import build_indexes, leave_out_indexes
from ledger.mirror.queries import AssetFilter, Cursor, FeedFilter, Moment, Page
from ledger.mirror.queries.members import find_members
from ledger.mirror.tables import AssetRow, BatchRow
from ledger.types import Stage
from tests.databases import opened
from tests.mirror.questions import Known, Question, questions, statements
from tests.postgres import postgres

ONE = Known(
    orgs=[b"\x01" * 32],
    accounts=[b"\x03" * 20],
    dids=["did:web:x.example"],
    addresses=[b"\x04" * 20],
    assets=[b"\x02" * 32],
    batches=[b"\x05" * 29 + bytes(3)],
    schemas=[b"\x06" * 32],
    worlds=[b"\x07" * 32],
    time=1_800_000_000,
)


def list_assets_now(
    session: Session,
    wanted: AssetFilter,
    *,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> Page[AssetRow]:
    """Stages as of a moment are found alone."""
    return queries.list_assets(session, wanted, cursor=cursor, limit=limit)


def at_stages() -> Iterator[Question]:
    org, schema = ONE.orgs[0], ONE.schemas[0]
    for stage in Stage:
        for wanted, index in (
            (AssetFilter(stage=stage, lien_holder=org), "asset_lien_holder"),
            (AssetFilter(stage=stage, organisation=org, schema=schema, until=9), "asset_org"),
            (AssetFilter(stage=stage, frozen=True), "entry_kind"),
        ):
            yield Question(list_assets_now, (wanted,), {}, index)
        none = Question(list_assets_now, (AssetFilter(stage=stage, frozen=False),), {})
        yield replace(none, index="asset_stage" if stage else "asset_sequence", whole=not stage)


BATCH = BatchRow(id=ONE.batches[0], size=9)
THEN = Moment(block=7, hash=bytes(32), timestamp=7, sequence=70, is_final=True)
ASKED = [
    *questions(ONE),
    *at_stages(),
    Question(queries.find_mirror),
    Question(queries.find_unproven),
    Question(queries.find_moment, named={"block": 7}),
    Question(queries.find_moment, named={"time": 7}, index="block_timestamp"),
    Question(queries.find_next_position, (ONE.assets[0],), index="entry_place"),
    Question(queries.list_batch_assets, (BATCH,)),
    Question(queries.find_public, ([*ONE.schemas, *ONE.worlds],)),
    Question(queries.find_checkpoint, whole=True),
    Question(queries.find_checkpoint, named={"block": 7}),
    Question(queries.list_checkpoints, whole=True),
    Question(queries.find_tip),
    Question(queries.find_rollback, (3, 70)),
    Question(queries.list_standing, (70, 9), index="rollback_standing"),
    *[
        question
        for wanted in (
            FeedFilter(),
            FeedFilter(kinds=frozenset({Kind.OBSERVED, Kind.REVISED})),
            FeedFilter(organisation=ONE.orgs[0]),
            FeedFilter(subject=ONE.assets[0]),
        )
        for question in (
            Question(queries.list_since, (3, 70, wanted, 9)),
            Question(queries.list_reverted, (3, 70, wanted, 9)),
        )
    ],
]
CASES = [
    pytest.param(question, at, id=f"{question}{' as of then' if at else ''}")
    for question in ASKED
    for at in ([None, THEN] if question.takes("at") else [None])
]
# What nobody pages through: the sort is of what was found, not of a table. So is that of a window.
SORTED = {"find_tree", "list_tree"}


@pytest.fixture(scope="module", params=["upgraded", "filled"])
def sqlite(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('plans')}/ledger.db") as engine:
        if request.param == "filled":
            # Of indexes that serve alike, SQLite takes the one that was made last.
            build_indexes(engine, leave_out_indexes(engine))
        begin(engine)
        yield engine


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Engine]:
    with postgres() as make, opened(make()) as engine:
        begin(engine)
        yield engine


def begin(engine: Engine) -> None:
    """A mirror at block 9, of a ledger that began after block 1."""
    with engine.begin() as connection:
        for table, given in {
            "mirror": {"id": 1, "base_block": 1, "block_number": 9, "final_block": 5},
            "block": {"number": 7, "timestamp": 7},
            "batch": {"id": BATCH.id, "size": BATCH.size, "first_sequence": 3},
        }.items():
            _insert(connection, table, given)


def _insert(connection: Connection, table: str, given: dict[str, object]) -> None:
    row = BatchRow.metadata.tables[table]
    blank = {
        column.name: bytes(32) if column.type.python_type is bytes else 0
        for column in row.columns
        if not column.nullable
    }
    connection.execute(row.insert(), [blank | given])


def sent_for(engine: Engine, question: Question, at: Moment | None) -> list[tuple[str, object]]:
    paging = {"limit": 3} if question.takes("cursor") else {}
    with reading(engine) as session, statements(engine) as sent:
        question.ask(session, at, **paging)
    # What finds nothing of an asset asks whether it is of a batch; a moment is found by two.
    assert 1 <= len(sent) <= 2
    return sent


def test_every_function_has_its_plan_looked_at() -> None:
    functions = {
        name
        for name, one in inspect.getmembers(queries, inspect.isfunction)
        if one.__module__.startswith("ledger.mirror")
    }
    assert functions == {question.name for question in ASKED} - {list_assets_now.__name__}


@pytest.mark.parametrize(("question", "at"), CASES)
def test_sqlite_searches_an_index(sqlite: Engine, question: Question, at: Moment | None) -> None:
    plan = []
    with sqlite.connect() as connection:
        for statement, given in sent_for(sqlite, question, at):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            plan += [row[-1] for row in rows]
    for line in plan:
        allowed = [
            r"SEARCH ",
            r"(COMPOUND QUERY|LEFT-MOST SUBQUERY|UNION ALL|SETUP|RECURSIVE STEP)$",
            r"(CORRELATED SCALAR SUBQUERY|LIST SUBQUERY|SCALAR SUBQUERY|MATERIALIZE|CO-ROUTINE) ",
            r"SCAN (chain|tree|older|version|some|some_\d|seen)$",
        ]
        if question.whole:
            allowed.append(r"SCAN \w+( USING (COVERING )?INDEX \w+)?$")
        if question.name in SORTED or "SCAN seen" in plan:
            allowed.append(r"USE TEMP B-TREE FOR ORDER BY$")
        if question.name == "list_versions":
            allowed.append(r"UNION USING TEMP B-TREE$")
        assert any(re.match(one, line) for one in allowed), plan
    assert question.name in SORTED or plan.count("USE TEMP B-TREE FOR ORDER BY") <= 1
    assert _uses(question, at, " ".join(plan), r"INDEX sqlite_autoindex_|INTEGER PRIMARY KEY")


def _uses(question: Question, at: Moment | None, plan: str, primary: str) -> bool:
    index = (question.then or question.index) if at else question.index
    if question.whole and not index:
        return True
    return re.search(rf"\b{index}" if index else primary, plan) is not None


@pytest.mark.parametrize(("question", "at"), CASES)
def test_postgresql_can_do_without_scan_and_sort(
    postgresql: Engine, question: Question, at: Moment | None
) -> None:
    """An empty table's plan is any; with these settings it is the one for tables that are not."""
    told = []
    with postgresql.connect() as connection:
        for turned in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin", "hashagg"):
            connection.execute(text(f"set enable_{turned} = off"))
        for statement, given in sent_for(postgresql, question, at):
            [[plans]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
            told += nodes(plans[0]["Plan"])
    kinds = {node["Node Type"] for node in told}
    if not question.whole:
        assert "Seq Scan" not in kinds, told
    if question.name not in SORTED:
        sorts = [node for node in told if "Sort" in str(node["Node Type"])]
        assert all("Limit" in [one["Node Type"] for one in nodes(sort)] for sort in sorts), told
    names = " ".join(node.get("Index Name", "") for node in told)
    assert _uses(question, at, names, r"_pkey")


def nodes(plan: dict[str, object]) -> list[dict[str, object]]:
    """A plan's nodes, as PostgreSQL tells them in JSON."""
    below = plan.get("Plans", [])
    return [plan, *(node for one in below for node in nodes(one))]  # type: ignore[attr-defined]


def test_questions_of_many_take_few_statements(sqlite: Engine) -> None:
    """However many are asked for, up to what fits into a statement."""
    many = [number.to_bytes(32) for number in range(1 << 24, (1 << 24) + 400)]
    asked: dict[Callable[[Session], object], int] = {
        lambda session: queries.find_assets(session, many): 2,
        lambda session: find_members(session, many): 1,
        lambda session: queries.find_organisations(session, many): 1,
        lambda session: queries.find_public(session, many): 1,
        lambda session: queries.count_assets_by_owner(session, many): 1,
    }
    for ask, number in asked.items():
        with reading(sqlite) as session, statements(sqlite) as sent:
            ask(session)
        assert len(sent) == number
