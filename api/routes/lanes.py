"""Lanes: what a person may do about one that is halted."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path

from api.deps import Operator, Served
from api.errors import Problem
from api.openapi import READING, problems
from api.routes.status import tell_lane
from api.schemas.base import EXAMPLE_ADDRESS
from api.schemas.ledger import LaneAnswer
from ledger.database.engine import writing
from ledger.errors import UnknownThing
from ledger.outbox.overview import list_lanes
from ledger.outbox.quarantine import release_lane

router = APIRouter(prefix="/v1/lanes", tags=["operations"])

_LANE: Final = "^[0-9]{1,20}:0x[0-9a-f]{40}$"

LaneId = Annotated[str, Path(pattern=_LANE, examples=[f"31337:{EXAMPLE_ADDRESS}"])]


@router.post("/{lane_id}/release", responses=problems(*READING, "forbidden", "not_halted"))
def release(service: Served, _: Operator, lane_id: LaneId) -> LaneAnswer:
    """Let a lane go on whose nonce somebody else used, as soon as that is final.

    What was to be sent under such a nonce queues again. Find out first who has the sender's key:
    `/v1/status` names the lanes.
    """
    with writing(service.engine) as session:
        try:
            release_lane(session, lane_id)
        except UnknownThing:
            raise Problem("not_found", f"no lane {lane_id} is known") from None
        session.flush()
        [lane] = [each for each in list_lanes(session) if each.id == lane_id]
        return tell_lane(lane)
