"""Makes of what a request says of an asset the payload of its entry, finding what it names."""

from __future__ import annotations

from sqlmodel import Session

from api.admission import find_admission, get_world
from api.claims import Stated, find_coming, read_expiry, stated_by
from api.errors import invalid
from api.lookup import Target
from api.rights import refused
from api.schemas.acts import (
    Accept,
    Act,
    Attest,
    Correct,
    Delist,
    Dismount,
    EnterStage,
    Erase,
    ForceTitle,
    Freeze,
    List,
    Mount,
    Observe,
    Offer,
    Release,
    Revise,
    RevokeAttestation,
    Transfer,
    Unfreeze,
    Withdraw,
)
from api.sight import Sight
from api.standing import MOST
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    Corrected,
    Delisted,
    Dismounted,
    Erased,
    Frozen,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    Released,
    Revised,
    Staged,
    TitleForced,
    Transferred,
    Unfrozen,
    Withdrawn,
)
from ledger.mirror.queries import find_claim, find_listing
from ledger.outbox.positions import next_on_its_way
from ledger.outbox.under_way import find_under_way
from ledger.types import ZERO_HASH, Hash32, Party, Stage, to_hex

_WORD = "attestation"


def make_payload(
    sight: Sight,
    org: Hash32 | None,
    target: Target,
    body: Act,
    content_hash: Hash32,
    now: int,
) -> Payload:
    """What the entry is to say; `content_hash` is that of the document that came, or zero.

    `org` is who asks (None: the operator), `now` in seconds since 1970.

    Raises:
        UnknownThing: the request names what is neither on the ledger nor on its way there.
        Problem: what it names cannot be meant.
    """
    session = sight.session
    match body:
        case Revise():
            return Revised(content_hash)
        case Observe():
            return Observed(content_hash)
        case Correct():
            _require_earlier(session, target, body.corrects)
            return Corrected(body.corrects, content_hash)
        case EnterStage():
            return Staged(Stage[body.stage.upper()])
        case Transfer():
            return Transferred(sight.get_party(body.to))
        case Offer():
            to = sight.get_party(body.to)
            return Offered(Party[body.party.upper()], to, read_expiry(body.expires, now))
        case Withdraw():
            return Withdrawn(Party[body.party.upper()])
        case Accept():
            return Accepted(Party[body.party.upper()])
        case Release():
            return Released(Party[body.party.upper()])
        case Mount():
            return Mounted(body.parent)
        case Dismount():
            return Dismounted(body.parent)
        case Attest():
            schema = sight.get_published(body.schema_).id
            return Attested(schema, content_hash, read_expiry(body.expires, now))
        case RevokeAttestation():
            schema = _find_attested(session, org, target, body.revokes)
            return AttestationRevoked(body.revokes, schema)
        case List():
            return _list(session, org, body, content_hash, now)
        case Delist():
            _require_listed(session, target, body.world)
            return Delisted(body.world)
        case Erase():
            return Erased(tuple(dict.fromkeys(body.documents)))
        case Freeze():
            return Frozen(content_hash)
        case Unfreeze():
            return Unfrozen(content_hash)
        case ForceTitle():
            return TitleForced(sight.get_party(body.to), content_hash)


def _require_earlier(session: Session, target: Target, corrects: int) -> None:
    if corrects < target.asset.count:
        return
    following = max(target.asset.count, next_on_its_way(session, target.id))
    if corrects >= following:
        reason = f"no entry stands there yet: the newest is at {following - 1}"
        raise invalid("corrects", corrects, reason)


def _find_attested(session: Session, org: Hash32 | None, target: Target, revokes: int) -> Hash32:
    """The schema of the attestation at a position, which must be the caller's to revoke."""
    row = find_claim(session, target.id, revokes)
    claim = stated_by(_WORD, row) if row else _find_coming(session, target, revokes)
    if claim is None:
        raise invalid("revokes", revokes, "no attestation stands there")
    claim.require_in_force()
    claim.require_issuer(org)
    return claim.schema


def _find_coming(session: Session, target: Target, position: int) -> Stated | None:
    coming = find_under_way(session, target.id, {Kind.ATTESTED}, target.asset.count, limit=MOST)
    return find_coming(_WORD, Attested, coming, position)


def _list(session: Session, org: Hash32 | None, body: List, shown: Hash32, now: int) -> Listed:
    if body.document is not None and body.file is not None:
        reason = "stands beside a document, and takes its place"
        raise invalid("file", to_hex(body.file), reason)
    if body.rendition is not None and shown != ZERO_HASH:
        reason = "stands beside a document or a file, and takes its place"
        raise invalid("rendition", to_hex(body.rendition), reason)
    issuer, credential = find_admission(session, org or ZERO_HASH, body.world, now)
    return Listed(
        world=body.world,
        rendition=body.rendition or shown,
        licence=body.licence or ZERO_HASH,
        expires=read_expiry(body.expires, now),
        issuer=issuer,
        credential=credential,
    )


def _require_listed(session: Session, target: Target, world: Hash32) -> None:
    """See that the asset is, or may be, listed there.

    A world's end ends its listings here, while the contract lets them be taken back all the same.
    """
    there = get_world(session, world)
    listing = find_listing(session, target.id, world)
    stands = listing is not None and (listing.to_block is None or not there.open)
    listed = {Kind.LISTED}
    coming = find_under_way(session, target.id, listed, target.asset.count, limit=MOST)
    if not stands and all(Listed.decode(one.payload).world != world for one in coming):
        told = f"asset {to_hex(target.id)} is not listed in world {to_hex(world)}"
        raise refused("NotListed", told, "world", to_hex(world), subject=target.id, world=world)
