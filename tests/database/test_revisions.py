"""Every migration goes both ways on every database, with rows in the tables, and ends exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlmodel import SQLModel

import ledger.database
import ledger.mirror.search.tables
import ledger.mirror.tables.checkpoints
import ledger.mirror.tables.rollbacks
import ledger.outbox.checkpoint_tables
import ledger.outbox.class_tables
import ledger.outbox.credential_tables
import ledger.outbox.file_tables
import ledger.outbox.tables
import ledger.outbox.webhook_tables
from ledger.database.engine import downgrade, open_engine, upgrade
from tests.database.schemas import fill, tell_extras, tell_rows, tell_schema
from tests.postgres import postgres

_SCRIPTS: Final = ScriptDirectory(str(Path(ledger.database.__file__).parent / "migrations"))
REVISIONS: Final = ["base", *sorted(script.revision for script in _SCRIPTS.walk_revisions())]

EMPTIED: Final = {
    "0003": {"account", "asset", "block", "entry", "holder", "mirror", "organisation"},
    "0022": {"search_mark"},
}
"""What a migration empties, both ways: the mirror, which then fills itself from the chain, and how
far its texts are, which then are made anew."""


@pytest.fixture(scope="module")
def make_postgres() -> Iterator[Callable[[], str]]:
    with postgres() as make:
        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def make_engine(
    request: pytest.FixtureRequest, tmp_path: Path, make_postgres: Callable[[], str]
) -> Iterator[Callable[[], Engine]]:
    """Makes empty databases, of one kind."""
    made: list[Engine] = []

    def make() -> Engine:
        beside = f"sqlite:///{tmp_path}/{len(made)}.db"
        made.append(open_engine(beside if request.param == "sqlite" else make_postgres()))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def test_revisions_are_a_single_line() -> None:
    assert _SCRIPTS.get_bases() == ["0001"]
    assert _SCRIPTS.get_heads() == [REVISIONS[-1]]
    assert REVISIONS[1:] == [f"{number:04}" for number in range(1, len(REVISIONS))]


def test_the_upgraded_schema_is_exactly_the_models(make_engine: Callable[[], Engine]) -> None:
    upgraded, created = make_engine(), make_engine()
    upgrade(upgraded)
    SQLModel.metadata.create_all(created)
    assert tell_schema(upgraded) == tell_schema(created)


def test_each_revision_is_undone_to_the_schema_before_it(
    make_engine: Callable[[], Engine],
) -> None:
    """One by one up, one by one down, and up again, every table holding rows at every step."""
    engine = make_engine()
    seen: list[Any] = []

    def tell() -> Any:
        return tell_schema(engine), tell_extras(engine)

    for revision in REVISIONS:
        if revision != "base":
            upgrade(engine, revision)
        seen.append(tell())
        fill(engine)
    for revision, before in reversed(list(zip(REVISIONS, seen, strict=True))):
        downgrade(engine, revision)
        assert tell() == before, f"down to {revision}"
        fill(engine)
    upgrade(engine)
    assert tell() == seen[-1]


def test_rows_outlast_every_revision_both_ways(make_engine: Callable[[], Engine]) -> None:
    engine = make_engine()
    for before, revision in pairwise(REVISIONS):
        for move, to in ((upgrade, revision), (downgrade, before), (upgrade, revision)):
            fill(engine)
            old = tell_rows(engine)
            move(engine, to)
            new = tell_rows(engine)
            for table in old.keys() & new.keys():
                where = f"{table}, to {to}"
                if table in EMPTIED.get(revision, ()):
                    assert new[table] == [], where
                else:
                    assert _shared(new[table], old[table]) == _shared(old[table], new[table]), where


def _shared(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, by the columns that the others have, too."""
    common = rows[0].keys() & others[0].keys() if rows and others else set()
    assert len(rows) == len(others)
    return sorted(({name: row[name] for name in sorted(common)} for row in rows), key=repr)


def test_a_mirror_without_proofs_was_proven_at_every_commit(
    make_engine: Callable[[], Engine],
) -> None:
    engine = make_engine()
    upgrade(engine, "0007")
    fill(engine, rows=1)
    upgrade(engine, "0008")
    [mirror] = tell_rows(engine)["mirror"]
    assert mirror["proven_block"] == mirror["block_number"]
