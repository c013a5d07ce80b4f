"""Takes in what is said of organisations: of their accounts, their credentials, their standing."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from api import lookup
from api.acceptance import Taken
from api.appending import take
from api.claims import Stated, find_coming, read_expiry, stated_by
from api.deps import Service, require_role
from api.described import seal_described, tell_request
from api.errors import Problem, invalid
from api.judging import Decided, Sending, place_of
from api.published import find_schema_document, get_published
from api.rights import refused, require_right
from api.schemas.directory import (
    AddAccount,
    IssueCredential,
    OrganisationAct,
    Reinstate,
    RemoveAccount,
    RevokeCredential,
    Suspend,
)
from api.suspension import require_acting, require_active
from ledger.database.engine import reading
from ledger.documents.sealing import Sealed
from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    CredentialIssued,
    CredentialRevoked,
    Payload,
    Reinstated,
    Suspended,
)
from ledger.mirror.queries import OrganisationSeen, find_credential, find_organisation
from ledger.outbox.keys import Credential
from ledger.outbox.roles import KeyRole
from ledger.outbox.sign_in import is_of_service
from ledger.outbox.under_way import find_under_way
from ledger.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, to_hex

_MOST = 200
_WORD = "credential"


def append_to_organisation(
    service: Service,
    who: Credential,
    name: str,
    body: OrganisationAct,
    if_match: str | None,
    key: str | None,
) -> Taken:
    """Take in an entry about an organisation, which is named by id or DID.

    Raises:
        DocumentError: the document cannot be accepted.
        UnknownThing: the request names a schema that nobody knows.
        Problem: the organisation is not known, or has moved on; the caller may not say this; what
            it vouches for does not fit its schema; the ledger would refuse it, or the service could
            not act for the organisation any more.
        WrongPosition, IdempotencyConflict: it contradicts an earlier request.
    """
    _require_right(who, body)
    with reading(service.engine) as session:
        org = get_organisation(session, name)
    sent = seal_described(body)
    told = {"path": f"organisations/{org.hex()}", **tell_request(body)}

    def decide(session: Session) -> Decided:
        _require_own(who, org, body)
        require_acting(session, who.org)
        seen = find_organisation(session, id=org)
        payload = _payload(session, who, org, seen, body, sent)
        count = seen.row.count if seen else None
        decided = place_of(org, payload, count, body.position, if_match)
        if not isinstance(payload, CredentialIssued):
            return decided
        # It may be under a schema whose document this service was never sent.
        text = find_schema_document(session, service.births, payload.schema)
        return replace(decided, schema=payload.schema, text=text)

    return take(service, Sending(who, told, sent, key), decide)


def get_organisation(session: Session, name: str) -> Hash32:
    """The organisation of a path, by id or DID: enrolled, or about to be. Raises Problem."""
    org = lookup.find_party(session, name, "organisation")
    if org is None:
        raise Problem("not_found", f"no organisation {name[:200]} is known")
    return org


# -- who may -------------------------------------------------------------------------------------


def _require_right(who: Credential, body: OrganisationAct) -> None:
    """See that the key is of the sort, and has the role. Raises Problem."""
    require_right((), who, Kind[body.kind.upper()])
    owns = isinstance(body, AddAccount | RemoveAccount)
    require_role(who, KeyRole.ADMIN if owns else KeyRole.WRITER)


def _require_own(who: Credential, org: Hash32, body: OrganisationAct) -> None:
    if isinstance(body, AddAccount | RemoveAccount) and who.org != org:
        raise Problem("forbidden", "an organisation's accounts are its own to add and remove")


# -- what is said --------------------------------------------------------------------------------


def _payload(
    session: Session,
    who: Credential,
    org: Hash32,
    seen: OrganisationSeen | None,
    body: OrganisationAct,
    sent: Sealed | None,
) -> Payload:
    """What the entry is to say, if nothing speaks against it. Raises Problem."""
    content_hash = sent.content_hash if sent else ZERO_HASH
    coming = _Coming(session, org, seen.row.count if seen else 0)
    match body:
        case AddAccount():
            _require_new_account(coming, seen, body.account)
            return AccountAdded(body.account)
        case RemoveAccount():
            _require_removable(coming, seen, body.account)
            return AccountRemoved(body.account)
        case IssueCredential():
            schema = get_published(session, body.schema_).id
            require_active(session, org)
            return CredentialIssued(schema, content_hash, read_expiry(body.expires, time.time()))
        case RevokeCredential():
            return CredentialRevoked(body.revokes, _find_issued(coming, who, body.revokes))
        case Suspend():
            _require_change(coming, seen, Kind.REINSTATED, active=False)
            return Suspended(content_hash)
        case Reinstate():
            _require_change(coming, seen, Kind.SUSPENDED, active=True)
            return Reinstated(content_hash)
    raise AssertionError


class _Coming:
    """What is on its way to an organisation, of which `count` entries are mirrored."""

    def __init__(self, session: Session, org: Hash32, count: int) -> None:
        self.session, self.org, self._count = session, org, count

    def find(self, *kinds: Kind) -> list[Any]:
        """Operations of these kinds, in their order."""
        return find_under_way(self.session, self.org, kinds, self._count, limit=_MOST)


def _require_new_account(coming: _Coming, seen: OrganisationSeen | None, account: Address) -> None:
    if account == ZERO_ADDRESS:
        raise invalid("account", to_hex(account), "is the zero address, which signs nothing")
    if seen and account in seen.accounts and not coming.find(Kind.ACCOUNT_REMOVED):
        told = f"{to_hex(account)} is an account of the organisation already"
        raise refused(
            "AlreadyAnAccount", told, "account", to_hex(account), org=coming.org, account=account
        )


def _require_removable(coming: _Coming, seen: OrganisationSeen | None, account: Address) -> None:
    shown = to_hex(account)
    if is_of_service(coming.session, account):
        reason = (
            "the service acts for your organisation by this account; to leave it, have a wallet of"
            " yours sign `account_removed`, and send that to POST /v1/entries"
        )
        raise invalid("account", shown, reason, "account_of_service")
    accounts = seen.accounts if seen else ()
    added = coming.find(Kind.ACCOUNT_ADDED)
    if account not in accounts and AccountAdded(account).encode() not in {
        one.payload for one in added
    }:
        told = f"{shown} is no account of the organisation"
        raise refused("NotAnAccount", told, "account", shown, org=coming.org, account=account)
    if len(accounts) == 1 and not added:
        told = f"{shown} is the organisation's last account"
        raise refused("LastAccount", told, "account", shown, org=coming.org)


def _find_issued(coming: _Coming, who: Credential, revokes: int) -> Hash32:
    """The schema of the credential at a position, which must be the caller's to revoke."""
    row = find_credential(coming.session, coming.org, revokes)
    claim = stated_by(_WORD, row) if row else _find_coming(coming, revokes)
    if claim is None:
        raise invalid("revokes", revokes, "no credential was issued by the entry there")
    claim.require_issuer(who.org)
    claim.require_in_force()
    return claim.schema


def _find_coming(coming: _Coming, position: int) -> Stated | None:
    issued = coming.find(Kind.CREDENTIAL_ISSUED)
    return find_coming(_WORD, CredentialIssued, issued, position)


def _require_change(
    coming: _Coming, seen: OrganisationSeen | None, back: Kind, *, active: bool
) -> None:
    if seen and seen.row.active == active and not coming.find(back):
        told = f"organisation {to_hex(coming.org)} is {'active' if active else 'suspended'} already"
        raise refused("Unchanged", told, subject=coming.org)
