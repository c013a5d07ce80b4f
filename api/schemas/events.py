"""Events: what happened, as CloudEvents 1.0."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import EXAMPLE_HASH, Answer, Hash, HashInput, Moment
from api.schemas.kinds import KindWord
from api.schemas.ledger import EntryAnswer

EXAMPLE_EVENT_ID: Final = "0.1713"

EventId = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,18}\.[0-9]{1,18}(\.reverted)?$",
        description="names the event, and its place in the feed: what comes after it follows",
        examples=[EXAMPLE_EVENT_ID],
    ),
]
Kinds = Annotated[list[KindWord], Field(max_length=37, description="left out: all kinds")]


class EventQuery(BaseModel):
    """Which events; a reverted entry's are those of its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kinds = []
    organisation: Annotated[
        str | None, Field(max_length=2048, description="who acted, by id or DID")
    ] = None
    subject: HashInput | None = None
    after: Annotated[
        str | None,
        Field(
            max_length=48,
            description="as Last-Event-ID, which goes before it; `0.0` is the beginning",
            examples=[EXAMPLE_EVENT_ID],
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="of a page: its events")] = 50


class CloudEvent(Answer):
    """Something that happened (CloudEvents 1.0)."""

    specversion: Literal["1.0"]
    id: EventId
    source: Annotated[str, Field(examples=["https://ledger.example/v1/events"])]
    type: Annotated[
        str,
        Field(
            description="`ledger.entry.` and the kind; `ledger.entry.reverted`: a reorganisation"
            " took back an entry that had been told",
            examples=["ledger.entry.registered"],
        ),
    ]
    subject: Hash
    time: Moment
    datacontenttype: Literal["application/json"]
    data: EntryAnswer


class Events(Answer):
    """A page of events; the header Link leads to the next one, if there is one (RFC 8288)."""

    items: list[CloudEvent]
    last_event_id: Annotated[
        str, Field(description="ask `after` it, later on", examples=[EXAMPLE_EVENT_ID])
    ]


_STREAMED: Final[dict[str, Any]] = {
    "description": "`text/event-stream`: each event's `data` is a CloudEvent, its `id` is sent"
    " back as `Last-Event-ID` to go on. Events of type `ledger.finalised` tell the block and the"
    " sequence up to which all is final. `application/json`: a page of what is there",
    "content": {
        "text/event-stream": {
            # Of each event, as OpenAPI 3.2 has it: the stream itself has no end.
            "itemSchema": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
            },
            "examples": {
                "registered": {
                    "value": f"id: {EXAMPLE_EVENT_ID}\ndata: "
                    '{"specversion":"1.0","type":"ledger.entry.registered",'
                    f'"subject":"{EXAMPLE_HASH}"}}\n\n'
                }
            },
        }
    },
    "headers": {"Link": {"description": "of a page: the next", "schema": {"type": "string"}}},
}

STREAM: Final[dict[int | str, dict[str, Any]]] = {200: _STREAMED}
