"""Few among many cost a bounded look: so many rows of what one filter finds, and no more a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.mirror.queries import AssetFilter, Cursor, Moment, Page, list_assets, windows
from ledger.mirror.tables import AssetRow, EntryRow, HolderRow
from ledger.types import AssetKind, Hash32, Party, Stage
from tests.databases import opened
from tests.mirror.questions import statements
from tests.postgres import postgres

LARGE, MANY, FEW = 3_000, 1_000, 40
LOOK = 150
BIG, LESSER, KEEPER, OTHER = (bytes([number]) * 32 for number in range(1, 5))
THEN = Moment(block=9, hash=bytes(32), timestamp=9, sequence=10**6, is_final=True)


def id_of(number: int) -> Hash32:
    return Random(number).randbytes(32)  # noqa: S311


def plant(engine: Engine) -> None:
    """A big owner and a lesser one, whose assets are all somebody's; the last few are another's.

    The keeper has all of the big one's. Of both, the last few alone are in maintenance, as are
    many of a third's; all of theirs were frozen once, and only the last still are.
    """
    assets, holders, entries = [], [], []
    for number in range(LARGE + MANY + LARGE):
        owner = BIG if number < LARGE else LESSER if number < LARGE + MANY else OTHER
        last = LARGE - FEW <= number < LARGE or LARGE + MANY - FEW <= number < LARGE + MANY
        asset = id_of(number)
        keeper = OTHER if last else KEEPER
        stage = Stage.MAINTENANCE if last or owner == OTHER else Stage.IN_SERVICE
        places = {"first_sequence": number + 1, "last_sequence": number + 1}
        told = {"org": owner, "owner": owner, "custodian": keeper, "stage": int(stage)}
        assets.append(blank(AssetRow, id=asset, asset_kind=2, **told, **places))
        for position, (party, org) in enumerate(((Party.OWNER, owner), (Party.CUSTODIAN, keeper))):
            of = {"asset": asset, "position": position, "party": party.label}
            holders.append(blank(HolderRow, org=org, from_block=number // 1_000, **of))
        if owner != OTHER:
            froze = [Kind.FROZEN] if last else [Kind.FROZEN, Kind.UNFROZEN]
            for position, kind in enumerate(froze, 1):
                at = {"sequence": 10 * number + position, "position": position}
                entries.append(blank(EntryRow, subject=asset, kind=int(kind), **at))
    with engine.begin() as connection:
        for row, values in ((AssetRow, assets), (HolderRow, holders), (EntryRow, entries)):
            connection.execute(row.metadata.tables[str(row.__tablename__)].insert(), values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))


def blank(row: Any, **given: Any) -> dict[str, Any]:
    columns = [column for column in row.__table__.columns if not column.nullable]
    zeros = {column.name: column.type.python_type() for column in columns}
    return {**zeros, "to_block": None, **given} if row is HolderRow else {**zeros, **given}


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(f"sqlite:///{tmp_path_factory.mktemp('windows')}/ledger.db") as engine:
        plant(engine)
        yield engine


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Engine]:
    with postgres() as make, opened(make()) as engine:
        plant(engine)
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(windows, "LOOK", LOOK)
    planted: Engine = request.getfixturevalue(request.param)
    return planted


def last_of(end: int) -> list[Hash32]:
    return [id_of(number) for number in range(end - FEW, end)]


FEW_OF_MANY = [
    pytest.param(wanted, at, id=f"{name}{' as of then' if at else ''}")
    for name, wanted, ats in (
        ("stage", AssetFilter(owner=BIG, stage=Stage.MAINTENANCE), [None]),
        ("party", AssetFilter(owner=BIG, custodian=OTHER), [None, THEN]),
        ("kind", AssetFilter(owner=BIG, custodian=OTHER, asset_kind=AssetKind(2)), [None, THEN]),
        ("frozen", AssetFilter(owner=BIG, asset_kind=AssetKind(2), stage=Stage(3)), [None]),
        ("registrar", AssetFilter(frozen=True, organisation=BIG), [None, THEN]),
    )
    for at in ats
]


@pytest.mark.parametrize(("wanted", "at"), FEW_OF_MANY)
def test_few_among_many_are_found_page_by_page(
    engine: Engine, wanted: AssetFilter, at: Moment | None
) -> None:
    for newest_first in (False, True):
        pages = list(all_pages(engine, wanted, at, newest_first))
        found = [row.id for page in pages for row in page.items]
        expected = last_of(LARGE)
        if at is not None and wanted.parties():  # of one block, by id
            expected = sorted(expected)
        assert found == (expected[::-1] if newest_first else expected)
        assert len(pages) <= 2 + (LARGE + MANY) // LOOK + FEW // 7
        assert [page.cursor is None for page in pages] == [False] * (len(pages) - 1) + [True]


def all_pages(
    engine: Engine, wanted: AssetFilter, at: Moment | None, newest_first: bool
) -> Iterator[Page[AssetRow]]:
    cursor: Cursor | None = None
    while True:
        with reading(engine) as session, statements(engine) as sent:
            page = list_assets(
                session, wanted, at=at, cursor=cursor, limit=7, newest_first=newest_first
            )
        assert len(sent) <= 3  # where it ends, what it holds; and, as of then, what moved since
        yield page
        cursor = page.cursor
        if cursor is None:
            return


@pytest.mark.parametrize(("wanted", "at"), FEW_OF_MANY)
def test_postgresql_looks_at_a_windows_rows(
    postgresql: Engine, monkeypatch: pytest.MonkeyPatch, wanted: AssetFilter, at: Moment | None
) -> None:
    monkeypatch.setattr(windows, "LOOK", LOOK)
    with reading(postgresql) as session, statements(postgresql) as sent:
        page = list_assets(session, wanted, at=at, limit=7)
    assert page.cursor is not None
    with postgresql.connect() as connection:
        # These tables are so small that all of one may be read for less than a window of it.
        for turned in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            connection.execute(text(f"set enable_{turned} = off"))
        seen = 0
        for statement, given in sent:
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            [[plans]] = connection.exec_driver_sql(explain, given)  # type: ignore[arg-type]
            seen += rows_seen(plans[0]["Plan"])
    # Each of three leads looks for its end, one in its window, and of each row there at some more.
    assert seen <= 8 * LOOK < LARGE // 2


def rows_seen(plan: dict[str, Any]) -> int:
    """The rows of tables and indexes that were looked at, be they passed on or not."""
    below = sum(rows_seen(one) for one in plan.get("Plans", []))
    if "Relation Name" not in plan and "Index Name" not in plan:
        return below
    told = [value for key, value in plan.items() if key.startswith("Rows Removed by")]
    return below + round(plan["Actual Loops"] * (plan["Actual Rows"] + sum(told)))


def steps(engine: Engine, ask: Callable[[Session], Page[AssetRow]]) -> int:
    """How much SQLite's machine does, in hundreds of instructions."""
    done: list[None] = []
    with reading(engine) as session:
        raw: Any = session.connection().connection.driver_connection
        raw.set_progress_handler(lambda: done.append(None), 100)
        page = ask(session)
        raw.set_progress_handler(None, 0)
    assert page.cursor is not None
    return len(done)


