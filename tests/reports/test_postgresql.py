"""Documents and population are read from PostgreSQL as they are from SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from ledger.database.engine import Engine, open_engine, reading, upgrade, writing
from ledger.documents.opening import open_stores
from ledger.mirror.auditing.documents import rehash_documents
from ledger.mirror.auditing.population import count_assets, find_numbered
from ledger.mirror.tables import BatchRow, EntryRow
from ledger.outbox.shelves import Shelves
from ledger.outbox.tables import BatchRegistration, Document, Operation
from tests.api.running import Member, Running
from tests.postgres import postgres

COPIED = (EntryRow, BatchRow, Document, Operation, BatchRegistration)


@pytest.fixture
def both(service: Running, maker: Member, batch: str) -> Iterator[tuple[Engine, Engine]]:
    """The ledger's database, and its rows in PostgreSQL; something was erased."""
    assert batch
    asset = maker.register()
    seen = maker.append(asset, kind="observed", document={"a": 1}).json()["content_hash"]
    assert maker.append(asset, kind="erased", documents=[seen]).status_code == 201
    ours = open_engine(service.settings.database())
    with postgres() as make:
        theirs = open_engine(make())
        upgrade(theirs)
        with reading(ours) as source, writing(theirs) as target:
            for table in COPIED:
                copy(source, target, table)
        yield ours, theirs
        theirs.dispose()
    ours.dispose()


def copy(source: Session, target: Session, table: type) -> None:
    for row in source.exec(select(table)):
        target.add(table(**row.model_dump()))  # type: ignore[attr-defined]


def test_documents_and_population_are_the_same(
    both: tuple[Engine, Engine], service: Running
) -> None:
    kept = open_stores(service.settings.data)
    shelves = Shelves(kept.documents, kept.batches, kept.files)
    found = [rehash_documents(engine, shelves) for engine in both]
    for one in found:
        one.seconds = 0
    assert found[0] == found[1]
    assert found[0].erased >= 1
    assert (found[0].lines >= 60, found[0].bad) == (True, 0)
    counted = {count_assets(engine, 10**6) for engine in both}
    assert len(counted) == 1
    numbers = range(0, counted.pop(), 3)
    ours, theirs = (find_numbered(engine, 10**6, numbers) for engine in both)
    assert ours == theirs
    assert sorted(ours) == list(numbers)
