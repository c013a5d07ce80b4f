"""Who was handed which private document: kept for the organisation whose document it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from ledger.outbox.credential_tables import DocumentRead
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Reading:
    """A document of `org`, handed out to `reader` (None: the operator) at `read_at` (ms).

    `prefix` names the key, `route` the path's template by which it was asked for.
    """

    org: Hash32
    content_hash: Hash32
    subject: Hash32 | None
    reader: Hash32 | None
    prefix: str
    route: str
    read_at: int


def keep_reads(session: Session, readings: Sequence[Reading]) -> None:
    """Keep what was read; the caller commits."""
    if readings:
        session.connection().execute(insert(DocumentRead), [asdict(one) for one in readings])


def list_reads(
    session: Session, org: Hash32, *, before: int | None, limit: int
) -> Sequence[DocumentRead]:
    """Who read an organisation's documents, the latest first; `before` is a row's id."""
    wanted = select(DocumentRead).where(DocumentRead.org == org)
    if before is not None:
        wanted = wanted.where(col(DocumentRead.id) < before)
    return session.exec(wanted.order_by(col(DocumentRead.id).desc()).limit(limit)).all()


def forget_reads(session: Session, before: int) -> None:
    """Drop what was read before a time (milliseconds since 1970); the caller commits."""
    session.execute(delete(DocumentRead).where(col(DocumentRead.read_at) < before))
