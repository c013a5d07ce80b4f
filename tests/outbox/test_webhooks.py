"""What senders of webhooks ask is found by indexes, one sends at a time, and logs do not grow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from ledger.database.engine import reading, writing
from ledger.outbox import sender_lease
from ledger.outbox.clock import now
from ledger.outbox.deliveries import (
    Found,
    add_deliveries,
    add_ping,
    forget_deliveries,
    list_again,
    list_deliveries,
    send_again,
)
from ledger.outbox.lanes import LeaseLost, holder_name
from ledger.outbox.portions import Patience, Portions, Standing
from ledger.outbox.webhook_tables import DeliveryState, Webhook, WebhookDelivery
from ledger.outbox.webhooks import Wanted, list_pending, list_webhooks, make_webhook
from tests.mirror.questions import statements

ORG = b"\x01" * 32


def make(session: Session) -> Webhook:
    return make_webhook(
        session, ORG, "https://hooks.example/", Wanted(), "name", name=None, place=(0, 0)
    )


def events(count: int) -> Found:
    return Found(
        [{"id": f"0.{n}", "type": "ledger.entry.observed"} for n in range(count)], (0, count), False
    )


ASKED: list[tuple[Callable[[Session], object], str]] = [
    (lambda session: list_pending(session, "x", 9), "ix_webhook_delivery_pending"),
    (lambda session: list_again(session, 9), "ix_webhook_delivery_again"),
    (
        lambda session: list_deliveries(session, "x", state=None, before="y", limit=9),
        "ix_webhook_delivery_webhook",
    ),
    (lambda session: list_webhooks(session, ORG, after="x", limit=9), "ix_webhook_org"),
]


@pytest.mark.parametrize(("ask", "index"), ASKED, ids=[index for _, index in ASKED])
def test_an_index_answers_in_its_order(
    either_engine: Engine, ask: Callable[[Session], object], index: str
) -> None:
    with reading(either_engine) as session, statements(either_engine) as sent:
        ask(session)
        [(statement, given)] = sent
        connection = session.connection()
        if either_engine.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        else:
            for turned in ("seqscan", "bitmapscan", "sort"):
                connection.exec_driver_sql(f"set enable_{turned} = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", given)
        told = " ".join(str(row[-1]) for row in plan)
    assert index in told
    assert "TEMP B-TREE" not in told
    assert "Sort" not in told


def test_one_sends_at_a_time_and_the_next_one_fences_it_off(either_engine: Engine) -> None:
    first, second = holder_name(), holder_name()
    token = sender_lease.acquire(either_engine, first, 60)
    assert token is not None
    assert sender_lease.acquire(either_engine, second, 60) is None
    sender_lease.renew(either_engine, token, 0)
    taken = sender_lease.acquire(either_engine, second, 60)
    assert taken is not None
    assert taken > token
    with pytest.raises(LeaseLost):
        sender_lease.renew(either_engine, token, 60)
    sender_lease.release(either_engine, token)  # is no longer its own
    assert sender_lease.acquire(either_engine, first, 60) is None
    sender_lease.release(either_engine, taken)
    assert sender_lease.acquire(either_engine, first, 60) is not None


def test_a_dead_holder_is_not_waited_for(either_engine: Engine) -> None:
    dead = holder_name().split("/")
    dead[1] = "4194305"  # above what Linux gives
    assert sender_lease.acquire(either_engine, "/".join(dead), 3600) is not None
    assert sender_lease.acquire(either_engine, holder_name(), 60) is not None


def test_deliveries_are_numbered_without_gaps_and_listed_in_order(either_engine: Engine) -> None:
    with writing(either_engine) as session:
        webhook = make(session)
        add_deliveries(session, webhook, events(20))
        add_deliveries(session, webhook, events(3))
        assert (webhook.epoch, webhook.place, webhook.next_sequence) == (0, 3, 24)
        pending = [one.sequence for one in list_pending(session, webhook.id, 99)]
        found = list_deliveries(session, webhook.id, state=None, before=None, limit=99)
        listed = [one.sequence for one in found]
    assert pending == list(range(1, 24))
    assert listed[3:] == list(range(20, 0, -1))


class Quiet:
    """A feed in which much happens, and nothing that is wanted."""

    def find_tip(self, _: Session) -> tuple[int, int]:
        return 0, 50_000

    def read(self, _: Session, place: tuple[int, int], _w: Wanted, _l: int) -> Found:
        after = min(place[1] + 9_000, 50_000)
        return Found((), (0, after), after < 50_000)


def test_what_was_looked_through_in_vain_need_not_be_again(either_engine: Engine) -> None:
    with writing(either_engine) as session:
        id = make(session).id
    token = sender_lease.acquire(either_engine, holder_name(), 60)
    assert token is not None
    portions = Portions(either_engine, Quiet(), lambda _: b"", Patience())
    standing = Standing(0)
    while portions.take(token, id, standing) is not None:
        pass
    assert standing.place == (0, 50_000)
    with reading(either_engine) as session:
        assert session.get_one(Webhook, id).place > 30_000


def test_what_is_old_is_forgotten_unless_it_waits(either_engine: Engine) -> None:
    with writing(either_engine) as session:
        webhook = make(session)
        add_deliveries(session, webhook, events(4))
        first, second, *_ = list_pending(session, webhook.id, 9)
        first.state = second.state = DeliveryState.DELIVERED
        second.created_at = now() + 60_000
        session.flush()
        forget_deliveries(session, now() + 1_000)
        left = session.exec(select(WebhookDelivery.sequence).order_by(col(WebhookDelivery.id)))
        assert list(left) == [2, 3, 4]


def test_pings_and_what_is_asked_for_again_are_out_of_turn(either_engine: Engine) -> None:
    with writing(either_engine) as session:
        webhook = make(session)
        add_deliveries(session, webhook, events(2))
        first, second = list_pending(session, webhook.id, 9)
        first.state = DeliveryState.DELIVERED
        ping = add_ping(session, ORG, webhook.id, "https://ledger.example/v1/events")
        send_again(session, ORG, webhook.id, first.id)
        webhook.next_at = 7
        send_again(session, ORG, webhook.id, second.id)
        assert webhook.next_at == 0  # it is its turn: it is tried now
        assert {one.id for one in list_again(session, 9)} == {ping.id, first.id}
        assert [one.id for one in list_pending(session, webhook.id, 9)] == [second.id]
