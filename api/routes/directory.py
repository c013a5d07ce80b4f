"""Accounts, and the organisations that they act for; credentials, and who holds them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from api.conditions import IfNoneMatch, not_modified, tag_of, tag_subject
from api.deps import View, Viewing
from api.directory_answers import tell_accounts, tell_credentials
from api.errors import Problem
from api.history import HistoryQuery, stands_at
from api.lookup import find_party, get_seen
from api.moments import At, find_at
from api.openapi import READING, conditional, problems
from api.paging import SortedQuery, decode_cursor, link_next
from api.reading import ReadingRoute
from api.routes.organisations import OrganisationPath
from api.schemas.base import HashInput
from api.schemas.directory import (
    CREDENTIAL,
    EXAMPLE_CREDENTIAL,
    Accounts,
    Credentials,
    OneCredential,
)
from api.schemas.sign_in import AddressInput
from ledger.mirror.moments import Moment, find_moment
from ledger.mirror.queries import (
    CredentialFilter,
    find_credential,
    find_organisation,
    list_accounts,
    list_credentials,
    list_organisations_of,
)
from ledger.types import Hash32, parse_hash, to_hex

router = APIRouter(prefix="/v1", route_class=ReadingRoute)

_ANSWERS: Final = conditional(*READING)

CredentialId = Annotated[
    str,
    Path(pattern=CREDENTIAL, description="holder and position", examples=[EXAMPLE_CREDENTIAL]),
]


class CredentialQuery(SortedQuery):
    """Which credentials to list."""

    sort: Annotated[
        Literal["issued", "-issued"],
        Field(description="by when they were issued; newest first with a minus"),
    ] = "issued"
    holder: Annotated[str | None, Field(description="of whom, by id or DID")] = None
    issuer: Annotated[str | None, Field(description="by whom, by id or DID")] = None
    schema_: Annotated[HashInput | None, Field(alias="schema", description="under which")] = None
    valid: Annotated[
        bool | None, Field(description="neither revoked nor expired; or one of the two")
    ] = None
    at: At = None


@router.get(
    "/organisations/{organisation}/accounts",
    response_model=Accounts,
    responses=_ANSWERS,
    tags=["organisations"],
)
def get_organisation_accounts(
    request: Request,
    response: Response,
    view: Viewing,
    organisation: OrganisationPath,
    query: Annotated[HistoryQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Accounts | Response:
    """The accounts that may act for an organisation, and those that once could, oldest first."""
    at = find_at(view.session, query.at)
    row = get_seen(view.session, organisation, at).row
    if known := tag_subject(response, row.count, if_none_match):
        return known
    page = list_accounts(
        view.session,
        row.id,
        at=at,
        cursor=decode_cursor("accounts", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "accounts", page.cursor)
    return Accounts(items=tell_accounts(view.session, page.items), as_of=stands_at(view, at))


@router.get("/accounts/{address}", responses=problems(*READING), tags=["accounts"])
def get_account(
    request: Request,
    response: Response,
    view: Viewing,
    address: Annotated[AddressInput, Path(description="the account's address")],
    query: Annotated[HistoryQuery, Query()],
) -> Accounts:
    """The organisations that an account may act for, each by the entry that says so."""
    at = find_at(view.session, query.at)
    cursor = decode_cursor("organisations-of", query.cursor)
    page = list_organisations_of(view.session, address, at=at, cursor=cursor, limit=query.limit)
    if not page.items and cursor is None:
        raise Problem("not_found", f"{to_hex(address)} is no account of any organisation")
    link_next(request, response, "organisations-of", page.cursor)
    return Accounts(items=tell_accounts(view.session, page.items), as_of=stands_at(view, at))


@router.get("/credentials", responses=problems(*READING), tags=["credentials"])
def get_credentials(
    request: Request, response: Response, view: Viewing, query: Annotated[CredentialQuery, Query()]
) -> Credentials:
    """List credentials, in the order of issue, be they valid or not."""
    at = find_at(view.session, query.at)
    now = _time_of(view, at)
    page = list_credentials(
        view.session,
        CredentialFilter(
            holder=_find_party(view, query.holder, "holder"),
            issuer=_find_party(view, query.issuer, "issuer"),
            schema=query.schema_,
            in_force=query.valid,
            time=now,
        ),
        at=at,
        cursor=decode_cursor("credentials", query.cursor),
        limit=query.limit,
        newest_first=query.newest_first,
    )
    link_next(request, response, "credentials", page.cursor)
    return Credentials(items=tell_credentials(view, page.items, now), as_of=stands_at(view, at))


@router.get(
    "/credentials/{credential}",
    response_model=OneCredential,
    responses=_ANSWERS,
    tags=["credentials"],
)
def get_credential(
    response: Response,
    view: Viewing,
    credential: CredentialId,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> OneCredential | Response:
    """Read a credential; its id is that of its holder, and the position at which it was issued."""
    moment = find_at(view.session, at)
    name, _, position = credential.partition("-")
    holder = find_organisation(view.session, id=parse_hash(name), at=moment)
    row = find_credential(view.session, parse_hash(name), int(position), at=moment)
    if holder is None or row is None:
        raise Problem("not_found", f"no credential {credential} is known")
    told = tell_credentials(view, [row], _time_of(view, moment))
    tag = tag_of(holder.row.count - 1, told)
    return not_modified(response, tag, if_none_match) or OneCredential(
        **dict(told[0]), as_of=stands_at(view, moment)
    )


def _find_party(view: View, name: str | None, field: str) -> Hash32 | None:
    """An organisation that nobody knows has no credentials: that is an empty page."""
    return None if name is None else find_party(view.session, name, field) or bytes(32)


def _time_of(view: View, at: Moment | None) -> int:
    """When something must be good, in seconds since 1970: at the time of the block then, or now."""
    return (at or find_moment(view.session)).timestamp
