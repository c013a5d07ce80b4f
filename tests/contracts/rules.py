"""The rules of the ledger, said once more, a function a kind: who may append what, and when.

A rule yields every refusal that an act deserves as the ledger stands; one that deserves none is to
be accepted. Where there are several, the contract tells the one that it comes upon first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.domain import payloads as say
from ledger.domain.asset import Asset
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.kinds import CONSEQUENCES, GOVERNANCE, Kind
from ledger.domain.organisation import Organisation
from ledger.domain.relations import Offer
from ledger.types import ZERO_HASH, Hash32, Party, Stage
from tests.contracts.conditions import (
    Act,
    Refusal,
    Refusals,
    active,
    another_owner,
    entitled,
    holder,
    holds,
    in_time,
    is_a,
    its_own,
    live,
    own_claim,
    owned,
    placed,
    thawed,
    unborn,
    without_lien,
)

WRITTEN_BY_THE_LEDGER: Final = CONSEQUENCES | {Kind.FOUNDED}
LEVELS: Final = 32
FOLLOWING: Final = {
    Stage.PLANNED: {Stage.COMMISSIONED},
    Stage.COMMISSIONED: {Stage.IN_SERVICE},
    Stage.IN_SERVICE: {Stage.MAINTENANCE, Stage.DECOMMISSIONED},
    Stage.MAINTENANCE: {Stage.IN_SERVICE, Stage.DECOMMISSIONED},
    Stage.DECOMMISSIONED: {Stage.RETIRED},
    Stage.RETIRED: set(),
}


def refusals(act: Act) -> set[Refusal]:
    """All that an act deserves but for who sends it; governance's have `org` zero."""
    found, kind = {*placed(act)}, act.entry.kind
    if act.said is None:
        return found | {act.no("UnknownKind", kind=int(kind))}
    if kind in WRITTEN_BY_THE_LEDGER:
        return found | {act.no("WrittenByTheLedger", kind=int(kind))}
    if kind in GOVERNANCE and act.org != ZERO_HASH:
        return found | {act.no("GovernanceOnly", kind=int(kind))}
    if act.damaged:
        found.add(act.bad_payload())
    return found | {*RULES[kind](act, act.said)}


# -- organisations ---------------------------------------------------------------------------


def enrolled(act: Act, said: say.Enrolled) -> Refusals:
    yield from unborn(act)
    visible = all("!" <= letter <= "~" for letter in said.did)
    if not visible or not said.did.startswith("did:") or said.did == "did:":
        yield act.bad_payload()


def suspended(act: Act, _: say.Suspended) -> Refusals:
    org = yield from is_a(act, act.subject, Organisation)
    if org and not org.active:
        yield act.no("Unchanged", subject=org.id)


def reinstated(act: Act, _: say.Reinstated) -> Refusals:
    org = yield from is_a(act, act.subject, Organisation)
    if org and org.active:
        yield act.no("Unchanged", subject=org.id)


def account_added(act: Act, said: say.AccountAdded) -> Refusals:
    org = yield from its_own(act, said.account)
    if org and said.account in org.accounts:
        yield act.no("AlreadyAnAccount", org=org.id, account=said.account)


def account_removed(act: Act, said: say.AccountRemoved) -> Refusals:
    org = yield from its_own(act, said.account)
    if org and said.account not in org.accounts:
        yield act.no("NotAnAccount", org=org.id, actor=said.account)
    elif org and len(org.accounts) == 1:
        yield act.no("LastAccount", org=org.id)


def credential_issued(act: Act, said: say.CredentialIssued) -> Refusals:
    org = yield from is_a(act, act.subject, Organisation)
    if org:
        yield from active(act, org.id)
    yield from is_a(act, said.schema, Schema)
    yield from in_time(act, said.expires)


def credential_revoked(act: Act, said: say.CredentialRevoked) -> Refusals:
    yield from is_a(act, act.subject, Organisation)
    yield from own_claim(act, said.revokes, said.schema)


# -- schemas and worlds ----------------------------------------------------------------------


