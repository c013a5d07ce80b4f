"""The client's methods about events: pages of what happened, and a stream of what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, overload

import msgspec

from ledger.client.answers import EntryAnswer, Time
from ledger.client.flows import Listing, Params, chosen, listing
from ledger.client.problems import BadAnswer
from ledger.client.sse import Reader
from ledger.client.transport import Call

if TYPE_CHECKING:
    from ledger.client.calling import AsyncCaller, Caller

P = ParamSpec("P")

_EVENTS: Final = "/v1/events"
_ENTRIES: Final = "ledger.entry."


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """Something that happened to an entry (CloudEvents 1.0); `id` is its place in the feed.

    `type` is `ledger.entry.` and the entry's kind, or `ledger.entry.reverted`: a reorganisation
    took back an entry that was told before.
    """

    id: str
    type: str
    source: str
    subject: str
    time: Time
    data: EntryAnswer


class _Kind(msgspec.Struct):
    """What tells events of entries from others."""

    type: str


@dataclass(slots=True)
class Following:
    """A stream that is gone on with, over as many connections as it takes."""

    params: Params
    reader: Reader = field(default_factory=Reader)

    def call(self) -> Call:
        """The request that begins it, or goes on after what was had."""
        self.reader.begin()
        headers = {"Accept": "text/event-stream"}
        if self.reader.last_id:
            headers["Last-Event-ID"] = self.reader.last_id
        return Call("GET", _EVENTS, params=self.params, headers=headers)

    def take(self, piece: bytes) -> Iterator[EventAnswer]:
        """The events of entries that are whole by now. Raises BadAnswer."""
        for told in self.reader.take(piece):
            try:
                if msgspec.json.decode(told, type=_Kind).type.startswith(_ENTRIES):
                    yield msgspec.json.decode(told, type=EventAnswer)
            except msgspec.DecodeError as error:
                raise BadAnswer(_EVENTS, str(error)) from None


class following(Generic[P]):
    """A stream as a method: events to go through for as long as one likes."""

    def __init__(self, followed: Callable[P, Following]) -> None:
        self.followed = followed
        self.__doc__ = followed.__doc__

    @overload
    def __get__(self, client: None, owner: Any = None) -> following[P]: ...
    @overload
    def __get__(self, client: Caller, owner: Any = None) -> Callable[P, Iterator[EventAnswer]]: ...
    @overload
    def __get__(
        self, client: AsyncCaller, owner: Any = None
    ) -> Callable[P, AsyncIterator[EventAnswer]]: ...
    def __get__(self, client: Any, owner: Any = None) -> Any:
        if client is None:
            return self

        @wraps(self.followed)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.follow(self.followed(*args, **kwargs))

        return call


class EventCalls:
    """Events have places in a feed; whoever kept the last one's id goes on after it."""

    @following
    @staticmethod
    def follow_events(
        *,
        kinds: Sequence[str] = (),
        organisation: str | None = None,
        subject: str | None = None,
        after: str | None = None,
    ) -> Following:
        """What happens from now on, or `after` an event's id (`0.0`: the beginning), without end.

        Goes on by itself where a connection ends, with nothing left out and nothing twice.

        Raises:
            ApiProblem: the service refused.
            ApiUnavailable: it is gone for longer than this client is patient.
        """
        return Following(_params(kinds, organisation, subject), Reader(after))

    @listing
    @staticmethod
    def list_events(
        *,
        kinds: Sequence[str] = (),
        organisation: str | None = None,
        subject: str | None = None,
        after: str | None = None,
        page: int | None = None,
    ) -> Listing[EventAnswer]:
        """What happened until now, from the beginning or `after` an event's id."""
        params = {**_params(kinds, organisation, subject), **chosen(after=after, limit=page)}
        return Listing(_EVENTS, params, EventAnswer)


def _params(
    kinds: Sequence[str], organisation: str | None, subject: str | None
) -> dict[str, str | Sequence[str]]:
    params: dict[str, str | Sequence[str]] = dict(
        chosen(organisation=organisation, subject=subject)
    )
    return {**params, "kind": list(kinds)} if kinds else params
