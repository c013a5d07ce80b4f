"""How the ledger is doing; open to everybody."""

from __future__ import annotations

import time

from fastapi import APIRouter, Response
from sqlmodel import Session

from api.checkpoint_alarms import list_checkpoint_alarms
from api.deps import Served, Service
from api.lookup import get_mirror
from api.openapi import problems
from api.schemas.ledger import (
    Alarm,
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
from ledger.mirror.queries import find_mirror, find_unproven
from ledger.mirror.tables import MirrorRow
from ledger.outbox.alarms import find_alarms
from ledger.outbox.operations import count_operations
from ledger.outbox.overview import LaneSeen, find_oldest_waiting, list_lanes
from ledger.outbox.tables import Alarm as AlarmRow
from ledger.outbox.tables import State
from ledger.types import to_hex

router = APIRouter(tags=["status"])

_MOST_LAG = 64
_MOST_COUNTED = 50_000
_MOST_UNPROVEN = 600.0  # seconds that a block may be old; some nodes prove slowly
_PATIENCE = 30.0


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


def lag_of(mirror: MirrorRow) -> int:
    """Blocks that the node has and the mirror has not."""
    return max(0, mirror.node_block - mirror.block_number)


def list_alarms(service: Service, session: Session, mirror: MirrorRow) -> list[Alarm]:
    """What a person should look at, of mirror, outbox and checkpoints."""
    standing = [_alarm(*each.code.partition(":"), each) for each in find_alarms(session)]
    standing += list_checkpoint_alarms(service, session)
    if lonely := _find_loneliness(session):
        standing.insert(0, lonely)
    if mirror.alarm:
        needs = "see that the chain's node tells the truth: compare it with another one"
        told = Alarm(code="mirror", about=None, message=mirror.alarm, needs=needs)
        standing.insert(0, told)
    return standing


def _find_loneliness(session: Session) -> Alarm | None:
    """Says that nobody sends what waits: who would, cannot raise the alarm."""
    waited = find_oldest_waiting(session)
    if waited is None or waited < _PATIENCE or any(lane.held for lane in list_lanes(session)):
        return None
    return Alarm(
        code="no_submitter",
        about=None,
        message=f"nothing is sent: no submitter runs, and requests wait for up to {waited:.0f} s",
        needs="start one: asset-ledger submit",
    )


def _alarm(code: str, _: str, about: str, row: AlarmRow) -> Alarm:
    return Alarm(code=code, about=about or None, message=row.message, needs=row.needs)


@router.get("/healthz", responses=problems())
def get_health() -> Health:
    """Whether this process answers at all."""
    return Health(ready=True, reasons=[])


@router.get("/readyz", responses={503: {"model": Health, "description": "Not now; says why"}})
def get_readiness(response: Response, service: Served) -> Health:
    """Whether this process can do its work: the database answers, the mirror keeps up, proven."""
    reasons = _find_reasons(service)
    if reasons:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return Health(ready=not reasons, reasons=reasons)


def _find_reasons(service: Service) -> list[str]:
    with reading(service.engine) as session:
        mirror, unproven = find_mirror(session), find_unproven(session)
    if mirror is None:
        return ["the ledger is not mirrored yet"]
    reasons = []
    if lag_of(mirror) > _MOST_LAG:
        reasons.append(f"the mirror is {lag_of(mirror)} blocks behind the node")
    # By our clock: the chain's own stands still while no block comes.
    if unproven is not None and time.time() - unproven.timestamp > _MOST_UNPROVEN:
        reasons.append(
            f"what is mirrored from block {unproven.number} on is not proven by the node yet"
        )
    return reasons
