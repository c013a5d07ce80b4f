"""The lease of whoever sends webhooks: one process at a time, and the next once it is gone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, cast

from sqlalchemy import CursorResult, Engine, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ledger.database.engine import reading, writing
from ledger.outbox.clock import now
from ledger.outbox.lanes import LeaseLost, is_alive
from ledger.outbox.webhook_tables import WebhookSender

_ONLY: Final = "webhooks"


def acquire(engine: Engine, holder: str, seconds: float) -> int | None:
    """Take the lease, if it is free, has run out, or its holder on this machine is dead.

    Returns its token, which is greater than that of every former holder.
    """
    with reading(engine) as session:
        row = session.get(WebhookSender, _ONLY)
    if row is None:
        # Another process may make it meanwhile.
        with suppress(IntegrityError), writing(engine) as session:
            session.add(WebhookSender(id=_ONLY))
    elif _is_held(row, holder):
        return None
    with writing(engine) as session:
        only = select(WebhookSender).where(WebhookSender.id == _ONLY).with_for_update()
        row = session.exec(only).one()
        if _is_held(row, holder):
            return None
        row.lease_holder, row.lease_token = holder, row.lease_token + 1
        row.lease_until = now() + round(1000 * seconds)
        return row.lease_token


def _is_held(row: WebhookSender, holder: str) -> bool:
    held = row.lease_until > now() and row.lease_holder not in (None, holder)
    return held and is_alive(row.lease_holder or "")


def renew(engine: Engine, token: int, seconds: float) -> None:
    """Hold on to the lease. Raises LeaseLost."""
    with writing(engine) as session:
        verify_held(session, token, lease_until=now() + round(1000 * seconds))


def verify_held(session: Session, token: int, **values: object) -> None:
    """See that the lease is ours, and lock it until the transaction's end. Raises LeaseLost."""
    changed = cast(
        CursorResult[Any],
        session.execute(
            update(WebhookSender)
            .where(col(WebhookSender.id) == _ONLY, col(WebhookSender.lease_token) == token)
            .values(lease_token=token, **values)
            .execution_options(synchronize_session=False)
        ),
    )
    if changed.rowcount != 1:
        raise LeaseLost("another process sends webhooks")


def release(engine: Engine, token: int) -> None:
    """Give the lease back, so that the next holder need not wait for its end."""
    with suppress(LeaseLost), writing(engine) as session:
        verify_held(session, token, lease_holder=None, lease_until=0)
