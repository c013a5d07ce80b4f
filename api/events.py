"""Events as they are sent: made once for all readers, with links for those who may follow them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from fastapi.sse import format_sse_event
from sqlmodel import Session

from api.answers import document_path
from api.births import Births
from ledger.domain.telling import moment
from ledger.mirror.feed import Place, Told, read_feed
from ledger.mirror.feed_telling import tell_told
from ledger.mirror.queries import FeedFilter, Tip, find_assets
from ledger.outbox.clock import now
from ledger.outbox.keys import Credential
from ledger.standards.cloudevents import tell_cloud_event
from ledger.types import Hash32, parse_hash


@dataclass(frozen=True)
class Event:
    """An event; `entitled` may read the document that its entry points at, where there is one."""

    told: Told
    plain: Mapping[str, Any]
    entitled: Collection[Hash32]

    def value(self, who: Credential) -> Mapping[str, Any]:
        """The event as this reader is told it."""
        return self._linked if self._may_follow(who) else self.plain

    def frame(self, who: Credential) -> bytes:
        """The same, as a stream has it."""
        return self._linked_frame if self._may_follow(who) else self._plain_frame

    def _may_follow(self, who: Credential) -> bool:
        return bool(self.entitled) and (who.reads is None or who.reads in self.entitled)

    @cached_property
    def _linked(self) -> Mapping[str, Any]:
        data = self.plain["data"]
        path = document_path(parse_hash(data["content_hash"]))
        return {**self.plain, "data": {**data, "document": path}}

    @cached_property
    def _plain_frame(self) -> bytes:
        return _frame(self.plain, self.told.id)

    @cached_property
    def _linked_frame(self) -> bytes:
        return _frame(self._linked, self.told.id)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Some events, and where they lead; `more`: others follow at once."""

    events: Sequence[Event]
    after: Place
    more: bool


def load_events(
    session: Session, births: Births, source: str, place: Place, wanted: FeedFilter, limit: int
) -> Loaded:
    """The events that follow a place."""
    portion = read_feed(session, place, wanted, limit)
    told = [(one, tell_told(one, source)) for one in portion.events]
    entitled = _find_entitled(session, births, [value["data"] for _, value in told])
    events = [
        Event(one, value, entitled.get(value["data"]["content_hash"], ())) for one, value in told
    ]
    return Loaded(events, portion.after, portion.more)


def tell_final(source: str, tip: Tip) -> bytes:
    """The event that all up to an entry is final, as a stream has it; no place of the feed."""
    event = tell_cloud_event(
        id=f"final.{tip.final_block}",
        source=source,
        type="ledger.finalised",
        time=moment(now() / 1000),
        data={"block": tip.final_block, "sequence": tip.final},
    )
    return _frame(event, None)


def _frame(event: Mapping[str, Any], id: str | None) -> bytes:
    return format_sse_event(data_str=msgspec.json.encode(event).decode(), id=id)


def _find_entitled(
    session: Session, births: Births, entries: Collection[Mapping[str, Any]]
) -> dict[str, set[Hash32]]:
    """Who may read the documents that entries point at, by their content hash."""
    pointing = {hex_: parse_hash(hex_) for each in entries if (hex_ := each["content_hash"])}
    documents = births.find_documents(session, set(pointing.values()))
    subjects = {one.subject for one in documents.values() if one.subject}
    assets = find_assets(session, subjects)
    entitled = {}
    for hex_, content_hash in pointing.items():
        if (document := documents.get(content_hash)) is not None:
            row = assets.get(document.subject) if document.subject else None
            entitled[hex_] = {document.org} | ({row.org, row.owner} if row else set())
    return entitled
