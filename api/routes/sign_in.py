"""Signing in with a wallet (ERC-4361), and what an organisation's accounts may do then."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api import sign_in as signing_in
from api.bodies import decode_body
from api.deps import Admin, RawBody, Served, Service
from api.errors import Problem
from api.openapi import BODY, READING, body_of, problems
from api.schemas.base import EXAMPLE_ADDRESS
from api.schemas.keys import AccountRoles, SetAccountRoles
from api.schemas.sign_in import (
    EXAMPLE_MESSAGE,
    AddressInput,
    AskNonce,
    GivenNonce,
    SignedIn,
    SignInRequest,
)
from ledger.database.engine import reading, writing
from ledger.mirror.queries import find_organisation
from ledger.outbox.roles import Roles, parse_roles
from ledger.outbox.sign_in import find_account_roles, keep_account_roles
from ledger.types import Address, Hash32, to_hex

router = APIRouter(prefix=signing_in.PATH, tags=["sign-in"])

_ASK: Final[TypeAdapter[AskNonce]] = TypeAdapter(AskNonce)
_SIGN: Final[TypeAdapter[SignInRequest]] = TypeAdapter(SignInRequest)
_ROLES: Final[TypeAdapter[SetAccountRoles]] = TypeAdapter(SetAccountRoles)
_BODY: Final = (
    *BODY,
    "invalid_request",
    "storage_full",
    "conflict",
)

Account = Annotated[AddressInput, Path(description="an account of yours on the ledger")]


@router.post(
    "/nonce",
    status_code=201,
    responses=problems(*_BODY, "quota_exceeded"),
    openapi_extra=body_of("AskNonce", _ASK, account={"account": EXAMPLE_ADDRESS}),
)
async def ask_nonce(response: Response, service: Served, raw: RawBody) -> GivenNonce:
    """Begin to sign in: a nonce that serves once, and a message to sign with it."""
    body = await run_in_threadpool(decode_body, _ASK, raw)
    response.headers["Cache-Control"] = "no-store"
    return await run_in_threadpool(signing_in.give_nonce, service, body.account)


@router.post(
    "",
    status_code=201,
    responses=problems(*_BODY, "sign_in_refused", "unknown_account"),
    openapi_extra=body_of(
        "SignInRequest",
        _SIGN,
        signed={"message": EXAMPLE_MESSAGE, "signature": "0x" + "1b" * 65},
    ),
)
async def sign_in(response: Response, service: Served, raw: RawBody) -> SignedIn:
    """Sign in with a message that an account of an organisation signed: a key that soon ends.

    A contract's word counts as its signature (ERC-1271). The key ends at once when the account is
    taken from its organisation on the ledger.
    """
    body = await run_in_threadpool(decode_body, _SIGN, raw)
    response.headers["Cache-Control"] = "no-store"
    return await run_in_threadpool(signing_in.sign_in, service, body)


@router.get("/accounts/{account}", responses=problems(*READING, "forbidden"))
def get_account_roles(service: Served, org: Admin, account: Account) -> AccountRoles:
    """What an account of your organisation may do here once its wallet has signed in."""
    with reading(service.engine) as session:
        seen = find_organisation(session, id=org)
        if seen is None or account not in seen.accounts:
            raise _unknown(account)
        return _tell(account, find_account_roles(session, org, account))


@router.put(
    "/accounts/{account}",
    responses=problems(*READING, *_BODY, "forbidden"),
    openapi_extra=body_of("SetAccountRoles", _ROLES, reader={"roles": ["reader"]}),
)
async def set_account_roles(
    service: Served, org: Admin, account: Account, raw: RawBody
) -> AccountRoles:
    """Say what an account of your organisation may do here, in open sessions, too; none: nothing.

    Nothing said, it may read and write.
    """
    body = await run_in_threadpool(decode_body, _ROLES, raw)
    return await run_in_threadpool(_set, service, org, account, parse_roles(body.roles))


def _set(service: Service, org: Hash32, account: Address, roles: Roles) -> AccountRoles:
    with writing(service.engine) as session:
        seen = find_organisation(session, id=org)
        if seen is None or account not in seen.accounts:
            raise _unknown(account)
        keep_account_roles(session, org, account, roles)
    return _tell(account, roles)


def _tell(account: Address, roles: Roles) -> AccountRoles:
    return AccountRoles(account=to_hex(account), roles=[role.value for role in sorted(roles)])


def _unknown(account: Address) -> Problem:
    return Problem("not_found", f"no account {to_hex(account)} of yours is known")
