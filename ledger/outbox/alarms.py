"""What a person should know: raised once, standing until cleared."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, select

from ledger.outbox.clock import now
from ledger.outbox.tables import Alarm

ENTRY_MISSING: Final = "entry_missing"
"""Code of the alarm that a receipt lacks the entries that its transaction wrote."""

FINAL_UNDONE: Final = "final_undone"
"""Code of the alarm that blocks were final and are gone; stands until all is final again."""


def raise_alarm(session: Session, code: str, message: str, needs: str | None = None) -> None:
    """Let an alarm stand, saying `message` and what it `needs` of a person; the caller commits."""
    alarm = session.get(Alarm, code)
    if alarm is None:
        session.add(Alarm(code=code, message=message, raised_at=now(), needs=needs))
        return
    if alarm.cleared_at is not None:
        alarm.raised_at, alarm.cleared_at = now(), None
    alarm.message, alarm.needs = message, needs


def clear_alarm(session: Session, code: str) -> None:
    """Let an alarm rest; the caller commits."""
    alarm = session.get(Alarm, code)
    if alarm is not None and alarm.cleared_at is None:
        alarm.cleared_at = now()


def find_alarms(session: Session) -> list[Alarm]:
    """The alarms that stand, oldest first."""
    standing = select(Alarm).where(col(Alarm.cleared_at).is_(None)).order_by(col(Alarm.raised_at))
    return list(session.exec(standing))
