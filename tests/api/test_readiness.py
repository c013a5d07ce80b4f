"""Ready is a service whose mirror keeps up with the chain and is proven by it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import select

from api.app import create_app
from ledger.database.engine import writing
from ledger.mirror.tables import BlockRow, MirrorRow
from ledger.settings import Settings
from tests.api.running import serving

NEWEST = 100


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Engine]]:
    """A service whose mirror stands at its newest block, all proven."""
    app = create_app(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path / 'a.db'}"))
    with serving(app) as url:
        engine = app.state.service.engine
        with writing(engine) as session:
            for number in (1, 90, NEWEST):
                session.add(_block(number, time.time()))
            session.add(_mirror())
        yield url, engine


def _block(number: int, timestamp: float) -> BlockRow:
    return BlockRow(
        number=number,
        hash=bytes(32),
        timestamp=int(timestamp),
        ledger_head=bytes(32),
        last_sequence=number,
    )


def _mirror() -> MirrorRow:
    hashes = ("genesis_hash", "domain", "block_hash", "ledger_head")
    blocks = ("block_number", "proven_block", "final_block", "node_block")
    return MirrorRow(
        **dict.fromkeys(hashes, bytes(32)),
        **dict.fromkeys(blocks, NEWEST),
        id=1,
        chain_id=31337,
        contract=bytes(20),
        base_block=1,
        sequence=NEWEST,
    )


def _set(engine: Engine, **values: int) -> None:
    with writing(engine) as session:
        mirror = session.exec(select(MirrorRow)).one()
        for name, value in values.items():
            setattr(mirror, name, value)


def _age(engine: Engine, number: int, seconds: float) -> None:
    with writing(engine) as session:
        block = session.get_one(BlockRow, number)
        block.timestamp = int(time.time() - seconds)


def test_a_proven_mirror_is_ready_however_long_no_block_came(served: tuple[str, Engine]) -> None:
    url, engine = served
    _age(engine, NEWEST, 1_000_000)
    answer = httpx.get(f"{url}/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})


def test_a_mirror_that_stays_unproven_is_not_ready(served: tuple[str, Engine]) -> None:
    """It was, for as long as the node could not prove what it had told."""
    url, engine = served
    _set(engine, proven_block=80)
    assert httpx.get(f"{url}/readyz").json()["ready"]
    _age(engine, 90, 900)
    answer = httpx.get(f"{url}/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["reasons"] == [
        "what is mirrored from block 90 on is not proven by the node yet"
    ]
    _set(engine, proven_block=NEWEST)
    assert httpx.get(f"{url}/readyz").json()["ready"]


def test_all_reasons_are_told(served: tuple[str, Engine]) -> None:
    url, engine = served
    _set(engine, proven_block=80, node_block=NEWEST + 65)
    _age(engine, 90, 900)
    behind, unproven = httpx.get(f"{url}/readyz").json()["reasons"]
    assert behind == "the mirror is 65 blocks behind the node"
    assert "not proven" in unproven
