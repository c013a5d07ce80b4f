"""What schedules have found, each by itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from ledger.chain.finality import TagFinality
from ledger.chain.identity import verify_deployed
from ledger.chain.rpc import RpcClient
from ledger.database.engine import reading, writing
from ledger.errors import RpcError
from ledger.outbox.lanes import lane_id, open_lane
from ledger.outbox.pace import Pace
from ledger.outbox.tables import Lane, Role
from tests.faults.clock import ticking
from tests.faults.conftest import Playing
from tests.faults.proxy import Proxy, Upstream
from tests.faults.runner import opened
from tests.faults.stage import Stage

_WAITING = text("select count(*) from pg_locks where not granted")


@pytest.fixture
def stage(sqlite: Playing, tmp_path: Path) -> Iterator[Stage]:
    ground, databases = sqlite
    draw = random.Random(0)  # noqa: S311
    engine = databases.copy(tmp_path)
    with ticking() as clock:
        made = Stage(ground, tmp_path, engine, clock, draw, 1, Pace(), Counter(), by_dumps=False)
        yield made
        made.close()


@pytest.mark.parametrize("fault", ["null", "garbage", "truncate", "cut", "error", "busy"])
def test_an_answer_that_is_none_ends_no_process(stage: Stage, fault: str) -> None:
    submitter, mirror = stage.submitter(), stage.mirror()
    for life in (submitter, mirror):
        life.turn()
    stage.faults.only, stage.faults.rate = fault, 1.0
    for _ in range(5):
        for life in (submitter, mirror):
            life.turn()
            assert life.failed is None


def test_an_error_of_the_node_says_nothing_of_the_contract(sqlite: Playing) -> None:
    ground, _ = sqlite

    def answer(body: bytes) -> bytes:
        if b"eth_call" not in body:
            return node.ask(body)
        return b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "busy"}}'

    with (
        Upstream(ground.laggard.url) as node,
        Proxy(answer) as proxy,
        RpcClient(proxy.url, patience=0.0) as rpc,
        pytest.raises(RpcError, match="busy"),
    ):
        verify_deployed(rpc, ground.target, TagFinality())


def test_two_submitters_may_open_a_lane_at_once() -> None:
    with opened("postgresql") as (ground, databases):
        engine = databases.copy(ground.folder)
        sender = ground.keys[Role.CUSTODIAN][0].address
        with writing(engine) as session:  # the other one, that has not committed yet
            lane = lane_id(1, sender)
            made = Lane(id=lane, role="custodian", chain_id=1, sender=sender)
            made.next_nonce, made.created_at = 7, 0
            session.add(made)
            session.flush()
            waiting = Thread(target=open_lane, args=(engine, Role.CUSTODIAN, 1, sender, 0))
            waiting.start()
            while waiting.is_alive() and not session.execute(_WAITING).scalar_one():
                pass
        waiting.join()
        with reading(engine) as session:
            assert session.get_one(Lane, lane).next_nonce == 7
        databases.drop(engine)
