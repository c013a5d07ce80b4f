"""The ledger itself over HTTP: the operator pauses it, resumes it, and names what is to follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.running import WAIT, Member, Running, running, until

REASON = {"reason": "incident of 2026-03-01"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A ledger of their own, as nobody else can write to it meanwhile."""
    with running(tmp_path_factory.mktemp("governed")) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def member(service: Running) -> Member:
    return service.enrol("Governed Ltd")


def govern(service: Running, kind: str, **more: Any) -> Any:
    headers = WAIT | more.pop("headers", {})
    body = {"kind": kind, "document": REASON, **more}
    return service.operator.post("/v1/ledger/entries", json=body, headers=headers)


def test_a_paused_ledger_keeps_what_is_asked_until_it_is_resumed(
    service: Running, member: Member
) -> None:
    founded = member.http.get("/v1/ledger")
    assert (founded.json()["paused"], founded.headers["ETag"]) == (False, '"0"')
    paused = govern(service, "paused")
    assert paused.status_code == 201, paused.text
    entry = member.http.get(paused.headers["Location"]).json()
    assert (entry["kind"], entry["organisation"]) == ("paused", None)
    assert member.http.get(entry["document"]).json() == REASON
    assert member.http.get("/v1/ledger").json()["paused"]
    again = govern(service, "paused")
    assert (again.status_code, again.json()["name"]) == (409, "Unchanged")
    waiting = member.http.post("/v1/schemas", json={"document": {"type": "object"}})
    assert waiting.status_code == 202
    operation = waiting.json()["operation"]
    until(lambda: "ledger_paused" in service.anyone.get("/v1/status").text)
    assert member.http.get(operation).json()["state"] == "queued"
    assert govern(service, "resumed").status_code == 201
    until(lambda: member.http.get(operation).json()["state"] in ("done", "final"))
    assert govern(service, "resumed").json()["name"] == "Unchanged"
    then = {"at": entry["block"]}
    assert member.http.get("/v1/ledger", params=then).json()["paused"]
    assert not member.http.get("/v1/ledger").json()["paused"]
    kinds = [one["kind"] for one in member.http.get("/v1/ledger/entries").json()["items"]]
    assert kinds == ["founded", "paused", "resumed"]
    history = member.http.get("/v1/ledger/entries", params={**then, "limit": 1})
    rest = member.http.get(history.links["next"]["url"])
    items = [one for page in (history, rest) for one in page.json()["items"]]
    assert [one["kind"] for one in items] == ["founded", "paused"]


def test_a_successor_is_named_and_named_no_more(service: Running, member: Member) -> None:
    successor = "0x" + "5a" * 20
    tag = member.http.get("/v1/ledger").headers["ETag"]
    named = govern(service, "successor_named", successor=successor, headers={"If-Match": tag})
    assert named.status_code == 201, named.text
    now = member.http.get("/v1/ledger")
    assert now.json()["successor"] == successor
    known = member.http.get("/v1/ledger", headers={"If-None-Match": now.headers["ETag"]})
    assert known.status_code == 304
    stale = govern(service, "successor_named", headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert govern(service, "successor_named").status_code == 201
    assert member.http.get("/v1/ledger").json()["successor"] is None
    assert member.http.get("/v1/ledger/entries/99").json()["code"] == "not_found"


def test_only_the_operator_governs_the_ledger(service: Running, member: Member) -> None:
    for kind in ("paused", "resumed", "successor_named"):
        body = {"kind": kind, "document": REASON}
        for http, status in ((member.http, 403), (service.anyone, 401)):
            assert http.post("/v1/ledger/entries", json=body).status_code == status
    wrong = govern(service, "founded")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "kind")
