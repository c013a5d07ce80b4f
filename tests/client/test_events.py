"""Events through the client: pages, a stream, and streams that break off and are gone on with."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.client import ApiProblem, ApiUnavailable, AsyncClient, Client
from ledger.client.sse import Reader
from tests.api.running import Member, Running
from tests.client.desk import KEY, Answer, Desk

ENTRY = {
    "sequence": 7,
    "subject": "0x0a",
    "organisation": None,
    "kind": "registered",
    "position": 0,
    "actor": "0x0b",
    "at": "2026-03-01T08:15:30Z",
    "block": 9,
    "transaction": "0x0c",
    "head": "0x0d",
    "payload": {},
}
STREAM = {"Content-Type": "text/event-stream"}


def frame(number: int, type_: str = "ledger.entry.registered", **more: Any) -> str:
    event = {
        "id": f"0.{number}",
        "type": type_,
        "source": "http://ledger/v1/events",
        "subject": "0x0a",
        "time": ENTRY["at"],
        "data": ENTRY,
        **more,
    }
    return f"id: 0.{number}\ndata: {json.dumps(event)}\n\n"


def test_what_happens_is_followed_from_where_one_was(client: Client) -> None:
    first = client.register_asset(secrets.token_hex(6), b"{}", wait=20).id
    [born] = client.list_events(subject=first)
    assert (born.type, born.data.subject) == ("ledger.entry.registered", first)
    client.append_entry(first, "observed", document={"n": 1}, wait=20)
    client.append_entry(first, "observed", document={"n": 2}, wait=20)
    with closing(client.follow_events(subject=first, after=born.id)) as events:  # type: ignore[type-var]
        told = list(islice(events, 2))
    assert [one.data.position for one in told] == [1, 2]
    assert [one.id for one in client.list_events(subject=first, page=1)] == [
        born.id,
        *(one.id for one in told),
    ]
    assert list(client.list_events(subject=first, kinds=["revised", "staged"])) == []


def test_it_is_followed_in_an_event_loop_too(service: Running, maker: Member) -> None:
    async def follow() -> list[int]:
        async with AsyncClient(service.url, maker.key) as client:
            asset = (await client.register_asset(secrets.token_hex(6), b"{}", wait=20)).id
            heard = []
            async for event in client.follow_events(subject=asset, after="0.0"):
                heard.append(event.data.position)
                if len(heard) == 2:
                    return heard
                await client.append_entry(asset, "observed", document={"n": 1})
            return heard

    assert asyncio.run(follow()) == [0, 1]


def test_a_stream_that_breaks_off_is_gone_on_with(serve: Callable[..., Desk]) -> None:
    desk = serve(
        Answer(200, raw=f": open\nid: 0.3\n\n{frame(4)}{frame(5)[:-9]}".encode(), headers=STREAM),
        None,
        Answer(503, {}),
        Answer(
            200, raw=(frame(5) + frame(6, "ledger.finalised") + frame(7)).encode(), headers=STREAM
        ),
    )
    with Client(desk.url, KEY) as client:
        events = client.follow_events(kinds=["registered"])
        assert [one.id for one in islice(events, 3)] == ["0.4", "0.5", "0.7"]
    asked = [seen.headers.get("Last-Event-ID") for seen in desk.seen]
    assert asked == [None, "0.4", "0.4", "0.4"]
    assert {seen.headers["Accept"] for seen in desk.seen} == {"text/event-stream"}


def test_it_goes_on_after_the_place_where_it_began_though_nothing_came(
    serve: Callable[..., Desk],
) -> None:
    opened = Answer(200, raw=b": open\nid: 0.3\n\n", headers=STREAM)
    desk = serve(opened, Answer(200, raw=frame(4).encode(), headers=STREAM))
    with Client(desk.url, KEY) as client:
        assert next(iter(client.follow_events())).id == "0.4"
    assert desk.seen[1].headers["Last-Event-ID"] == "0.3"


def test_a_refusal_is_raised_and_patience_ends(serve: Callable[..., Desk]) -> None:
    desk = serve(Answer(422, {"code": "invalid_request"}), *[Answer(503, {})] * 9)
    with Client(desk.url, KEY, patience=0.3) as client:
        with pytest.raises(ApiProblem):
            next(iter(client.follow_events(after="nonsense")))
        with pytest.raises(ApiUnavailable):
            next(iter(client.follow_events()))


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1)
    ),
    st.data(),
)
def test_a_stream_is_read_the_same_however_it_is_cut(texts: list[str], data: st.DataObject) -> None:
    """Lines end with LF, CR LF or CR, and with nothing else that Python takes for an end."""
    raw = b""
    for number, text in enumerate(texts):
        end = data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
        raw += f"id: {number}".encode() + end + f"data: {text}".encode() + end + end
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)))))
    reader = Reader()
    told = [
        one
        for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        for one in reader.take(raw[begin:end])
    ]
    told += reader.take(b"\n")  # a CR alone may be half of an end
    assert told == texts
