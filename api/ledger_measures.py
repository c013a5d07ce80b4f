"""What database and node tell of the ledger, in the terms of Prometheus; read when it is asked for.

Labels are states, roles and codes of our own words: nothing grows with what is written.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy import literal_column
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from api.alarms import list_alarms
from api.deps import Service
from api.readiness import find_reasons, lag_of
from ledger import __version__
from ledger.chain.rpc import RpcClient
from ledger.database.engine import DatabaseBusy, reading
from ledger.errors import NodeError
from ledger.mirror.queries import find_checkpoint, find_mirror, find_unproven
from ledger.mirror.tables import BlockRow, MirrorRow
from ledger.outbox.operations import count_operations
from ledger.outbox.overview import LaneSeen, find_oldest_waiting, list_lanes
from ledger.outbox.pressure import measure_rate
from ledger.outbox.tables import Operation, State, Transaction, Version
from ledger.outbox.webhook_tables import DeliveryState, Webhook, WebhookDelivery, WebhookState

_MOST_COUNTED: Final = 50_000
_FRESH: Final = 1.0  # seconds for which what was read is told again
_PATIENCE: Final = 2.0  # seconds that a node may take
_UNDER_WAY: Final = (State.QUEUED, State.SENT, State.DONE)


class LedgerMeasures(Collector):
    """Reads them at most once a second, whoever asks."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._told: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """All of them; where database or node does not answer, that is what is told."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH:
                self._told = [*self._read()]
                self._read_at = time.monotonic()
            return self._told

    def _read(self) -> Iterator[Metric]:
        yield InfoMetricFamily("asset_ledger_build", "What runs.", {"version": __version__})
        lanes: list[LaneSeen] = []
        up = True
        try:
            with reading(self._service.engine) as session:
                told = [*_tell_outbox(session), *_tell_mirror(self._service, session)]
                lanes = list_lanes(session)
                told += [*_tell_lanes(session, lanes), *_tell_webhooks(session)]
            yield from told
        except (SQLAlchemyError, DatabaseBusy):
            up = False
        yield _gauge("database_up", "Whether the database answers.", up)
        yield from _tell_node(self._service, lanes)


def _tell_outbox(session: Session) -> Iterator[Metric]:
    counts = count_operations(session, _MOST_COUNTED)
    states = GaugeMetricFamily(
        "asset_ledger_operations",
        f"Operations under way, by state; counted up to {_MOST_COUNTED}.",
        labels=["state"],
    )
    for state in _UNDER_WAY:
        states.add_metric([state.value], counts[state])
    yield states
    accepted = session.exec(select(func.max(Operation.sequence))).one() or 0
    about = "Operations that were ever accepted; numbers may be left out."
    yield CounterMetricFamily("asset_ledger_operations_accepted", about, accepted)
    waited = find_oldest_waiting(session)
    yield _gauge("queue_oldest_seconds", "For how long the first in the queue waits.", waited or 0)
    rate = measure_rate(session)
    yield _gauge("queue_drain_rate", "Operations a second that left the queue lately.", rate)


def _tell_mirror(service: Service, session: Session) -> Iterator[Metric]:
    reasons = find_reasons(session)
    yield _gauge("ready", "Whether /readyz is green.", not reasons)
    mirror = find_mirror(session)
    if mirror is None:
        return
    yield _gauge("mirror_block", "The mirror's newest block.", mirror.block_number)
    yield _gauge("mirror_node_block", "The node's newest block.", mirror.node_block)
    yield _gauge("mirror_final_block", "The newest final block.", mirror.final_block)
    yield _gauge("mirror_proven_block", "The newest block proven.", mirror.proven_block)
    yield _gauge("mirror_lag_blocks", "Blocks that the mirror lacks.", lag_of(mirror))
    yield _gauge(
        "mirror_lag_seconds", "Age of its newest block, if it lags.", _lag(session, mirror)
    )
    yield _gauge("mirror_unproven_seconds", "Age of the first unproven.", _unproven(session))
    yield CounterMetricFamily("asset_ledger_entries", "Entries mirrored.", mirror.sequence)
    checkpoint = find_checkpoint(session)
    if checkpoint is not None:
        yield _gauge("checkpoint_block", "The newest checkpoint's.", checkpoint.block_number)
    alarms = GaugeMetricFamily("asset_ledger_alarms", "Alarms that stand.", labels=["code"])
    for code, count in Counter(one.code for one in list_alarms(service, session, mirror)).items():
        alarms.add_metric([code], count)
    yield alarms


