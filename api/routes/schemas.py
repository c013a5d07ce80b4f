"""Schemas: publish, list, read; what assets and credentials are described by."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.answering import answer, tell_accepted
from api.bodies import decode_body
from api.catalogue import publish_schema
from api.catalogue_answers import tell_schemas, tell_schemas_page
from api.conditions import IfNoneMatch, tag_subject
from api.deps import Caller, IdempotencyKey, Member, RawBody, Served, View, Viewing
from api.history import Place, get_history_entry, list_history, not_there, stands_at
from api.lookup import find_wanted
from api.moments import At, find_at
from api.openapi import READING, body_of, conditional, problems, written
from api.paging import SortedQuery, decode_cursor, link_next
from api.reading import ReadingRoute
from api.schemas.assets import Accepted
from api.schemas.base import HashInput
from api.schemas.catalogue import EXAMPLE_SCHEMA, OneSchema, PublishSchema, Schemas
from api.schemas.ledger import Entries, EntryAnswer
from api.schemas.selected import SomeEntries
from api.selection import EntriesQuery, pick_entries
from api.waiting import Wait
from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.queries import find_schema, list_schemas
from ledger.mirror.tables import SchemaRow
from ledger.types import to_hex

router = APIRouter(prefix="/v1/schemas", tags=["schemas"], route_class=ReadingRoute)

_PUBLISH: Final[TypeAdapter[PublishSchema]] = TypeAdapter(PublishSchema)

SchemaId = Annotated[HashInput, Path(description="the schema's id")]


class SchemaQuery(SortedQuery):
    """Which schemas to list."""

    sort: Annotated[
        Literal["published", "-published"],
        Field(description="by when they were published; newest first with a minus"),
    ] = "published"
    organisation: Annotated[str | None, Field(description="who published, by id or DID")] = None
    at: At = None


@router.post(
    "",
    status_code=202,
    responses=written(Accepted),
    openapi_extra=body_of("PublishSchema", _PUBLISH, gearbox={"document": EXAMPLE_SCHEMA}),
)
async def post_schema(
    response: Response,
    service: Served,
    who: Caller,
    org: Member,
    raw: RawBody,
    key: IdempotencyKey,
    wait: Wait,
) -> Accepted:
    """Publish a schema, or the next version of one of yours.

    Its document can be read by every organisation of the ledger.
    """
    body = await run_in_threadpool(decode_body, _PUBLISH, raw)
    taken = await run_in_threadpool(publish_schema, service, who, org, body, key)
    position = await answer(service, response, taken, wait, f"/v1/schemas/{to_hex(taken.subject)}")
    return tell_accepted(taken, position)


@router.get("", responses=problems(*READING))
def get_schemas(
    request: Request, response: Response, view: Viewing, query: Annotated[SchemaQuery, Query()]
) -> Schemas:
    """List schemas, in the order of publication."""
    at = find_at(view.session, query.at)
    page = list_schemas(
        view.session,
        organisation=find_wanted(view.session, query.organisation, "organisation"),
        at=at,
        cursor=decode_cursor("schemas", query.cursor),
        limit=query.limit,
        newest_first=query.newest_first,
    )
    link_next(request, response, "schemas", page.cursor)
    return Schemas(items=tell_schemas_page(view, page.items), as_of=stands_at(view, at))


@router.get(
    "/{schema_id}",
    response_model=OneSchema,
    responses=conditional(*READING, "not_yet_mirrored"),
)
def get_schema(
    response: Response,
    view: Viewing,
    schema_id: SchemaId,
    if_none_match: IfNoneMatch = None,
    at: At = None,
) -> OneSchema | Response:
    """Read a schema; `document` leads to its text."""
    moment = find_at(view.session, at)
    row = _get_row(view, schema_id, moment)
    if known := tag_subject(response, row.count, if_none_match):
        return known
    [fields] = tell_schemas(view, [row])
    return OneSchema(**fields, as_of=stands_at(view, moment))


@router.get(
    "/{schema_id}/entries",
    response_model=Entries | SomeEntries,
    responses=problems(*READING, "not_yet_mirrored"),
)
def get_schema_entries(
    request: Request,
    response: Response,
    view: Viewing,
    schema_id: SchemaId,
    query: Annotated[EntriesQuery, Query()],
) -> Entries | SomeEntries:
    """The schema's history: the one entry that published it."""
    at = find_at(view.session, query.at)
    _get_row(view, schema_id, at)
    return pick_entries(list_history(request, response, view, schema_id, query, at), query.fields)


@router.get("/{schema_id}/entries/{position}", responses=problems(*READING, "not_yet_mirrored"))
def get_schema_entry(
    view: Viewing, schema_id: SchemaId, position: Place, at: At = None
) -> EntryAnswer:
    """One entry of the schema's history."""
    moment = find_at(view.session, at)
    _get_row(view, schema_id, moment)
    return get_history_entry(view, schema_id, position, moment)


def _get_row(view: View, schema: bytes, at: Moment | None) -> SchemaRow:
    row = find_schema(view.session, schema, at=at)
    if row is None:
        raise not_there(view, "schema", schema, Kind.SCHEMA_PUBLISHED, at)
    return row
