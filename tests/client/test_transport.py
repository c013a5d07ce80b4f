"""The client is patient with a service that is busy or away, and never shows its key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from ledger.client import ApiProblem, ApiUnavailable, Client
from ledger.client.patience import retry_after
from ledger.client.problems import BadAnswer
from ledger.errors import MalformedValue
from tests.client.desk import ACCEPTED, KEY, Answer, Desk


def test_a_request_is_repeated_with_the_same_key_until_it_is_answered(
    serve: Callable[..., Desk],
) -> None:
    busy = Answer(429, {"code": "busy"}, {"Retry-After": "0"})
    desk = serve(None, busy, Answer(503, raw=b"<html>"), Answer(202, ACCEPTED))
    with Client(desk.url, KEY) as client:
        accepted = client.register_asset("S1", b"{}")
    assert (accepted.id, accepted.repeated) == ("0xaa", False)
    assert len({seen.headers["Idempotency-Key"] for seen in desk.seen}) == 1
    assert {seen.body for seen in desk.seen} == {b'{"serial":"S1","document":{}}'}
    assert len(desk.seen) == 4


def test_patience_ends(serve: Callable[..., Desk]) -> None:
    desk = serve(Answer(503, {"title": "the node is down"}, {"Retry-After": "60"}))
    with Client(desk.url, KEY, patience=5) as client, pytest.raises(ApiUnavailable) as refusal:
        client.status()
    assert "the node is down" in str(refusal.value)
    assert len(desk.seen) == 1, "we were asked to stay away for longer than we wait"


FULL = {"code": "queue_full", "title": "The queue is full"}


def test_a_full_queue_is_waited_for_longer_than_an_absent_service(
    serve: Callable[..., Desk],
) -> None:
    full = Answer(503, FULL, {"Retry-After": "1"})
    desk = serve(full, Answer(429, {"code": "too_many_waiting"}), Answer(202, ACCEPTED))
    with Client(desk.url, KEY, patience=0.5, queue_patience=60) as client:
        began = time.monotonic()
        assert client.register_asset("S1", b"{}").id == "0xaa"
    assert time.monotonic() - began >= 1
    assert len({seen.headers["Idempotency-Key"] for seen in desk.seen}) == 1


def test_patience_with_a_full_queue_ends_too(serve: Callable[..., Desk]) -> None:
    desk = serve(Answer(503, FULL, {"Retry-After": "300"}))
    with (
        Client(desk.url, KEY, queue_patience=60) as client,
        pytest.raises(ApiUnavailable, match="no room"),
    ):
        client.register_asset("S1", b"{}")
    assert len(desk.seen) == 1


def test_a_service_that_is_away_after_its_queue_was_full_is_given_its_time(
    serve: Callable[..., Desk],
) -> None:
    desk = serve(Answer(503, FULL, {"Retry-After": "1"}), None, Answer(202, ACCEPTED))
    with Client(desk.url, KEY, patience=0.9, queue_patience=60) as client:
        assert client.register_asset("S1", b"{}").id == "0xaa"


def test_nobody_there() -> None:
    with Client("http://127.0.0.1:1", KEY, patience=0.2) as client:
        began = time.monotonic()
        with pytest.raises(ApiUnavailable) as refusal:
            client.status()
    assert time.monotonic() - began < 5
    assert "http://127.0.0.1:1" in str(refusal.value)


def test_closing_ends_the_waiting() -> None:
    client = Client("http://127.0.0.1:1", KEY, patience=600)
    failures: list[Exception] = []

    def ask() -> None:
        try:
            client.status()
        except ApiUnavailable as failure:
            failures.append(failure)

    asking = threading.Thread(target=ask)
    asking.start()
    client.close()
    asking.join(10)
    assert failures


def test_a_problem_is_told_with_its_code_and_fields(serve: Callable[..., Desk]) -> None:
    error = {"field": "owner", "value": "x", "reason": "unknown organisation"}
    desk = serve(
        Answer(
            422,
            {
                "type": "/problems/unknown",
                "title": "Unknown",
                "status": 422,
                "detail": "owner is unknown",
                "code": "unknown",
                "errors": [error],
                "serial": "S1",
            },
        )
    )
    with Client(desk.url, KEY) as client, pytest.raises(ApiProblem) as refusal:
        client.register_asset("S1", b"{}", owner="x")
    problem = refusal.value
    assert (problem.status, problem.code, problem.detail) == (422, "unknown", "owner is unknown")
    assert problem.errors == (error,)
    assert problem.fields["serial"] == "S1"
    assert "unknown organisation" in str(problem)


@pytest.mark.parametrize("content", [b"<html>proxy</html>", b"", b"\xff", b"[]", b"null", b'"x"'])
def test_a_refusal_that_is_no_problem_document_is_told_too(
    serve: Callable[..., Desk], content: bytes
) -> None:
    desk = serve(Answer(500, raw=content))
    with Client(desk.url, KEY) as client, pytest.raises(ApiProblem) as refusal:
        client.status()
    assert (refusal.value.status, refusal.value.code) == (500, "http_500")


def test_an_answer_that_is_none_is_told(serve: Callable[..., Desk]) -> None:
    desk = serve(Answer(200, {"surprise": 1}))
    with Client(desk.url, KEY) as client, pytest.raises(BadAnswer) as refusal:
        client.get_asset("0xaa")
    assert "/v1/assets/0xaa" in str(refusal.value)


def test_the_key_goes_to_the_service_and_nowhere_else(serve: Callable[..., Desk]) -> None:
    thief = serve(Answer(200, {"items": []}))
    page = {"items": []}
    link = {"Link": f'<{thief.url}/v1/entries?cursor=2&limit=1>; rel="next"'}
    away = {"Location": f"{thief.url}/v1/status"}
    desk = serve(Answer(200, page, link), Answer(200, page), Answer(307, None, away))
    with Client(desk.url, KEY) as client:
        assert list(client.list_all_entries()) == []
        with pytest.raises(ApiProblem):
            client.status()
    assert [seen.path for seen in desk.seen] == [
        "/v1/entries",
        "/v1/entries?cursor=2&limit=1",
        "/v1/status",
    ]
    assert all(seen.headers["Authorization"] == f"Bearer {KEY}" for seen in desk.seen)
    assert thief.seen == []


def test_the_key_is_never_shown(serve: Callable[..., Desk]) -> None:
    desk = serve(Answer(401, {"code": "unauthorised", "title": "wrong key"}))
    with Client(desk.url, KEY, patience=0.1) as client:
        told = [repr(client), repr(vars(client)), repr(client._transport._http.headers)]
        for _ in range(2):
            with pytest.raises((ApiProblem, ApiUnavailable)) as refusal:
                client.status()
            told += [str(refusal.value), repr(refusal.value), repr(refusal.value.__dict__)]
            desk.answers.append(None)
    assert not [text for text in told if "very-secret" in text]


@pytest.mark.parametrize("key", ["al_x_very-secret\n", "al_x_very-sécret", "very secret", ""])
def test_a_key_that_is_none_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(MalformedValue) as refusal:
        Client("http://127.0.0.1:1", key)
    assert "secret" not in str(refusal.value)
    assert "s\u00e9cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://x", "http://", "http://x:port", "/v1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(MalformedValue):
        Client(url, KEY)


def test_paths_are_escaped(serve: Callable[..., Desk]) -> None:
    missing = Answer(404, {"code": "unknown", "title": "unknown"})
    desk = serve(missing, Answer(404, missing.body))
    with Client(desk.url, KEY) as client:
        assert client.find_organisation("did:web:x.example:a/../b?c#d") is None
        assert client.find_asset("../status") is None
    assert desk.seen[0].path == "/v1/organisations/did:web:x.example:a%2F..%2Fb%3Fc%23d"
    assert desk.seen[1].path == "/v1/assets/..%2Fstatus"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("7", 7, 7),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0, 0),
        ("Sat, 31 Dec 2089 23:59:59 GMT", 1e8, 1e10),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, least: float, most: float) -> None:
    asked = retry_after(httpx.Response(503, headers={"Retry-After": text}))
    assert asked is not None
    assert least <= asked <= most


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "²"])
def test_other_texts_ask_for_nothing(text: str) -> None:
    headers = [(b"Retry-After", text.encode())]
    assert retry_after(httpx.Response(503, headers=headers)) is None