def _lag(session: Session, mirror: MirrorRow) -> float:
    block = session.get(BlockRow, mirror.block_number) if lag_of(mirror) else None
    return 0 if block is None else max(0, time.time() - block.timestamp)


def _unproven(session: Session) -> float:
    block = find_unproven(session)
    return 0 if block is None else max(0, time.time() - block.timestamp)


def _tell_webhooks(session: Session) -> Iterator[Metric]:
    """How webhooks stand, and how many deliveries wait; of whose they are, nothing."""
    counted = select(Webhook.state, func.count()).group_by(col(Webhook.state))
    standing = dict(session.exec(counted).all())
    states = GaugeMetricFamily("asset_ledger_webhooks", "Webhooks, by state.", labels=["state"])
    for state in WebhookState:
        states.add_metric([state.value], standing.get(state, 0))
    yield states
    pending = select(WebhookDelivery.sequence).where(
        col(WebhookDelivery.state) == literal_column(f"'{DeliveryState.PENDING.value}'")
    )
    waiting = session.exec(
        select(func.count()).select_from(pending.limit(_MOST_COUNTED).subquery())
    ).one()
    yield _gauge("webhook_deliveries", f"That wait to be sent, up to {_MOST_COUNTED}.", waiting)
    oldest = session.exec(
        select(func.min(Webhook.failing_at)).where(Webhook.state == WebhookState.ACTIVE)
    ).one()
    failing = 0 if oldest is None else max(0, time.time() - oldest / 1000)
    yield _gauge("webhook_failing_seconds", "For how long the worst one fails.", failing)


def _tell_lanes(session: Session, lanes: Sequence[LaneSeen]) -> Iterator[Metric]:
    names = name_lanes(lanes)
    for name, about, values in (
        ("nonce", "The nonce of its next transaction.", [lane.next_nonce for lane in lanes]),
        ("in_flight", "Transactions that are in no block.", [lane.in_flight for lane in lanes]),
        ("oldest_seconds", "Age of the first of those.", [lane.oldest or 0 for lane in lanes]),
        ("halted", "Whether it waits for a person.", [bool(lane.halted) for lane in lanes]),
        ("held", "Whether a submitter works it.", [lane.held for lane in lanes]),
    ):
        yield _lane_gauge(name, about, dict(zip(names, values, strict=True)))
    newest = [_newest(session, lane) for lane in lanes]
    offers = {name: one for name, one in zip(names, newest, strict=True) if one}
    for place, (name, about) in enumerate(
        (
            ("gas_limit", "Gas that its newest transaction may use."),
            ("max_fee_wei", "Wei per gas that it offers at most."),
            ("tip_wei", "Wei per gas of that for the block's maker."),
        )
    ):
        yield _lane_gauge(name, about, {lane: one[place] for lane, one in offers.items()})


def name_lanes(lanes: Sequence[LaneSeen]) -> list[str]:
    """A word for each: its role, and from the second of a role on its number."""
    seen: Counter[str] = Counter()
    names = []
    for lane in lanes:
        seen[lane.role.value] += 1
        number = seen[lane.role.value]
        names.append(lane.role.value if number == 1 else f"{lane.role.value}-{number}")
    return names


def _newest(session: Session, lane: LaneSeen) -> tuple[int, int, int] | None:
    asked = (
        select(Transaction.gas, Version.max_fee, Version.tip)
        .where(Transaction.lane == lane.id, Transaction.nonce == lane.next_nonce - 1)
        .where(col(Version.hash) == Transaction.hash)
    )
    return session.exec(asked).first()


def _tell_node(service: Service, lanes: Sequence[LaneSeen]) -> Iterator[Metric]:
    balances, up = dict[str, float](), True
    try:
        with RpcClient(service.settings.rpc_url, timeout=_PATIENCE, patience=0) as rpc:
            rpc.fetch_block_number()
            for name, lane in zip(name_lanes(lanes), lanes, strict=True):
                balances[name] = rpc.fetch_balance(lane.sender)
    except NodeError:
        up = False
    yield _gauge("node_up", "Whether the chain's node answers.", up)
    yield _lane_gauge("balance_wei", "What its sender has to pay for gas.", balances)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"asset_ledger_{name}", about, value)


def _lane_gauge(name: str, about: str, values: dict[str, float]) -> Metric:
    told = GaugeMetricFamily(f"asset_ledger_lane_{name}", about, labels=["lane"])
    for lane, value in values.items():
        told.add_metric([lane], value)
    return told
