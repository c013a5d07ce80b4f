"""What happens, as it happens: a stream of events that is gone on with where it was left."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.deps import Bearer, Known, Served, Service
from api.errors import invalid
from api.feed import Feed
from api.gathering import Gatherer
from api.lookup import find_party
from api.openapi import READING, problems
from api.schemas.events import STREAM, CloudEvent, EventQuery, Events
from api.streams import EventStream, Streams
from ledger.database.engine import reading
from ledger.domain.kinds import Kind
from ledger.mirror.feed import BEGINNING, Place
from ledger.mirror.queries import FeedFilter, Tip
from ledger.outbox.keys import BadKey, Credential

router = APIRouter(prefix="/v1/events", tags=["events"])

_JSON = ("application/json", "application/cloudevents-batch+json")


@router.get(
    "",
    response_model=Events,
    responses=STREAM | problems(*READING, "too_many_streams"),
)
async def get_events(
    request: Request,
    response: Response,
    service: Served,
    who: Known,
    bearer: Bearer,
    query: Annotated[EventQuery, Query()],
    last_event_id: Annotated[
        str | None, Header(max_length=48, description="of the last event that you had")
    ] = None,
) -> Any:
    """Everything that happens, as a stream of events, each told once it is mirrored.

    Without a place to go on from, a stream begins now. What a reorganisation takes back is told as
    reverted, the latest first; then comes what is new. Asked to accept `application/json`, it
    answers with a page of what is there, from the beginning.
    """
    feed: Feed = request.app.state.feed
    streams: Streams = request.app.state.streams
    wanted = await run_in_threadpool(_read_filter, service, query)
    tip = await run_in_threadpool(feed.look)
    place = _read_place(last_event_id, query.after, tip)
    if _asks_for_page(request.headers.get("accept", "")):
        return await _tell_page(
            request, response, feed, place or BEGINNING, wanted, query.limit, who
        )
    end = streams.open(who.prefix)
    token = bearer.credentials if bearer else ""
    callers: Gatherer[str, Credential] = request.app.state.callers

    async def check() -> Credential | None:
        try:
            return await callers.ask(token)
        except BadKey:
            return None

    newest = Place(tip.epoch, tip.sequence) if tip else BEGINNING
    return EventStream(feed.follow(place or newest, wanted, check), end)


def _asks_for_page(accept: str) -> bool:
    named = [one.split(";")[0].strip().lower() for one in accept.split(",")]
    return "text/event-stream" not in named and any(one in _JSON for one in named)


async def _tell_page(
    request: Request,
    response: Response,
    feed: Feed,
    place: Place,
    wanted: FeedFilter,
    limit: int,
    who: Credential,
) -> Events:
    found = await feed.fetch(place, wanted, limit)
    if found.more:
        following = request.url.include_query_params(after=str(found.after))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return Events(
        items=[CloudEvent(**one.value(who)) for one in found.events],
        last_event_id=str(found.after),
    )


def _read_filter(service: Service, query: EventQuery) -> FeedFilter:
    org = None
    if query.organisation is not None:
        with reading(service.engine) as session:
            # Who is not there did nothing.
            org = find_party(session, query.organisation, "organisation") or b"none"
    kinds = frozenset(Kind[word.upper()] for word in query.kind) or None
    return FeedFilter(kinds, org, query.subject)


def _read_place(header: str | None, after: str | None, tip: Tip | None) -> Place | None:
    """Where to go on. Raises Problem, MalformedValue."""
    field, text = ("Last-Event-ID", header) if header else ("after", after)
    if not text:
        return None
    place = Place.parse(text, field)
    if place.epoch > (tip.epoch if tip else 0):
        raise invalid(field, text, "is the id of an event of another ledger's feed")
    return place