@pytest.mark.parametrize(
    ("one", "other", "at"),
    [
        ("owner", {"stage": Stage.MAINTENANCE}, None),
        ("owner", {"custodian": OTHER, "asset_kind": AssetKind(2)}, None),
        ("owner", {"custodian": OTHER}, THEN),
        ("organisation", {"asset_kind": AssetKind(2), "frozen": True, "owner": OTHER}, THEN),
    ],
)
def test_sqlite_does_no_more_for_a_party_that_has_more(
    sqlite: Engine,
    monkeypatch: pytest.MonkeyPatch,
    one: str,
    other: dict[str, Any],
    at: Moment | None,
) -> None:
    monkeypatch.setattr(windows, "LOOK", LOOK)

    def took(org: Hash32) -> int:
        wanted = AssetFilter(**{one: org}, **other)
        return steps(sqlite, lambda session: list_assets(session, wanted, at=at, limit=7))

    assert 20 < took(BIG) < 1.2 * took(LESSER)


@pytest.mark.parametrize("newest_first", [False, True])
def test_one_filter_fills_its_pages(engine: Engine, newest_first: bool) -> None:
    for wanted in (AssetFilter(owner=BIG), AssetFilter(custodian=OTHER, after=1, until=2_990)):
        with reading(engine) as session:
            page = list_assets(session, wanted, limit=20, newest_first=newest_first)
            assert len(page.items) == 20
            assert page.cursor is not None


def test_what_reaches_farthest_leads(engine: Engine) -> None:
    """Its window goes past all that others would go through."""
    wanted = AssetFilter(organisation=BIG, custodian=OTHER, owner=BIG)
    with reading(engine) as session:
        page = list_assets(session, wanted, limit=FEW)
    assert [row.id for row in page.items] == last_of(LARGE)
