"""Lanes: the sequence of one sender's transactions, and who may sign the next of them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from ledger.chain.signers.signer import Signer
from ledger.database.engine import reading, writing
from ledger.errors import LedgerError
from ledger.outbox.clock import now
from ledger.outbox.tables import Lane, Role
from ledger.types import Address, to_hex


class LeaseLost(LedgerError):
    """Another submitter holds the lane, or its queue changed under us; nothing was written."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Lease:
    """Leave to sign in a lane; `token` is greater than that of every former holder."""

    lane: str
    chain_id: int
    token: int


@dataclass(frozen=True, slots=True)
class Held:
    """A lane that is ours: what it is for, its lease, and who signs in it."""

    role: Role
    lease: Lease
    signer: Signer


def lane_id(chain_id: int, sender: Address) -> str:
    """A lane's name: its chain and sender."""
    return f"{chain_id}:{to_hex(sender)}"


def holder_name() -> str:
    """A name for this process that tells others on this machine whether it still runs."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


def has_lane(engine: Engine, lane: str) -> bool:
    """Whether a lane was opened before."""
    with reading(engine) as session:
        return session.get(Lane, lane) is not None


def open_lane(engine: Engine, role: Role, chain_id: int, sender: Address, nonce: int) -> None:
    """Make a lane that begins at `nonce`, unless there is one: then it knows better."""
    lane = lane_id(chain_id, sender)
    # Where writers do not take turns, another one may have made it meanwhile.
    with suppress(IntegrityError), writing(engine) as session:
        if session.get(Lane, lane) is None:
            session.add(
                Lane(
                    id=lane,
                    role=role,
                    chain_id=chain_id,
                    sender=sender,
                    next_nonce=nonce,
                    created_at=now(),
                )
            )


def acquire(engine: Engine, lane: str, holder: str, seconds: float) -> Lease | None:
    """Take a lane's lease if it is free, has run out, or its holder on this machine is dead."""
    with writing(engine) as session:
        row = session.exec(select(Lane).where(Lane.id == lane).with_for_update()).one()
        held = row.lease_until > now() and row.lease_holder not in (None, holder)
        if held and is_alive(row.lease_holder or ""):
            return None
        row.lease_holder, row.lease_token = holder, row.lease_token + 1
        row.lease_until = now() + round(seconds * 1000)
        return Lease(lane, row.chain_id, row.lease_token)


def renew(engine: Engine, leases: Sequence[Lease], seconds: float) -> None:
    """Hold on to leases for longer.

    Raises:
        LeaseLost: another holder has taken one.
    """
    with writing(engine) as session:
        for lease in leases:
            change_lane(session, lease, lease_until=now() + round(seconds * 1000))


def release(engine: Engine, leases: Sequence[Lease]) -> None:
    """Give leases back, so that the next holder need not wait for their end."""
    with writing(engine) as session:
        for lease in leases:
            session.execute(
                update(Lane)
                .where(col(Lane.id) == lease.lane, col(Lane.lease_token) == lease.token)
                .values(lease_holder=None, lease_until=0)
            )


def change_lane(session: Session, lease: Lease, **values: int) -> None:
    """Write to a lane, or with no values lock it, if the lease is still ours."""
    changed = cast(
        CursorResult[Any],
        session.execute(
            update(Lane)
            .where(col(Lane.id) == lease.lane, col(Lane.lease_token) == lease.token)
            .values(lease_token=lease.token, **values)
            .execution_options(synchronize_session=False)
        ),
    )
    if changed.rowcount != 1:
        raise LeaseLost(f"lane {lease.lane} has another holder", lane=lease.lane)


def is_held(lane: Lane) -> bool:
    """Whether a submitter that may still run holds a lane."""
    return lane.lease_until > now() and is_alive(lane.lease_holder or "")


def is_alive(holder: str) -> bool:
    """Whether a holder may still run: true unless it is a dead process of this machine."""
    host, _, rest = holder.partition("/")
    pid = rest.partition("/")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