def schema_published(act: Act, said: say.SchemaPublished) -> Refusals:
    yield from unborn(act)
    if said.replaces != ZERO_HASH:
        before = yield from is_a(act, said.replaces, Schema)
        if before and before.org != act.org:
            yield act.no("NotOwner", subject=before.id, org=act.org)


def world_opened(act: Act, said: say.WorldOpened) -> Refusals:
    yield from unborn(act)
    if said.schema != ZERO_HASH:
        yield from is_a(act, said.schema, Schema)
        if said.issuer != ZERO_HASH:
            yield from active(act, said.issuer)
    elif said.issuer != ZERO_HASH:
        yield act.bad_payload()


def world_closed(act: Act, _: say.WorldClosed) -> Refusals:
    world = yield from is_a(act, act.subject, World)
    if world and world.org != act.org:
        yield act.no("NotOwner", subject=world.id, org=act.org)
    if world and not world.open:
        yield act.no("ClosedWorld", world=world.id)


# -- assets ----------------------------------------------------------------------------------


def registered(act: Act, said: say.Registered | say.BatchRegistered) -> Refusals:
    yield from unborn(act)
    yield from active(act, said.owner)
    if said.schema != ZERO_HASH:
        yield from is_a(act, said.schema, Schema)


batch_registered = registered


def revised(act: Act, _: say.Revised) -> Refusals:
    asset = yield from live(act)
    yield from entitled(act, asset, Party.OWNER, Party.OPERATOR)


def observed(act: Act, _: say.Observed) -> Refusals:
    asset = yield from live(act)
    yield from entitled(act, asset, Party.OWNER, Party.CUSTODIAN, Party.OPERATOR)


def corrected(act: Act, said: say.Corrected) -> Refusals:
    asset = yield from thawed(act)
    yield from entitled(act, asset, Party.OWNER, Party.CUSTODIAN, Party.OPERATOR)
    if said.corrects >= act.entry.position:
        yield act.no("NotEarlier", corrects=said.corrects, position=act.entry.position)


def staged(act: Act, _: say.Staged) -> Refusals:
    asset = yield from live(act)
    yield from owned(act, asset)
    # A number that is no stage follows none, either.
    number = int.from_bytes(act.entry.payload[:32])
    if asset and number < 256 and number not in FOLLOWING[asset.stage]:
        yield act.no("WrongStage", subject=asset.id, stage=int(asset.stage), next=number)


def transferred(act: Act, said: say.Transferred) -> Refusals:
    asset = yield from live(act)
    yield from owned(act, asset)
    yield from active(act, said.to)
    yield from another_owner(act, asset, said.to)
    yield from without_lien(act, asset)


def offered(act: Act, said: say.Offered) -> Refusals:
    asset = yield from live(act)
    yield from holds(act, asset, said.party)
    yield from active(act, said.to)
    if asset and said.to == holder(asset, said.party):
        yield act.no("Unchanged", subject=asset.id)
    yield from in_time(act, said.expires)


def withdrawn(act: Act, said: say.Withdrawn) -> Refusals:
    asset = yield from thawed(act)
    yield from holds(act, asset, said.party)
    if asset and act.ledger.relations.find(Offer, asset.id, said.party) is None:
        yield act.no("NotOffered", subject=asset.id, party=int(said.party), org=act.org)


def accepted(act: Act, said: say.Accepted) -> Refusals:
    asset = yield from live(act)
    offer = act.ledger.relations.find(Offer, act.subject, said.party)
    if offer is None or offer.to != act.org:
        yield act.no("NotOffered", subject=act.subject, party=int(said.party), org=act.org)
    else:
        yield from in_time(act, offer.expires)
        if asset:
            yield from active(act, holder(asset, said.party))
    if said.party is Party.OWNER:
        yield from without_lien(act, asset)


def released(act: Act, said: say.Released) -> Refusals:
    asset = yield from thawed(act)
    if said.party is Party.OWNER:
        yield act.bad_payload()
    else:
        yield from entitled(act, asset, said.party)


