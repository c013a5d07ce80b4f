"""Operations are found by whoever asked, state, kind and subject, on both databases alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import select

from ledger.database.engine import open_engine, reading, upgrade, writing
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.outbox.clock import new_id
from ledger.outbox.listing import OperationFilter, find_operations, list_operations
from ledger.outbox.operations import count_operations
from ledger.outbox.tables import Operation, Role, State
from tests.databases import opened
from tests.postgres import postgres

ORGS = [bytes([number]) * 32 for number in range(3)]
SUBJECTS = [bytes([number]) * 32 for number in range(10, 40)]
KINDS = [Kind.REGISTERED, Kind.OBSERVED, Kind.FROZEN]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database with 600 operations of all sorts."""
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{tmp_path_factory.mktemp('listing') / 'ledger.db'}")
        return
    with postgres() as make:
        yield from _filled(make())


def _filled(url: str) -> Iterator[Engine]:
    dice = random.Random(7)  # noqa: S311 - the same every time
    with opened(url) as engine:
        with writing(engine) as session:
            for number in range(600):
                kind = dice.choice(KINDS)
                session.add(
                    Operation(
                        id=new_id(),
                        org=dice.choice(ORGS),
                        role=Role.GOVERNOR if kind in GOVERNANCE else Role.CUSTODIAN,
                        kind=kind,
                        subject=dice.choice(SUBJECTS),
                        position=0,
                        position_fixed=False,
                        payload=b"",
                        state=dice.choice(list(State)),
                        accepted_at=number,
                        updated_at=number,
                    )
                )
                session.flush()
        yield engine


def everything(engine: Engine) -> list[Operation]:
    with reading(engine) as session:
        found = list(session.exec(select(Operation).order_by(text("sequence desc"))))
        session.expunge_all()
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        OperationFilter(org, state, kind, subject)
        for org, state, kind, subject in product(
            (None, ORGS[1]), (None, State.DONE), (None, Kind.FROZEN), (None, SUBJECTS[3])
        )
    ],
)
def test_pages_are_all_that_fits_newest_first(filled: Engine, wanted: OperationFilter) -> None:
    fitting = [
        one.id
        for one in everything(filled)
        if wanted.org in (None, one.org)
        and wanted.state in (None, one.state)
        and wanted.kind in (None, one.kind)
        and wanted.subject in (None, one.subject)
    ]
    found, before = list[str](), None
    with reading(filled) as session:
        while page := list_operations(session, wanted, before=before, limit=7):
            found += [one.id for one in page]
            before = page[-1].sequence
    assert found == fitting


def test_given_ids_come_in_the_order_of_acceptance(filled: Engine) -> None:
    some = everything(filled)[::40]
    ids = {one.id for one in some} | {new_id()}
    with reading(filled) as session:
        assert [one.id for one in find_operations(session, ids)] == [one.id for one in some[::-1]]
        done = find_operations(session, ids, OperationFilter(state=State.DONE))
    assert [one.id for one in done] == [one.id for one in some[::-1] if one.state == State.DONE]


def test_states_are_counted_and_no_further_than_asked(filled: Engine) -> None:
    states = [one.state for one in everything(filled)]
    with reading(filled) as session:
        assert count_operations(session) == {state: states.count(state) for state in State}
        assert set(count_operations(session, 5).values()) == {5}


@pytest.mark.parametrize(
    "wanted",
    [
        OperationFilter(),
        OperationFilter(org=ORGS[0]),
        OperationFilter(org=ORGS[0], state=State.QUEUED),
        OperationFilter(state=State.REJECTED),
        OperationFilter(subject=SUBJECTS[0]),
    ],
)
def test_no_page_reads_all_operations(tmp_path: Path, wanted: OperationFilter) -> None:
    engine, asked = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}"), list[tuple[str, Any]]()
    upgrade(engine)
    event.listen(engine, "before_cursor_execute", lambda *all_: asked.append((all_[2], all_[3])))
    with reading(engine) as session:
        list_operations(session, wanted, before=9)
        statement, values = asked[-1]
        plan = session.connection().exec_driver_sql(f"explain query plan {statement}", values)
        steps = [row[3] for row in plan]
    engine.dispose()
    assert [step for step in steps if "operation" in step]
    assert not [step for step in steps if step.startswith("SCAN operation")]
