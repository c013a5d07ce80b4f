"""What earlier requests left behind: the keys they used, and the serials they gave to assets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from ledger.domain.kinds import Kind
from ledger.domain.payloads import Registered
from ledger.outbox.tables import Operation, Registration, Request, State
from ledger.types import Hash32

Owned: TypeAlias = tuple[Hash32, str]
"""An organisation, and a key or a serial of its own."""


@dataclass(frozen=True, slots=True)
class AcceptedAsset:
    """The operation that a registration became; `existing` if an earlier request had made it."""

    operation: str
    asset: Hash32
    content_hash: Hash32
    existing: bool


@dataclass(frozen=True, slots=True)
class Keyed:
    """An Idempotency-Key's request, and what came of it if that is the registration of an asset."""

    digest: Hash32
    operation: str
    accepted: AcceptedAsset | None


@dataclass(frozen=True, slots=True)
class Given:
    """A serial's asset; one whose registration was `rejected` leaves the serial to others."""

    digest: Hash32
    accepted: AcceptedAsset
    rejected: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some keys and serials."""

    keys: dict[Owned, Keyed] = field(default_factory=dict)
    serials: dict[Owned, Given] = field(default_factory=dict)

    def copy(self) -> Known:
        """The same, to be added to."""
        return Known(dict(self.keys), dict(self.serials))


def find_known(session: Session, keys: Collection[Owned], serials: Collection[Owned]) -> Known:
    """What is known of these; nobody else changes the serials' rows until the caller commits."""
    return Known(_find_keys(session, keys), _find_serials(session, serials))


def _find_keys(session: Session, keys: Collection[Owned]) -> dict[Owned, Keyed]:
    if not keys:
        return {}
    asked = select(Request.org, Request.key, Request.digest, Request.operation)
    rows = session.exec(asked.where(tuple_(col(Request.org), col(Request.key)).in_(keys))).all()
    births = _find_births(session, [operation for *_, operation in rows])
    return {
        (org, key): Keyed(digest, operation, births.get(operation))
        for org, key, digest, operation in rows
    }


def _find_births(session: Session, operations: Collection[str]) -> dict[str, AcceptedAsset]:
    """The registrations among these operations."""
    if not operations:
        return {}
    asked = select(Operation.id, Operation.subject, Operation.payload).where(
        col(Operation.id).in_(operations), Operation.kind == Kind.REGISTERED
    )
    return {
        id: AcceptedAsset(id, asset, Registered.decode(payload).content_hash, existing=True)
        for id, asset, payload in session.exec(asked)
    }


def _find_serials(session: Session, serials: Collection[Owned]) -> dict[Owned, Given]:
    place = (col(Registration.org), col(Registration.serial))
    # Sorted, so that two transactions never wait for each other.
    asked = select(*_REGISTERED).where(tuple_(*place).in_(serials)).order_by(*place)
    rows = session.execute(asked.with_for_update()).all()
    rejected = _find_rejected(session, [row.operation for row in rows])
    return {
        (row.org, row.serial): Given(
            row.digest,
            AcceptedAsset(row.operation, row.asset, row.content_hash, existing=True),
            rejected=row.operation in rejected,
        )
        for row in rows
    }


_REGISTERED = [
    col(one)
    for one in (
        Registration.org,
        Registration.serial,
        Registration.asset,
        Registration.content_hash,
        Registration.digest,
        Registration.operation,
    )
]


def _find_rejected(session: Session, operations: Collection[str]) -> set[str]:
    if not operations:
        return set()
    asked = select(Operation.id).where(
        col(Operation.id).in_(operations), Operation.state == State.REJECTED
    )
    return set(session.exec(asked))
