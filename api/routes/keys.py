"""Keys of an organisation: made, listed, rotated and revoked by its admins."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.bodies import decode_body
from api.deps import Admin, RawBody, Served, Service
from api.errors import Problem
from api.openapi import BODY, READING, body_of, problems
from api.paging import PageQuery, decode_cursor, link_next
from api.schemas.keys import EXAMPLE_PREFIX, CreateKey, Key, Keys, NewKey, RotateKey
from ledger.database.engine import reading, writing
from ledger.domain.telling import moment
from ledger.errors import UnknownThing
from ledger.outbox.clock import now
from ledger.outbox.key_care import (
    get_key,
    list_keys,
    require_few,
    revoke_key,
    rotate_key,
)
from ledger.outbox.keys import is_good, issue_key, prefix_of
from ledger.outbox.roles import parse_roles, split_roles
from ledger.outbox.tables import ApiKey
from ledger.types import Hash32, to_hex

router = APIRouter(prefix="/v1/keys", tags=["keys"])

_CREATE: Final[TypeAdapter[CreateKey]] = TypeAdapter(CreateKey)
_ROTATE: Final[TypeAdapter[RotateKey]] = TypeAdapter(RotateKey)
_PREFIX: Final = re.compile(b"[a-z0-9]{8}")
_BODY: Final = (*READING, "forbidden", "conflict", *BODY, "storage_full")

KeyPrefix = Annotated[str, Path(pattern="^[a-z0-9]{8}$", examples=[EXAMPLE_PREFIX])]


@router.post(
    "",
    status_code=201,
    responses=problems(*_BODY, "too_many_keys"),
    openapi_extra=body_of(
        "CreateKey",
        _CREATE,
        machine={"roles": ["writer"], "name": "line 4", "expires_in": 7_776_000},
        auditor={"roles": ["auditor"], "name": "auditors 2026"},
    ),
)
async def create_key(response: Response, service: Served, org: Admin, raw: RawBody) -> NewKey:
    """Make a key of your organisation; its secret is shown only in this answer.

    Sent again, it makes another one.
    """
    body = await run_in_threadpool(decode_body, _CREATE, raw)
    told = await run_in_threadpool(_create, service, org, body)
    _say_new(response, told)
    return told


def _create(service: Service, org: Hash32, body: CreateKey) -> NewKey:
    expires_at = None if body.expires_in is None else now() + 1000 * body.expires_in
    with writing(service.engine) as session:
        require_few(session, org)
        roles = parse_roles(body.roles)
        token = issue_key(session, org, roles, name=body.name, expires_at=expires_at)
        return _tell_new(session, org, token)


@router.get("", responses=problems(*READING, "forbidden"))
def get_keys(
    request: Request,
    response: Response,
    service: Served,
    org: Admin,
    query: Annotated[PageQuery, Query()],
) -> Keys:
    """List your organisation's keys, the oldest first; wallets that signed in have some, too."""
    after = _read_place(decode_cursor("keys", query.cursor))
    with reading(service.engine) as session:
        found = list_keys(session, org, after=after, limit=query.limit + 1)
        page = found[: query.limit]
        last = page[-1] if len(found) > query.limit else None
        place = (last.created_at, last.prefix.encode()) if last else None
        link_next(request, response, "keys", place)
        return Keys(items=[tell_key(one) for one in page])


def _read_place(place: object) -> tuple[int, str] | None:
    match place:
        case None:
            return None
        case (int(made), bytes(prefix)) if _PREFIX.fullmatch(prefix):
            return made, prefix.decode()
    raise Problem("invalid_request", "cursor: is not a cursor of this list")


@router.get("/{key}", responses=problems(*READING, "forbidden"))
def get_one_key(service: Served, org: Admin, key: KeyPrefix) -> Key:
    """Read a key of your organisation."""
    with reading(service.engine) as session:
        try:
            return tell_key(get_key(session, org, key))
        except UnknownThing:
            raise _unknown(key) from None


@router.post(
    "/{key}/rotate",
    status_code=201,
    responses=problems(*_BODY, "dead_key"),
    openapi_extra=body_of("RotateKey", _ROTATE, tomorrow={"overlap": 86_400}, now={"overlap": 0}),
)
async def rotate(
    response: Response, service: Served, org: Admin, key: KeyPrefix, raw: RawBody
) -> NewKey:
    """Make a key with the same roles that takes another one's place, which opens a while more."""
    body = await run_in_threadpool(decode_body, _ROTATE, raw)
    told = await run_in_threadpool(_rotate, service, org, key, body.overlap)
    _say_new(response, told)
    return told


def _rotate(service: Service, org: Hash32, key: str, overlap: int) -> NewKey:
    with writing(service.engine) as session:
        try:
            token, _ = rotate_key(session, org, key, 1000 * overlap)
        except UnknownThing:
            raise _unknown(key) from None
        return _tell_new(session, org, token)


@router.post("/{key}/revoke", responses=problems(*READING, "forbidden", "last_admin"))
def revoke(service: Served, org: Admin, key: KeyPrefix) -> Key:
    """Have a key open nothing from now on; sent again, it has no further effect."""
    with writing(service.engine) as session:
        try:
            return tell_key(revoke_key(session, org, key))
        except UnknownThing:
            raise _unknown(key) from None


def _say_new(response: Response, told: NewKey) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/v1/keys/{told.key}"


def _tell_new(session: Session, org: Hash32, token: str) -> NewKey:
    key = get_key(session, org, prefix_of(token))
    return NewKey(**dict(tell_key(key)), api_key=token)


def tell_key(key: ApiKey) -> Key:
    """A key, as an answer."""
    state = "revoked" if key.revoked_at else "good" if is_good(key, now()) else "expired"
    return Key(
        key=key.prefix,
        name=key.name,
        roles=[role.value for role in sorted(split_roles(key.roles))],
        state=state,
        replaces=key.replaces,
        account=None if key.account is None else to_hex(key.account),
        created_at=moment(key.created_at / 1000),
        expires_at=_moment(key.expires_at),
        revoked_at=_moment(key.revoked_at),
        last_used_at=_moment(key.last_used_at),
    )


def _moment(at: int | None) -> str | None:
    return None if at is None else moment(at / 1000)


def _unknown(key: str) -> Problem:
    return Problem("not_found", f"no key {key} of yours is known")
