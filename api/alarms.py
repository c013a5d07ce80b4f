"""What a person should look at: of mirror, outbox and checkpoints together."""

from __future__ import annotations

from sqlmodel import Session

from api.checkpoint_alarms import list_checkpoint_alarms
from api.deps import Service
from api.schemas.ledger import Alarm
from ledger.mirror.tables import MirrorRow
from ledger.outbox.alarms import find_alarms
from ledger.outbox.overview import find_oldest_waiting, list_lanes
from ledger.outbox.tables import Alarm as AlarmRow

_PATIENCE = 30.0


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
