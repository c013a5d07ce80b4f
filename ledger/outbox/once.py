"""Makes of any number of equal requests one operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from ledger.errors import Conflict
from ledger.outbox.clock import now
from ledger.outbox.conflicts import IdempotencyConflict
from ledger.outbox.tables import Operation, Request
from ledger.types import Hash32

_ATTEMPTS: Final = 5
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The operation that a request became; `existing` if an earlier request had made it."""

    operation: Operation
    existing: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Who sent a request, under which Idempotency-Key, and a digest of what it says."""

    org: Hash32
    key: str | None
    digest: Hash32


def find_operation(session: Session, operation: str) -> Operation | None:
    """The operation of that id."""
    return session.exec(select(Operation).where(Operation.id == operation)).one_or_none()


def accept_once(
    session: Session,
    asked: Asked,
    find: Callable[[], Operation | None],
    make: Callable[[], Operation],
) -> Accepted:
    """The operation that stands for a request already, or the one that `make` adds for it.

    Raises:
        Conflict: as `find` and `make` do, unless it is this very request that stands in the way:
            it may have been accepted after it was looked for.
    """

    def attempt() -> Accepted:
        if known := find_answered(session, asked):
            return Accepted(known, existing=True)
        found = find()
        operation = found or make()
        _remember(session, asked, operation)
        return Accepted(operation, existing=found is not None)

    try:
        return outlast_races(session, attempt)
    except Conflict:
        if known := find_answered(session, asked):
            return Accepted(known, existing=True)
        raise


def outlast_races(session: Session, attempt: Callable[[], _Made]) -> _Made:
    """What `attempt` makes, which looks before it adds rows.

    Unique keys decide who is first where requests race; the others look again and find it.
    """
    for number in range(_ATTEMPTS):
        try:
            with session.begin_nested():
                return attempt()
        except IntegrityError:
            if number == _ATTEMPTS - 1:
                raise
    raise AssertionError


def find_answered(session: Session, asked: Asked) -> Operation | None:
    """The operation that the request's Idempotency-Key stands for; None if it is new.

    Raises:
        IdempotencyConflict: the key stands for another request.
    """
    request = find_request(session, asked)
    return find_operation(session, request.operation) if request else None


def find_request(session: Session, asked: Asked) -> Request | None:
    """The row of the request's Idempotency-Key; None if it is new. Raises as `find_answered`."""
    if asked.key is None:
        return None
    request = session.get(Request, (asked.org, asked.key))
    if request is not None and request.digest != asked.digest:
        raise IdempotencyConflict(asked.key, request.operation)
    return request


def _remember(session: Session, asked: Asked, operation: Operation) -> None:
    if asked.key is not None:
        session.add(Request(**request_values(asked, operation.id)))
    session.flush()


def request_values(asked: Asked, operation: str) -> dict[str, Any]:
    """The columns of a request with a key, and of the operation that came of it."""
    return {
        "org": asked.org,
        "key": asked.key,
        "digest": asked.digest,
        "operation": operation,
        "created_at": now(),
    }
