"""An organisation's serials are listed from their index, in its order, on both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, text

from ledger.database.engine import reading, writing
from ledger.outbox.registrations import find_serial, list_serials
from ledger.outbox.tables import Registration
from ledger.types import Hash32
from tests.mirror.questions import statements

ORGS = [bytes([number]) * 32 for number in (1, 2)]
SERIALS = ("GBX-10", "GBX-2", "gbx-1", "Ä-1", "减速器", "0")


def fill(engine: Engine) -> dict[Hash32, str]:
    """Both organisations have all of the serials; the first one's by asset."""
    mine = {bytes([9, number]).ljust(32, b"\0"): serial for number, serial in enumerate(SERIALS)}
    theirs = {bytes([8, *asset[1:]]): serial for asset, serial in mine.items()}
    with writing(engine) as session:
        for org, given in zip(ORGS, (mine, theirs), strict=True):
            for asset, serial in given.items():
                more = {"content_hash": bytes(32), "digest": bytes(32), "operation": "one"}
                session.add(Registration(org=org, serial=serial, asset=asset, **more))
    return mine


def test_pages_join_in_the_databases_own_order(either_engine: Engine) -> None:
    mine = fill(either_engine)
    with reading(either_engine) as session:
        whole = [row.asset for row in list_serials(session, ORGS[0])]
        for limit in (1, 2, 5):
            seen: list[Hash32] = []
            while rows := list_serials(
                session, ORGS[0], after=seen[-1] if seen else None, limit=limit
            ):
                seen += [row.asset for row in rows]
            assert seen == whole
        assert list_serials(session, ORGS[0], after=bytes(32)) == []
        assert list_serials(session, b"\x07" * 32) == []
    assert set(whole) == mine.keys()
    if either_engine.dialect.name == "sqlite":
        assert [mine[asset] for asset in whole] == sorted(SERIALS)


def test_the_primary_key_serves(either_engine: Engine) -> None:
    fill(either_engine)
    for after in (None, bytes([9]).ljust(32, b"\0")):
        with reading(either_engine) as session, statements(either_engine) as sent:
            list_serials(session, ORGS[0], after=after, limit=2)
        serves(either_engine, sent, "sqlite_autoindex_registration_1", "registration_pkey")


def test_a_serial_whoever_gave_it_is_found_without_reading_all_serials(
    either_engine: Engine,
) -> None:
    """Each search reads so, and once read all that was ever registered."""
    fill(either_engine)
    with reading(either_engine) as session, statements(either_engine) as sent:
        assert {row.org for row in find_serial(session, "GBX-2")} == set(ORGS)
    serves(either_engine, sent, "ix_registration_serial", "ix_registration_serial")


def serves(
    engine: Engine, sent: Sequence[tuple[str, Any]], on_sqlite: str, on_postgresql: str
) -> None:
    """See that one statement was sent, and that an index of that name answers it, in its order."""
    [(statement, given)] = sent
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            plan = [row[-1] for row in rows]
            assert not [line for line in plan if "SCAN" in line.split() or "TEMP" in line]
            assert on_sqlite in plan[0]
        else:
            for turned in ("seqscan", "bitmapscan", "sort"):
                connection.execute(text(f"set enable_{turned} = off"))
            [[told]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
            plan = json.dumps(told)
            assert on_postgresql in plan
            assert "Seq Scan" not in plan
            assert '"Sort"' not in plan
