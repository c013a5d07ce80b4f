"""Who may say what of an asset, as the contract has it, and how its refusals are told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.errors import Problem, field_error
from api.standing import Standing
from ledger.domain.kinds import GOVERNANCE, Kind
from ledger.domain.payloads import Payload
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

    @property
    def party(self) -> Party | None:
        """The party that it is about, if it is about one."""
        return getattr(self.payload, "party", None)


def parties_for(kind: Kind, party: Party | None = None) -> tuple[Party, ...] | None:
    """Which parties to an asset may append a kind, about `party` if it is about one; None: any."""
    if kind in _ANYBODYS or kind in GOVERNANCE:
        return None
    if party is not None:
        return (party,)
    return _PARTIES.get(kind, (Party.OWNER,))


def entitled(standing: Standing, kind: Kind, party: Party | None = None) -> set[Hash32] | None:
    """The organisations that may append a kind as the asset stands; None: any."""
    parties = parties_for(kind, party)
    if parties is None:
        return None
    if party is not None and kind is not Kind.RELEASED:
        return {standing.holder(party)}
    held = {getattr(standing.asset, each.label) for each in parties}
    return {org for org in held if org is not None}


def require_right(
    standings: Sequence[Standing], who: Credential, kind: Kind, party: Party | None = None
) -> None:
    """See that the caller may append a kind, now or once what is on its way is there.

    Raises:
        Problem: it may not. Of what is dismounted, the parent has to be asked, too.
    """
    if kind in GOVERNANCE and who.org is not None:
        raise Problem("forbidden", f"only the operator's key may append {kind.label}")
    if kind not in GOVERNANCE and who.org is None:
        raise Problem("forbidden", f"only an organisation's key may append {kind.label}")
    if kind is Kind.DISMOUNTED or not standings:
        return
    for standing in standings:
        may = entitled(standing, kind, party)
        if may is None or who.org in may:
            return
    raise _forbidden(standings[-1], kind, party)


def unentitled(asking: Asking, standing: Standing, parent: Standing | None) -> Iterator[Problem]:
    """Why an organisation may not say it."""
    if asking.org in asking.suspended:
        told = "your organisation is suspended: it can do nothing until it is reinstated"
        yield refused("SuspendedOrganisation", told, org=asking.org)
    kind, party = asking.kind, asking.party
    may = entitled(standing, kind, party)
    if may is None:
        return
    above = entitled(parent, kind) if parent else None
    if kind is Kind.DISMOUNTED and above is not None:
        may, above = may | above, None  # whoever has either may part them
    if asking.org not in may:
        yield _forbidden(standing, kind, party)
    if parent is not None and above is not None and asking.org not in above:
        yield _forbidden(parent, kind, field="parent")


def _forbidden(
    standing: Standing, kind: Kind, party: Party | None = None, field: str | None = None
) -> Problem:
    parties = parties_for(kind, party) or ()
    if party and kind is not Kind.RELEASED and standing.holder(party) == standing.asset.owner:
        parties = (Party.OWNER,)
    words = " or ".join(each.label.replace("_", "-") for each in parties)
    asset, reason = to_hex(standing.asset.id), f"your organisation is not its {words}"
    return Problem(
        "forbidden",
        f"{kind.label} is for the {words} of {asset}, which your organisation is not",
        errors=[field_error(field, asset, reason)] if field else (),
    )


def refused(
    name: str, told: str, field: str | None = None, value: object = None, **values: Any
) -> Problem:
    """The problem of what the contract would refuse by an error of that name and values."""
    errors = [field_error(field, value, told)] if field else []
    shown = {key: to_hex(one) if isinstance(one, bytes) else one for key, one in values.items()}
    return Problem("refused", told, errors=errors, members={"name": name, "values": shown})