def mounted(act: Act, said: say.Mounted) -> Refusals:
    part = yield from live(act)
    parent = yield from live(act, said.parent)
    for each in (part, parent):
        yield from entitled(act, each, Party.OWNER, Party.CUSTODIAN)
    if part and part.parent:
        yield act.no("AlreadyMounted", part=part.id, parent=part.parent)
    above: list[Hash32] = []
    level: Hash32 | None = said.parent
    while level is not None:
        above.append(level)
        level = act.ledger.parent_of(level)
    if act.subject in above:
        yield act.no("Cycle", part=act.subject, parent=said.parent)
    if act.ledger.height_of(act.subject) + len(above) > LEVELS:
        yield act.no("TooDeep", part=act.subject, parent=said.parent)


def dismounted(act: Act, said: say.Dismounted) -> Refusals:
    part = yield from thawed(act)
    parent = yield from thawed(act, said.parent)
    # Whoever has either may part them.
    if part and [*entitled(act, part, Party.OWNER, Party.CUSTODIAN)]:
        yield from entitled(act, parent, Party.OWNER, Party.CUSTODIAN)
    if part and part.parent != said.parent:
        yield act.no("NotMounted", part=part.id, parent=said.parent)


def attested(act: Act, said: say.Attested) -> Refusals:
    yield from thawed(act)
    yield from is_a(act, said.schema, Schema)
    yield from in_time(act, said.expires)


def attestation_revoked(act: Act, said: say.AttestationRevoked) -> Refusals:
    yield from thawed(act)
    yield from own_claim(act, said.revokes, said.schema)


def listed(act: Act, said: say.Listed) -> Refusals:
    asset = yield from live(act)
    yield from owned(act, asset)
    yield from in_time(act, said.expires)
    world = yield from is_a(act, said.world, World)
    if world and not world.open:
        yield act.no("ClosedWorld", world=world.id)
    if world and world.schema == ZERO_HASH:
        if said.issuer != ZERO_HASH or said.credential:
            yield act.bad_payload()
    elif world and not (
        world.issuer in {ZERO_HASH, said.issuer}
        and act.ledger.is_in_force(act.org, said.credential, said.issuer, world.schema, act.now)
    ):
        yield act.no("NotAdmitted", world=world.id, org=act.org)


def delisted(act: Act, said: say.Delisted) -> Refusals:
    asset = yield from thawed(act)
    yield from owned(act, asset)
    if (act.subject, said.world) not in act.beside.listed:
        yield act.no("NotListed", subject=act.subject, world=said.world)


def frozen(act: Act, _: say.Frozen) -> Refusals:
    asset = yield from is_a(act, act.subject, Asset)
    if asset and asset.frozen:
        yield act.no("Unchanged", subject=asset.id)


def unfrozen(act: Act, _: say.Unfrozen) -> Refusals:
    asset = yield from is_a(act, act.subject, Asset)
    if asset and not asset.frozen:
        yield act.no("Unchanged", subject=asset.id)


def title_forced(act: Act, said: say.TitleForced) -> Refusals:
    asset = yield from is_a(act, act.subject, Asset)
    yield from active(act, said.to)
    yield from another_owner(act, asset, said.to)


def erased(act: Act, _: say.Erased) -> Refusals:
    asset = yield from thawed(act)
    yield from owned(act, asset)


# -- the ledger ------------------------------------------------------------------------------


def paused(act: Act, _: say.Paused) -> Refusals:
    yield from is_a(act, act.subject, Founding)
    if act.ledger.paused:
        yield act.no("Unchanged", subject=act.subject)


def resumed(act: Act, _: say.Resumed) -> Refusals:
    yield from is_a(act, act.subject, Founding)
    if not act.ledger.paused:
        yield act.no("Unchanged", subject=act.subject)


def successor_named(act: Act, _: say.SuccessorNamed) -> Refusals:
    yield from is_a(act, act.subject, Founding)


RULES: Final[dict[Kind, Callable[[Act, Any], Refusals]]] = {
    kind: globals()[kind.label] for kind in {*Kind} - WRITTEN_BY_THE_LEDGER
}
"""By kind, whose name each has. What nobody can ask for has none."""
