"""What was told in which order: entries as they came, and those that a rollback took back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.domain.kinds import Kind
from ledger.mirror.tables import BlockRow, EntryRow, MirrorRow
from ledger.mirror.tables.rollbacks import RevertedRow, RollbackRow
from ledger.types import Hash32

_Row = TypeVar("_Row", EntryRow, RevertedRow)


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which entries to tell of; None filters nothing. `organisation` is the one that acted."""

    kinds: frozenset[Kind] | None = None
    organisation: Hash32 | None = None
    subject: Hash32 | None = None

    def takes(self, entry: EntryRow | RevertedRow) -> bool:
        """Whether an entry is one of these."""
        return (
            (self.kinds is None or entry.kind in self.kinds)
            and self.organisation in (None, entry.org)
            and self.subject in (None, entry.subject)
        )


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the mirror stands: after how many rollbacks, and entries; how many of these are final.

    `final_block` is the newest final block, `final` the sequence after it.
    """

    epoch: int
    sequence: int
    final_block: int
    final: int


def find_tip(session: Session) -> Tip | None:
    """Where the mirror stands; None before it began."""
    newest = select(func.max(RollbackRow.number)).scalar_subquery()
    final = (
        select(BlockRow.last_sequence)
        .where(col(BlockRow.number) <= col(MirrorRow.final_block))
        .order_by(col(BlockRow.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    asked = select(newest, MirrorRow.sequence, MirrorRow.final_block, final)
    row = session.exec(asked.where(MirrorRow.id == 1)).first()
    return None if row is None else Tip(row[0] or 0, row[1], row[2], row[3] or 0)


def find_rollback(session: Session, after: int, below: int) -> RollbackRow | None:
    """Fetch the first rollback after number `after` that went back below sequence `below`."""
    number = col(RollbackRow.number)
    asked = select(RollbackRow).where(number > after, RollbackRow.to_sequence < below)
    return session.exec(asked.order_by(number).limit(1)).one_or_none()


def list_standing(session: Session, below: int, limit: int) -> Sequence[RollbackRow]:
    """Fetch rollbacks that none outdid and that went back below a sequence, the latest first."""
    to = col(RollbackRow.to_sequence)
    asked = select(RollbackRow).where(col(RollbackRow.outdone_by).is_(None), to < below)
    return session.exec(asked.order_by(to.desc()).limit(limit)).all()


def list_reverted(
    session: Session, rollback: int, up_to: int, wanted: FeedFilter, limit: int
) -> Sequence[RevertedRow]:
    """Fetch what a rollback took back, from sequence `up_to` downwards."""
    sequence = col(RevertedRow.sequence)
    asked = select(RevertedRow).where(RevertedRow.rollback == rollback, sequence <= up_to)
    asked = _filtered(asked, RevertedRow, wanted)
    # The key is of both columns: in its order, only as both are named.
    order = col(RevertedRow.rollback).desc(), sequence.desc()
    return session.exec(asked.order_by(*order).limit(limit)).all()


def list_since(
    session: Session, after: int, up_to: int, wanted: FeedFilter, limit: int
) -> Sequence[EntryRow]:
    """Fetch entries behind sequence `after`, up to `up_to`, in the ledger's order."""
    sequence = col(EntryRow.sequence)
    asked = select(EntryRow).where(sequence > after, sequence <= up_to)
    asked = _filtered(asked, EntryRow, wanted)
    return session.exec(asked.order_by(sequence).limit(limit)).all()


def _filtered(
    query: SelectOfScalar[_Row], row: type[_Row], wanted: FeedFilter
) -> SelectOfScalar[_Row]:
    """Only such entries; spelt so that no index can serve it but that of the order."""
    if wanted.kinds is not None:
        query = query.where((col(row.kind) + 0).in_(sorted(wanted.kinds)))
    if wanted.organisation is not None:
        query = query.where(func.coalesce(col(row.org), b"") == wanted.organisation)
    if wanted.subject is not None:
        query = query.where(func.coalesce(col(row.subject), b"") == wanted.subject)
    return query
