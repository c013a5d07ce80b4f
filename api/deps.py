"""What routes ask for: the service, who is calling, and one database session a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from anyio import CapacityLimiter
from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.births import Births
from api.bodies import read_body
from api.diary import Diary
from api.ends import Ends
from api.errors import Problem, invalid
from api.gathering import Gatherer
from api.quotas import Quotas
from api.view import View as View
from ledger.chain.signers.signer import Signer
from ledger.database.engine import reading
from ledger.documents.file_store import FileStore
from ledger.documents.store import DocumentStore
from ledger.mirror.queries import find_organisation
from ledger.outbox.keys import BadKey, Credential, authenticate, authenticate_all
from ledger.outbox.pressure import Gauge
from ledger.outbox.roles import KeyRole
from ledger.settings import Settings
from ledger.standards.schema_workers import SchemaWorkers
from ledger.types import Hash32

CHALLENGE: Final = 'Bearer realm="asset-ledger"'
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

    `signer` signs in the service's own name: receipts, and checkpoints. `turns` bounds how many
    read at once; None: as many as there are threads.
    """

    settings: Settings
    engine: Engine
    documents: DocumentStore
    files: FileStore
    gauge: Gauge
    ends: Ends
    births: Births
    signer: Signer
    diary: Diary
    quotas: Quotas
    validators: SchemaWorkers
    turns: CapacityLimiter | None


# What asks nobody is a coroutine: the others are handed to a worker thread each.
async def get_service(request: Request) -> Service:
    """The process's one service."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(get_service)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A view that a route asks for; `api.reading` opens it where the route works."""

    request: Request
    service: Service
    bearer: HTTPAuthorizationCredentials | None


async def want_view(request: Request, bearer: Bearer) -> Wanted:
    """The view of whoever is calling, not opened yet."""
    return Wanted(request, request.app.state.service, bearer)


async def read_wanted(request: Request) -> Wanted:
    """The same of a request whose route could not be asked."""
    return await want_view(request, await _bearer(request))


@contextmanager
def open_view(wanted: Wanted) -> Iterator[View]:
    """A snapshot for whoever holds a good key.

    Raises:
        Problem: no key, not a good one, or one that was used too much.
    """
    request, service = wanted.request, wanted.service
    token = _require_token(wanted.bearer)
    with reading(service.engine) as session:
        try:
            who = require_standing(session, authenticate(session, token))
        except BadKey:
            raise _bad_key() from None
        _let_in(request, service, who)
        home = service.settings.jurisdiction or ""
        route = request.scope["route"].path
        yield View(session, who, service.births, service.diary, route, home)


def identify_all(engine: Engine, tokens: Sequence[str]) -> list[Credential | BadKey]:
    """Who holds these tokens, for all requests that ask at the same time."""
    with reading(engine) as session:
        return [_check(session, one) for one in authenticate_all(session, tokens)]


def _check(session: Session, who: Credential | BadKey) -> Credential | BadKey:
    try:
        return who if isinstance(who, BadKey) else require_standing(session, who)
    except BadKey as error:
        return error


def require_standing(session: Session, who: Credential) -> Credential:
    """See that a wallet that signed in still is an account of its organisation. Raises BadKey."""
    if who.account is not None and who.org is not None:
        seen = find_organisation(session, id=who.org)
        if seen is None or who.account not in seen.accounts:
            raise BadKey
    return who


async def identify(request: Request, service: Served, bearer: Bearer) -> Credential:
    """Who is calling, whatever its roles; for requests that open their own transaction.

    Raises:
        Problem: no key, not a good one, or one that was used too much.
    """
    callers: Gatherer[str, Credential] = request.app.state.callers
    try:
        who = await callers.ask(_require_token(bearer))
    except BadKey:
        raise _bad_key() from None
    if not _try_let_in(request, service, who):
        await run_in_threadpool(_let_in, request, service, who)
    return who


def _try_let_in(request: Request, service: Service, who: Credential) -> bool:
    """As `_let_in`, if the database need not be asked for that; whether so."""
    if "toll" in request.scope:
        return True
    _note(request, service, who)
    toll = service.quotas.try_admit(who, _length(request))
    if toll is not None:
        request.scope["toll"] = toll
    return toll is not None


def _let_in(request: Request, service: Service, who: Credential) -> None:
    """Note who is calling, and take what the request costs from its quotas, once.

    Raises:
        Problem: there is no more to take.
    """
    if "toll" in request.scope:
        return  # a route may ask for a view and for the caller
    _note(request, service, who)
    request.scope["toll"] = service.quotas.admit(who, _length(request))


def _note(request: Request, service: Service, who: Credential) -> None:
    request.scope["caller"] = who.prefix
    service.diary.note_use(who)


def _length(request: Request) -> int:
    """What the body is said to have; the edge has refused what is no number."""
    return int(request.headers.get("content-length", 0))


def _require_token(bearer: HTTPAuthorizationCredentials | None) -> str:
    if bearer is None:
        raise Problem(
            "unauthenticated",
            "no key was sent; send Authorization: Bearer al_…",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    return bearer.credentials


def _bad_key() -> Problem:
    return Problem(
        "unauthenticated",
        "the key is not known, or was revoked",
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
    )


Viewing = Annotated[View, Depends(want_view)]
Known = Annotated[Credential, Depends(identify)]


def require_role(who: Credential, *roles: KeyRole) -> None:
    """See that a key has one of these roles; the operator's has all. Raises Problem."""
    if not who.has(*roles):
        needed = " or ".join(roles)
        has = ", ".join(sorted(who.roles)) or "none"
        raise Problem(
            "forbidden",
            f"this needs the role {needed}; your key has {has}",
            members={"needed": list(roles), "roles": sorted(who.roles)},
        )


async def identify_writer(who: Known) -> Credential:
    """The caller, who may write. Raises Problem."""
    require_role(who, KeyRole.WRITER)
    return who


Caller = Annotated[Credential, Depends(identify_writer)]


async def require_operator(who: Caller) -> Credential:
    """The caller, who must be the operator."""
    if who.org is not None:
        raise Problem("forbidden", "only the operator's key may do this")
    return who


async def require_member(who: Caller) -> Hash32:
    """The caller's organisation, for which it may write; the operator has none."""
    if who.org is None:
        raise Problem("forbidden", "only an organisation's key may do this, not the operator's")
    return who.org


async def require_admin(who: Known) -> Hash32:
    """The organisation whose keys the caller may manage. Raises Problem."""
    if who.org is None:
        raise Problem("forbidden", "only an organisation's own key may do this")
    require_role(who, KeyRole.ADMIN)
    return who.org


Admin = Annotated[Hash32, Depends(require_admin)]
Operator = Annotated[Credential, Depends(require_operator)]
Member = Annotated[Hash32, Depends(require_member)]


async def read_idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="stands for this request for ever: sent again, it is answered again",
            examples=["9d1c5f0e-register-AM-GBX-000417"],
            json_schema_extra={"pattern": f"^{_KEY.pattern}$"},
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
