"""Data classes of documents (GB/T 43697): what may leave its jurisdiction only if released."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from ledger.errors import Conflict
from ledger.outbox.class_tables import Jurisdiction, Release
from ledger.outbox.clock import now
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32, to_hex


class NoJurisdiction(Conflict):
    """It is not known to which jurisdiction an organisation's documents belong."""

    code = "no_jurisdiction"

    def __init__(self, org: Hash32) -> None:
        super().__init__(
            f"data_class: the jurisdiction of {to_hex(org)} is not known, which the operator sets",
            organisation=to_hex(org),
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A class that is not `ordinary`, and the jurisdiction that the document is not to leave."""

    data_class: str
    jurisdiction: str


def make_label(session: Session, org: Hash32, data_class: str | None) -> Label | None:
    """The label of what an organisation sends; None: it is ordinary. Raises NoJurisdiction."""
    if data_class in (None, "ordinary"):
        return None
    code = find_jurisdiction(session, org)
    if code is None:
        raise NoJurisdiction(org)
    return Label(str(data_class), code)


def label_values(label: Label | None) -> dict[str, str | None]:
    """The columns that a label has in rows of documents and batches."""
    return {
        "data_class": label.data_class if label else None,
        "jurisdiction": label.jurisdiction if label else None,
    }


def find_jurisdiction(session: Session, org: Hash32) -> str | None:
    """The jurisdiction of an organisation, if it is known."""
    row = session.get(Jurisdiction, org)
    return None if row is None else row.code


def keep_jurisdiction(session: Session, org: Hash32, code: str) -> None:
    """Remember to which jurisdiction an organisation belongs from now on; the caller commits."""
    session.merge(Jurisdiction(org=org, code=code, set_at=now()))


def keep_releases(
    session: Session, operation: str, documents: Collection[Hash32], codes: Collection[str]
) -> None:
    """Remember what an operation's entry releases; the caller commits."""
    for content_hash in documents:
        for code in codes:
            session.merge(Release(content_hash=content_hash, code=code, operation=operation))


def is_released(session: Session, content_hash: Hash32, code: str) -> bool:
    """Whether an entry on the ledger releases a document to a jurisdiction."""
    wanted = (
        select(Release.operation)
        .join(Operation, col(Operation.id) == col(Release.operation))
        .where(
            Release.content_hash == content_hash,
            Release.code == code,
            col(Operation.state).in_([State.DONE, State.FINAL]),
        )
    )
    return session.exec(wanted.limit(1)).first() is not None
