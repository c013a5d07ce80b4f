"""Worlds over HTTP: opened with a rule whom they admit, closed by who opened them."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.api.running import WAIT, Member, Running
from tests.api.test_schemas import NOBODYS, publish

ABOUT = {"name": "Automotive", "about": "from the foundry to the road"}
REASON = {"reason": "moved to another world"}


def open_world(member: Member, **more: Any) -> str:
    """Open a world, wait for it, and return its id."""
    answer = member.http.post("/v1/worlds", json={"document": ABOUT, **more}, headers=WAIT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def close(member: Member, world: str, **more: Any) -> Any:
    """Ask for a world to be closed."""
    body = {"kind": "world_closed", "document": REASON, **more}
    return member.http.post(f"/v1/worlds/{world}/entries", json=body, headers=WAIT)


@pytest.fixture(scope="module")
def schema(aurora: Member) -> str:
    return publish(aurora)


def test_a_world_tells_whom_it_admits(aurora: Member, boreas: Member, schema: str) -> None:
    for admission, told in (
        (None, None),
        ({"schema": schema}, {"schema": schema, "issuer": None}),
        ({"schema": schema, "issuer": boreas.did}, {"schema": schema, "issuer": boreas.id}),
    ):
        world = open_world(aurora, **({"admission": admission} if admission else {}))
        read = boreas.http.get(f"/v1/worlds/{world}")
        assert read.headers["ETag"] == '"0"'
        assert read.json()["admission"] == told
        assert (read.json()["open"], read.json()["organisation"]) == (True, aurora.id)
        assert boreas.http.get(read.json()["document"]).json() == ABOUT


def test_a_world_is_closed_once_and_by_who_opened_it(
    service: Running, aurora: Member, boreas: Member
) -> None:
    world = open_world(aurora)
    then = aurora.http.get(f"/v1/worlds/{world}").json()["as_of"]["block"]
    assert close(boreas, world).json()["code"] == "forbidden"
    operator = service.operator.post(
        f"/v1/worlds/{world}/entries", json={"kind": "world_closed", "document": REASON}
    )
    assert operator.json()["code"] == "forbidden"
    closed = close(aurora, world)
    assert closed.status_code == 201, closed.text
    assert closed.headers["Location"] == f"/v1/worlds/{world}/entries/1"
    told = boreas.http.get(closed.headers["Location"]).json()
    assert (told["kind"], told["organisation"]) == ("world_closed", aurora.id)
    assert boreas.http.get(told["document"]).json() == REASON
    again = close(aurora, world)
    assert (again.status_code, again.json()["name"]) == (409, "ClosedWorld")
    now = boreas.http.get(f"/v1/worlds/{world}")
    assert (now.headers["ETag"], now.json()["open"]) == ('"1"', False)
    before = boreas.http.get(f"/v1/worlds/{world}", params={"at": then}).json()
    assert (before["open"], before["position"]) == (True, 0)
    for at, kinds in ((then, ["world_opened"]), (None, ["world_opened", "world_closed"])):
        asked = {"at": at} if at else {}
        history = boreas.http.get(now.json()["entries"], params=asked).json()["items"]
        assert [one["kind"] for one in history] == kinds


def test_closing_heeds_if_match_position_and_key(aurora: Member) -> None:
    world = open_world(aurora)
    path, body = f"/v1/worlds/{world}/entries", {"kind": "world_closed", "document": REASON}
    moved = aurora.http.post(path, json=body, headers={"If-Match": '"4"'})
    assert (moved.status_code, moved.json()["expected"]) == (412, 0)
    late = aurora.http.post(path, json={**body, "position": 3})
    assert (late.status_code, late.json()["code"]) == (409, "wrong_position")
    headers = {**WAIT, "If-Match": '"0"', "Idempotency-Key": secrets.token_hex(8)}
    assert aurora.http.post(path, json=body, headers=headers).status_code == 201
    again = aurora.http.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()["position"]) == (200, 1)


def test_a_world_is_refused_where_its_rule_leads_nowhere(aurora: Member, schema: str) -> None:
    for admission, field in (
        ({"schema": NOBODYS}, "admission.schema"),
        ({"schema": schema, "issuer": "did:web:nobody.example"}, "admission.issuer"),
        ({"schema": schema, "issuer": NOBODYS}, "admission.issuer"),
        ({"issuer": aurora.did}, "admission.schema"),
        ({"schema": "0x1"}, "admission.schema"),
    ):
        body = {"document": ABOUT, "admission": admission}
        answer = aurora.http.post("/v1/worlds", json=body)
        assert answer.status_code == 422, answer.text
        assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_nothing_is_appended_to_a_world_that_is_not_there(aurora: Member, schema: str) -> None:
    for world in (NOBODYS, schema, aurora.id):
        assert close(aurora, world).json()["code"] == "not_found"
        assert aurora.http.get(f"/v1/worlds/{world}").json()["code"] == "not_found"
        assert aurora.http.get(f"/v1/worlds/{world}/entries").json()["code"] == "not_found"
    world = open_world(aurora)
    wrong = aurora.http.post(
        f"/v1/worlds/{world}/entries", json={"kind": "observed", "document": REASON}
    )
    assert [one["field"] for one in wrong.json()["errors"]] == ["kind"]
    assert aurora.http.get(f"/v1/worlds/{world}/entries/7").json()["code"] == "not_found"


def test_worlds_are_listed_by_opener_as_of_then(service: Running, boreas: Member) -> None:
    opener = service.enrol("Worldly Ltd")
    opened = [open_world(opener) for _ in range(3)]
    then = boreas.http.get(f"/v1/worlds/{opened[1]}").json()["as_of"]["block"]
    assert close(opener, opened[0]).status_code == 201
    query = {"organisation": opener.id, "limit": 2}
    first = boreas.http.get("/v1/worlds", params=query)
    rest = boreas.http.get(first.links["next"]["url"])
    items = [one for page in (first, rest) for one in page.json()["items"]]
    assert [(one["id"], one["open"]) for one in items] == [
        (world, world != opened[0]) for world in opened
    ]
    newest = boreas.http.get("/v1/worlds", params={**query, "sort": "-opened"}).json()["items"]
    assert [one["id"] for one in newest] == opened[:0:-1]
    at_then = boreas.http.get("/v1/worlds", params={**query, "at": then}).json()["items"]
    assert [one["open"] for one in at_then] == [True] * len(at_then)
