"""What routes ask for: the service, who is calling, and one database session a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlmodel import Session

from api.births import Births
from api.bodies import read_body
from api.ends import Ends
from api.errors import Problem, invalid
from api.gathering import Gatherer
from ledger.chain.signers.signer import Signer
from ledger.database.engine import reading
from ledger.documents.store import DocumentStore
from ledger.outbox.keys import BadKey, Credential, authenticate, authenticate_all
from ledger.outbox.pressure import Gauge
from ledger.settings import Settings
from ledger.types import Hash32

_CHALLENGE: Final = 'Bearer realm="asset-ledger"'
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    bearerFormat="al_<prefix>_<secret>",
    description="The key of an organisation, or the operator's.",
)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True, slots=True)
class Service:
    """What this process has: its settings, the database, the documents, and who is let in.

    `signer` signs in the service's own name: receipts, and checkpoints.
    """

    settings: Settings
    engine: Engine
    documents: DocumentStore
    gauge: Gauge
    ends: Ends
    births: Births
    signer: Signer


# What asks nobody is a coroutine: the others are handed to a worker thread each.
async def get_service(request: Request) -> Service:
    """The process's one service."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(get_service)]


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot of the database, and who looks at it."""

    session: Session
    who: Credential
    births: Births

    def may_see(self, *orgs: Hash32) -> bool:
        """Whether the caller is one of these organisations, or the operator."""
        return self.who.org is None or self.who.org in orgs


def open_view(request: Request, service: Served, bearer: Bearer) -> Iterator[View]:
    """A snapshot for whoever holds a good key.

    Raises:
        Problem: no key, or not a good one.
    """
    token = _require_token(bearer)
    with reading(service.engine) as session:
        try:
            who = authenticate(session, token)
        except BadKey:
            raise _bad_key() from None
        request.scope["caller"] = who.prefix
        yield View(session, who, service.births)


def identify_all(engine: Engine, tokens: Sequence[str]) -> list[Credential | BadKey]:
    """Who holds these tokens, for all requests that ask at the same time."""
    with reading(engine) as session:
        return authenticate_all(session, tokens)


async def identify(request: Request, bearer: Bearer) -> Credential:
    """Who is calling; for requests that write, which open their own transaction.

    Raises:
        Problem: no key, or not a good one.
    """
    callers: Gatherer[str, Credential] = request.app.state.callers
    try:
        who = await callers.ask(_require_token(bearer))
    except BadKey:
        raise _bad_key() from None
    request.scope["caller"] = who.prefix
    return who


def _require_token(bearer: HTTPAuthorizationCredentials | None) -> str:
    if bearer is None:
        raise Problem(
            "unauthenticated",
            "no key was sent; send Authorization: Bearer al_…",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    return bearer.credentials


def _bad_key() -> Problem:
    return Problem(
        "unauthenticated",
        "the key is not known, or was revoked",
        headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
    )


# Closed before the answer is sent, so that a slow reader holds no session.
Viewing = Annotated[View, Depends(open_view, scope="function")]
Caller = Annotated[Credential, Depends(identify)]


async def require_operator(who: Caller) -> Credential:
    """The caller, who must be the operator."""
    if who.org is not None:
        raise Problem("forbidden", "only the operator's key may do this")
    return who


async def require_member(who: Caller) -> Hash32:
    """The caller's organisation; the operator has none."""
    if who.org is None:
        raise Problem("forbidden", "only an organisation's key may do this, not the operator's")
    return who.org


Operator = Annotated[Credential, Depends(require_operator)]
Member = Annotated[Hash32, Depends(require_member)]


async def read_idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="stands for this request for ever: sent again, it is answered again",
            examples=["9d1c5f0e-register-AM-GBX-000417"],
        ),
    ] = None,
) -> str | None:
    """The Idempotency-Key, if one is sent."""
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        reason = "must be 1 to 255 visible ASCII characters"
        raise invalid("Idempotency-Key", idempotency_key, reason)
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(read_idempotency_key)]
RawBody = Annotated[bytes, Depends(read_body)]
