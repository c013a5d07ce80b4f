"""Which organisations are suspended, and so can do nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session

from api.rights import refused
from ledger.domain.kinds import Kind
from ledger.mirror.queries import find_organisations
from ledger.outbox.under_way import find_under_way
from ledger.types import Hash32, to_hex


def find_suspended(session: Session, orgs: Collection[Hash32]) -> set[Hash32]:
    """Those that are suspended, and are not about to be reinstated."""
    return {
        row.id
        for row in find_organisations(session, orgs).values()
        if not row.active
        and not find_under_way(session, row.id, {Kind.REINSTATED}, row.count, limit=1)
    }


def require_acting(session: Session, org: Hash32 | None) -> None:
    """See that the organisation that asks (None: the operator) may do anything. Raises Problem."""
    if org is not None and find_suspended(session, [org]):
        told = "your organisation is suspended: it can do nothing until it is reinstated"
        raise refused("SuspendedOrganisation", told, org=org)


def require_active(session: Session, org: Hash32, field: str | None = None) -> None:
    """See that an organisation that a request names is not suspended. Raises Problem."""
    if find_suspended(session, [org]):
        told = f"organisation {to_hex(org)} is suspended"
        raise refused("SuspendedOrganisation", told, field, to_hex(org), org=org)
