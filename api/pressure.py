"""Refuses what the queue has no room for, before anything is done about it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from api.deps import Service
from api.errors import Problem
from ledger.outbox.operations import OPERATOR
from ledger.outbox.pressure import Bound, Full
from ledger.types import Hash32

_ADVICE: Final = "nothing was accepted; send it again after Retry-After seconds"


def require_room(service: Service, org: Hash32, count: int = 1) -> None:
    """Take places in the queue for `count` operations of `org` (OPERATOR: the operator).

    The operator is bound by its own number alone: tenants who fill the queue cannot keep it from
    freezing an asset. Nothing needs to be given back if the request then fails.

    Raises:
        Problem: there is no room; the header Retry-After says when to ask again.
    """
    if full := service.gauge.admit(_bounds(service, org), count):
        raise _problem(full)


def foresee_room(service: Service, orgs: Collection[Hash32]) -> None:
    """Have it known at once how much room there is for each of these, who are asked about next."""
    bounds = {bound for org in orgs for bound in _bounds(service, org)}
    service.gauge.foresee(bounds)


def _bounds(service: Service, org: Hash32) -> list[Bound]:
    settings = service.settings
    bounds = [Bound(org, settings.max_queue_per_organisation)]
    if org != OPERATOR:
        bounds.append(Bound(None, settings.max_queue))
    return bounds


def _problem(full: Full) -> Problem:
    mine = full.bound.org is not None
    whose = "requests of yours" if mine else "requests"
    return Problem(
        "too_many_waiting" if mine else "queue_full",
        f"{full.waiting} {whose} wait to be sent, of at most {full.bound.most}; {_ADVICE}",
        headers={"Retry-After": str(full.seconds)},
        members={"waiting": full.waiting, "most": full.bound.most},
    )
