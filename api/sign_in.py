"""Lets wallets sign in: what is signed must be for this service, this chain, now and only once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlmodel import Session

from api.deps import CHALLENGE, Service
from api.errors import Problem, invalid, unavailable
from api.lookup import find_party, get_mirror
from api.schemas.sign_in import GivenNonce, SignedIn, SignInRequest
from ledger.chain.rpc import RpcClient
from ledger.chain.vouching import fetch_is_signed_by
from ledger.database.engine import reading, writing
from ledger.domain.telling import moment
from ledger.errors import MalformedValue
from ledger.hashing import keccak, personal_message
from ledger.mirror.queries import find_organisation, list_organisations_of
from ledger.outbox import sign_in as sessions
from ledger.outbox.keys import prefix_of
from ledger.outbox.roles import Roles
from ledger.standards.sign_in import SignIn, decode_sign_in, encode_sign_in, moment_of
from ledger.types import Address, Hash32, to_hex

PATH: Final = "/v1/sign-in"
_SKEW: Final = timedelta(seconds=60)
_AT_ONCE: Final = 8
_turns = threading.BoundedSemaphore(_AT_ONCE)


def give_nonce(service: Service, account: Address) -> GivenNonce:
    """A nonce, and a message with it that the account may sign as it is. Raises Problem."""
    with writing(service.engine) as session:
        chain_id = get_mirror(session).chain_id
        try:
            nonce = sessions.give_nonce(session)
        except sessions.TooManyNonces as error:
            raise Problem(
                "quota_exceeded",
                f"{error}; try again",
                headers={"Retry-After": str(sessions.NONCE_SECONDS // 10)},
            ) from None
    message = SignIn(
        domain=service.settings.sign_in_authority(),
        address=account,
        uri=_uri(service),
        chain_id=chain_id,
        nonce=nonce.text,
        issued_at=moment(nonce.given_at // 1000),
        expiration_time=moment(nonce.expires_at // 1000),
    )
    return GivenNonce(
        nonce=nonce.text,
        domain=message.domain,
        uri=message.uri,
        chain_id=chain_id,
        expires_at=moment(nonce.expires_at / 1000),
        message=encode_sign_in(message),
    )


def sign_in(service: Service, body: SignInRequest) -> SignedIn:
    """Open a session for the account that signed, as a key of its organisation.

    Raises:
        Problem: the message is not for here or not for now, its nonce is used up, nobody of an
            organisation signed it, or the account is of several and none is named.
    """
    try:
        message = decode_sign_in(body.message)
    except MalformedValue as error:
        wanted, value = str(error.fields["wanted"]), error.fields["value"]
        raise invalid(f"message.{error.fields['field']}", value, f"must be {wanted}") from None
    with reading(service.engine) as session:
        _require_expected(service, message, get_mirror(session).chain_id)
        if not sessions.is_out(session, message.nonce):
            raise _refused("its nonce was not given here, was used, or is too old")
        org, roles = _find_org(session, message.address, body.organisation)
    _require_signed(service, message, body)
    seconds = service.settings.sign_in_seconds
    with writing(service.engine) as session:
        if not sessions.spend_nonce(session, message.nonce):
            raise _refused("its nonce was used meanwhile")
        token = sessions.open_session(session, org, message.address, roles, seconds)
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    return SignedIn(
        api_key=token,
        key=prefix_of(token),
        organisation=to_hex(org),
        account=to_hex(message.address),
        roles=[role.value for role in sorted(roles)],
        expires_at=moment(ends.timestamp()),
    )


def _uri(service: Service) -> str:
    scheme = urlsplit(service.settings.api_url()).scheme
    return f"{scheme}://{service.settings.sign_in_authority()}{PATH}"


def _require_expected(service: Service, message: SignIn, chain_id: int) -> None:
    """See that a message is for this service, this chain and this moment. Raises Problem."""
    domain, uri = service.settings.sign_in_authority(), urlsplit(_uri(service))
    if message.domain != domain:
        raise _refused(f"it is for the domain {message.domain!r}, and this is {domain!r}")
    if message.scheme not in (None, uri.scheme):
        raise _refused(f"it is for {message.scheme}, and this is {uri.scheme}")
    if urlsplit(message.uri)[:2] != uri[:2]:
        raise _refused(f"its URI is not of {uri.scheme}://{uri.netloc}")
    if message.chain_id != chain_id:
        raise _refused(f"it is for chain {message.chain_id}, and the ledger is on {chain_id}")
    now = datetime.now(UTC)
    lifetime = timedelta(seconds=sessions.NONCE_SECONDS)
    if not now - lifetime - _SKEW <= moment_of(message.issued_at) <= now + _SKEW:
        raise _refused("it was issued too long ago, or is yet to be issued")
    if message.expiration_time is not None and now >= moment_of(message.expiration_time):
        raise _refused(f"it expired at {message.expiration_time}")
    if message.not_before is not None and now < moment_of(message.not_before):
        raise _refused(f"it holds from {message.not_before} on")


def _require_signed(service: Service, message: SignIn, body: SignInRequest) -> None:
    digest = keccak(personal_message(body.message.encode()))
    if not _turns.acquire(blocking=False):
        raise unavailable(f"{_AT_ONCE} sign-ins are being checked")
    try:
        with RpcClient(service.settings.rpc_url) as rpc:
            signed = fetch_is_signed_by(rpc, message.address, digest, body.signature)
    finally:
        _turns.release()
    if not signed:
        raise _refused(f"{to_hex(message.address)} did not sign it")


def _find_org(session: Session, account: Address, named: str | None) -> tuple[Hash32, Roles]:
    """The organisation that an account signs in to, and what it may do there. Raises Problem."""
    if sessions.is_of_service(session, account):
        raise Problem(
            "unknown_account",
            f"{to_hex(account)} sends for this service, on behalf of many: it signs in to none",
        )
    if named is not None:
        org = find_party(session, named, "organisation")
    else:
        periods = list_organisations_of(session, account, limit=2).items
        if len(periods) > 1:
            raise invalid("organisation", None, "is needed: the account is of several")
        org = periods[0].org if periods else None
    seen = None if org is None else find_organisation(session, id=org)
    if org is None or seen is None or account not in seen.accounts:
        raise Problem(
            "unknown_account", f"{to_hex(account)} is no account of the organisation on the ledger"
        )
    roles = sessions.find_account_roles(session, org, account)
    if not roles:
        raise Problem("unknown_account", f"{to_hex(account)} may not sign in: its admin says so")
    return org, roles


def _refused(reason: str) -> Problem:
    return Problem(
        "sign_in_refused",
        f"the message is not accepted: {reason}",
        headers={"WWW-Authenticate": CHALLENGE},
    )
