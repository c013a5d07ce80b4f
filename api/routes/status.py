"""How the ledger is doing; open to everybody."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.alarms import list_alarms
from api.deps import Served
from api.lookup import get_mirror
from api.openapi import problems
from api.readiness import find_reasons, lag_of
from api.schemas.ledger import (
    BlockAnswer,
    Health,
    LaneAnswer,
    OperationCounts,
    Queue,
    Status,
)
from ledger import __version__
from ledger.database.engine import reading
from ledger.hashing import is_paused
from ledger.outbox.operations import count_operations
from ledger.outbox.overview import LaneSeen, find_oldest_waiting, list_lanes
from ledger.outbox.tables import State
from ledger.types import to_hex

router = APIRouter(tags=["status"])

_MOST_COUNTED = 50_000


@router.get("/v1/status", responses=problems())
def get_status(service: Served) -> Status:
    """Which ledger this is, how far it is mirrored, what waits, and what it needs."""
    with reading(service.engine) as session:
        mirror = get_mirror(session)
        counts = count_operations(session, _MOST_COUNTED)
        return Status(
            chain_id=mirror.chain_id,
            contract=to_hex(mirror.contract),
            domain=to_hex(mirror.domain),
            block=BlockAnswer(number=mirror.block_number, hash=to_hex(mirror.block_hash)),
            proven_block=mirror.proven_block,
            final_block=mirror.final_block,
            ledger_head=to_hex(mirror.ledger_head),
            paused=is_paused(mirror.ledger_head),
            entries=mirror.sequence,
            node_block=mirror.node_block,
            lag=lag_of(mirror),
            operations=OperationCounts(**counts),
            queue=Queue(waiting=counts[State.QUEUED], oldest_seconds=find_oldest_waiting(session)),
            lanes=[tell_lane(each) for each in list_lanes(session)],
            alarms=list_alarms(service, session, mirror),
            signer=to_hex(service.signer.address),
            version=__version__,
        )


def tell_lane(lane: LaneSeen) -> LaneAnswer:
    """A lane, as an answer."""
    return LaneAnswer(
        id=lane.id,
        role=lane.role.value,
        sender=to_hex(lane.sender),
        chain_id=lane.chain_id,
        next_nonce=lane.next_nonce,
        in_flight=lane.in_flight,
        oldest_seconds=lane.oldest,
        halted=lane.halted,
        released=lane.released,
        held=lane.held,
    )


@router.get("/healthz", responses=problems())
def get_health() -> Health:
    """Whether this process answers at all."""
    return Health(ready=True, reasons=[])


@router.get("/readyz", responses={503: {"model": Health, "description": "Not now; says why"}})
def get_readiness(response: Response, service: Served) -> Health:
    """Whether the service can do its work: database, mirror and lanes; says why not."""
    with reading(service.engine) as session:
        reasons = find_reasons(session)
    if reasons:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return Health(ready=not reasons, reasons=reasons)
