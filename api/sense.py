"""What makes no sense of an asset as it stands: the contract's own rules, to answer at once.

What only the chain can know, it decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from api.errors import Problem, invalid
from api.rights import Asking, refused, unentitled
from api.standing import Standing
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.domain.payloads import (
    Accepted,
    Dismounted,
    Frozen,
    Mounted,
    Offered,
    Staged,
    TitleForced,
    Transferred,
    Unfrozen,
    Withdrawn,
)
from ledger.domain.relations import Offer, has_passed
from ledger.types import Hash32, Party, Stage, to_hex

_UNTIL_RETIRED: Final = frozenset(
    {Kind.REVISED, Kind.OBSERVED, Kind.STAGED, Kind.TRANSFERRED, Kind.OFFERED, Kind.ACCEPTED}
    | {Kind.MOUNTED, Kind.LISTED}
)
"""Kinds that begin something, for which the end of an asset's life is too late."""

_FOLLOWING: Final = {
    Stage.PLANNED: {Stage.COMMISSIONED},
    Stage.COMMISSIONED: {Stage.IN_SERVICE},
    Stage.IN_SERVICE: {Stage.MAINTENANCE, Stage.DECOMMISSIONED},
    Stage.MAINTENANCE: {Stage.IN_SERVICE, Stage.DECOMMISSIONED},
    Stage.DECOMMISSIONED: {Stage.RETIRED},
    Stage.RETIRED: set[Stage](),
}

_Problems = Iterator[Problem]


def find_problem(
    asking: Asking, standing: Standing, parent: Standing | None = None
) -> Problem | None:
    """What speaks against an entry as the asset stands; `parent` is that of what is mounted."""
    return next(_problems(asking, standing, parent), None)


def _problems(asking: Asking, standing: Standing, parent: Standing | None) -> _Problems:
    yield from unentitled(asking, standing, parent)
    if asking.kind in GOVERNANCE:
        yield from _governed(asking, standing)
    else:
        yield from _barred(asking, standing)
        if parent is not None:
            yield from _barred(asking, parent, "parent")
    yield from _senseless(asking, standing)


def _barred(asking: Asking, standing: Standing, field: str | None = None) -> _Problems:
    asset = standing.asset
    shown = to_hex(asset.id)
    if asset.frozen:
        said = f"asset {shown} is frozen: only governance may act on it"
        yield refused("AssetFrozen", said, field, shown, subject=asset.id)
    if asset.stage is Stage.RETIRED and asking.kind in _UNTIL_RETIRED:
        said = f"asset {shown} is retired: it takes no entry {asking.kind.label}"
        yield refused("AssetRetired", said, field, shown, subject=asset.id)


def _governed(asking: Asking, standing: Standing) -> _Problems:
    asset = standing.asset
    match asking.payload:
        case Frozen() if asset.frozen:
            said = f"asset {to_hex(asset.id)} is frozen already"
            yield refused("Unchanged", said, "kind", asking.kind.label, subject=asset.id)
        case Unfrozen() if not asset.frozen:
            said = f"asset {to_hex(asset.id)} is not frozen"
            yield refused("Unchanged", said, "kind", asking.kind.label, subject=asset.id)


def _senseless(asking: Asking, standing: Standing) -> _Problems:
    check = _SENSE.get(asking.kind)
    if check is not None:
        yield from check(asking, standing, asking.payload)


def _staged(_: Asking, standing: Standing, said: Staged) -> _Problems:
    stage = standing.asset.stage
    if said.stage in _FOLLOWING[stage]:
        return
    following = " or ".join(one.label for one in sorted(_FOLLOWING[stage])) or "nothing"
    yield refused(
        "WrongStage",
        f"{said.stage.label} does not follow {stage.label}, but {following}",
        "stage",
        said.stage.label,
        subject=standing.asset.id,
        stage=int(stage),
        next=int(said.stage),
    )


def _passed(asking: Asking, standing: Standing, said: Transferred | TitleForced) -> _Problems:
    if said.to == standing.asset.owner:
        yield invalid("to", to_hex(said.to), "holds title already")
    yield from _inactive(asking, "to", said.to)
    if isinstance(said, Transferred):
        yield from _under_lien(asking, standing)


def _offered(asking: Asking, standing: Standing, said: Offered) -> _Problems:
    if said.to == standing.holder(said.party):
        yield invalid("to", to_hex(said.to), "holds already what is offered")
    yield from _inactive(asking, "to", said.to)


def _withdrawn(asking: Asking, standing: Standing, said: Withdrawn) -> _Problems:
    if standing.offer(said.party) is None:
        yield _not_offered(asking, standing, said.party)


def _accepted(asking: Asking, standing: Standing, said: Accepted) -> _Problems:
    offer = standing.offer(said.party)
    if offer is None or offer.to != asking.org:
        yield _not_offered(asking, standing, said.party)
    elif has_passed(offer.expires, asking.now):
        yield _lapsed(offer)
    yield from _inactive(asking, "party", standing.holder(said.party))
    if said.party is Party.OWNER:
        yield from _under_lien(asking, standing)


def _mounted(_: Asking, standing: Standing, said: Mounted) -> _Problems:
    part, parent = standing.asset.id, standing.asset.parent
    if part == said.parent:
        yield invalid("parent", to_hex(said.parent), "is the asset itself")
    if parent is not None:
        told = f"asset {to_hex(part)} is mounted on {to_hex(parent)} already"
        yield refused(
            "AlreadyMounted", told, "parent", to_hex(said.parent), part=part, parent=parent
        )


def _dismounted(_: Asking, standing: Standing, said: Dismounted) -> _Problems:
    part, parent = standing.asset.id, to_hex(said.parent)
    if standing.asset.parent != said.parent:
        told = f"asset {to_hex(part)} is not mounted on {parent}"
        yield refused("NotMounted", told, "parent", parent, part=part, parent=said.parent)


_SENSE: Final[dict[Kind, Callable[[Asking, Standing, Any], _Problems]]] = {
    Kind.STAGED: _staged,
    Kind.TRANSFERRED: _passed,
    Kind.TITLE_FORCED: _passed,
    Kind.OFFERED: _offered,
    Kind.WITHDRAWN: _withdrawn,
    Kind.ACCEPTED: _accepted,
    Kind.MOUNTED: _mounted,
    Kind.DISMOUNTED: _dismounted,
}


def _inactive(asking: Asking, field: str, org: Hash32) -> _Problems:
    if org in asking.suspended:
        told = f"organisation {to_hex(org)} is suspended"
        yield refused("SuspendedOrganisation", told, field, to_hex(org), org=org)


def _under_lien(asking: Asking, standing: Standing) -> _Problems:
    asset, holder = standing.asset.id, standing.asset.lien_holder
    if holder is not None:
        told = f"title to {to_hex(asset)} stays until {to_hex(holder)} releases its lien"
        yield refused("UnderLien", told, "kind", asking.kind.label, subject=asset)


def _not_offered(asking: Asking, standing: Standing, party: Party) -> Problem:
    asset = standing.asset.id
    to = "" if asking.kind is Kind.WITHDRAWN else " to your organisation"
    told = f"{party.label} of {to_hex(asset)} is not offered{to}"
    org = asking.org or bytes(32)
    return refused(
        "NotOffered", told, "party", party.label, subject=asset, party=int(party), org=org
    )


def _lapsed(offer: Offer) -> Problem:
    told = f"the offer of {offer.party.label} lapsed at {offer.expires} (seconds since 1970)"
    return refused(
        "Lapsed", told, "party", offer.party.label, subject=offer.asset, expires=offer.expires
    )
