"""Which organisations are suspended, and so can do nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session

from ledger.domain.kinds import Kind
from ledger.mirror.queries import find_organisations
from ledger.outbox.under_way import find_under_way
from ledger.types import Hash32


def find_suspended(session: Session, orgs: Collection[Hash32]) -> set[Hash32]:
    """Those that are suspended, and are not about to be reinstated."""
    return {
        row.id
        for row in find_organisations(session, orgs).values()
        if not row.active
        and not find_under_way(session, row.id, {Kind.REINSTATED}, row.count, limit=1)
    }
