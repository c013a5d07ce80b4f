"""Who may say what of an asset, as the contract has it, and how its refusals are told."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from api.errors import Problem, field_error
from api.standing import Standing
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.domain.payloads import Dismounted, Offered, Payload, Released, Withdrawn
from ledger.outbox.keys import Credential
from ledger.types import Hash32, Party, to_hex

_PARTIES: Final = {
    Kind.REVISED: (Party.OWNER, Party.OPERATOR),
    Kind.OBSERVED: (Party.OWNER, Party.CUSTODIAN, Party.OPERATOR),
    Kind.CORRECTED: (Party.OWNER, Party.CUSTODIAN, Party.OPERATOR),
    Kind.MOUNTED: (Party.OWNER, Party.CUSTODIAN),
    Kind.DISMOUNTED: (Party.OWNER, Party.CUSTODIAN),
}
"""Those who may append a kind; the owner alone if it is not here."""

_ANYBODYS: Final = frozenset({Kind.ACCEPTED, Kind.ATTESTED, Kind.ATTESTATION_REVOKED})
"""Kinds for which it does not matter who is which party."""


@dataclass(frozen=True, slots=True)
class Asking:
    """An organisation (None: the operator) that wants something said now.

    `suspended` are those of the organisations concerned that may do nothing; `now` is in seconds
    since 1970.
    """

    org: Hash32 | None
    payload: Payload
    now: int
    suspended: Collection[Hash32] = ()

    @property
    def kind(self) -> Kind:
        return self.payload.KIND


def require_key(who: Credential, kind: Kind) -> None:
    """See that the key is of the sort that appends such entries. Raises Problem."""
    if kind in GOVERNANCE and who.org is not None:
        raise Problem("forbidden", f"only the operator's key may append {kind.label}")
    if kind not in GOVERNANCE and who.org is None:
        raise Problem("forbidden", f"only an organisation's key may append {kind.label}")


def parties_for(payload: Payload) -> tuple[Party, ...] | None:
    """Which parties to an asset may say that of it; None: anybody."""
    if payload.KIND in _ANYBODYS or payload.KIND in GOVERNANCE:
        return None
    if isinstance(payload, Offered | Withdrawn | Released):
        return (payload.party,)
    return _PARTIES.get(payload.KIND, (Party.OWNER,))


def entitled(standing: Standing, payload: Payload) -> set[Hash32] | None:
    """The organisations that may say that of an asset; None: any."""
    parties = parties_for(payload)
    if parties is None:
        return None
    if isinstance(payload, Offered | Withdrawn):
        return {standing.holder(payload.party)}
    held = {getattr(standing.asset, party.label) for party in parties}
    return {org for org in held if org is not None}


def unentitled(asking: Asking, standing: Standing, parent: Standing | None) -> Iterator[Problem]:
    """Why an organisation may not say it."""
    if asking.org in asking.suspended:
        told = "your organisation is suspended: it can do nothing until it is reinstated"
        yield refused("SuspendedOrganisation", told, org=asking.org)
    may = entitled(standing, asking.payload)
    if may is None:
        return
    above = entitled(parent, asking.payload) if parent else None
    if isinstance(asking.payload, Dismounted) and above is not None:
        may, above = may | above, None  # whoever has either may part them
    if asking.org not in may:
        yield _forbidden(asking.payload, standing)
    if parent is not None and above is not None and asking.org not in above:
        yield _forbidden(asking.payload, parent, "parent")


def _forbidden(payload: Payload, standing: Standing, field: str | None = None) -> Problem:
    parties = parties_for(payload) or ()
    if isinstance(payload, Offered | Withdrawn) and standing.holder(payload.party) == (
        standing.asset.owner
    ):
        parties = (Party.OWNER,)
    words = " or ".join(party.label.replace("_", "-") for party in parties)
    asset, told = to_hex(standing.asset.id), payload.KIND.label
    reason = f"your organisation is not its {words}"
    return Problem(
        "forbidden",
        f"{told} is for the {words} of {asset}, which your organisation is not",
        errors=[field_error(field, asset, reason)] if field else (),
    )


def refused(
    name: str, told: str, field: str | None = None, value: object = None, **values: Any
) -> Problem:
    """The problem of what the contract would refuse by an error of that name and values."""
    errors = [field_error(field, value, told)] if field else []
    shown = {key: to_hex(one) if isinstance(one, bytes) else one for key, one in values.items()}
    return Problem("refused", told, errors=errors, members={"name": name, "values": shown})
