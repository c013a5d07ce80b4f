"""Suspension over HTTP: the operator's alone; who is suspended reads why, and does nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.running import WAIT, Member, Running
from tests.api.test_schemas import publish

REASON = {"reason": "ruling 2 HK O 117/26"}


@pytest.fixture
def doubtful(service: Running) -> Member:
    return service.enrol("Doubtful Ltd")


def govern(service: Running, org: str, kind: str, **more: Any) -> Any:
    body = {"kind": kind, "document": REASON, **more}
    return service.operator.post(f"/v1/organisations/{org}/entries", json=body, headers=WAIT)


def test_a_suspended_organisation_does_nothing_until_it_is_reinstated(
    service: Running, doubtful: Member, aurora: Member
) -> None:
    schema = publish(doubtful)
    world = doubtful.http.post("/v1/worlds", json={"document": REASON}, headers=WAIT).json()["id"]
    issued = {"kind": "credential_issued", "schema": schema, "document": REASON}
    suspended = govern(service, doubtful.id, "suspended")
    assert suspended.status_code == 201, suspended.text
    told = doubtful.http.get(suspended.headers["Location"]).json()
    assert (told["kind"], told["organisation"]) == ("suspended", None)
    assert doubtful.http.get(told["document"]).json() == REASON
    assert aurora.http.get(suspended.headers["Location"]).json()["document"] is None
    assert aurora.http.get(told["document"]).status_code == 404
    assert not aurora.http.get(f"/v1/organisations/{doubtful.id}").json()["active"]
    before = aurora.http.get(f"/v1/organisations/{doubtful.id}?at={told['block'] - 1}")
    assert before.json()["active"]
    its = f"/v1/organisations/{doubtful.id}/entries"
    account = {"kind": "account_added", "account": "0x" + "1f" * 20}
    for path, body, member in (
        ("/v1/schemas", {"document": REASON}, doubtful),
        ("/v1/worlds", {"document": REASON}, doubtful),
        (f"/v1/worlds/{world}/entries", {"kind": "world_closed", "document": REASON}, doubtful),
        (f"/v1/organisations/{aurora.id}/entries", issued, doubtful),
        (its, account, doubtful),
        (its, issued, aurora),
        (
            "/v1/worlds",
            {"document": REASON, "admission": {"schema": schema, "issuer": doubtful.id}},
            aurora,
        ),
    ):
        refused = member.http.post(path, json=body)
        assert refused.status_code == 409, refused.text
        assert refused.json()["name"] == "SuspendedOrganisation"
    assert govern(service, doubtful.id, "reinstated").status_code == 201
    assert aurora.http.get(f"/v1/organisations/{doubtful.id}").json()["active"]
    assert doubtful.http.post("/v1/schemas", json={"document": REASON}, headers=WAIT).is_success


def test_only_a_change_is_written(service: Running, doubtful: Member) -> None:
    refused = govern(service, doubtful.id, "reinstated")
    assert (refused.status_code, refused.json()["name"]) == (409, "Unchanged")
    assert govern(service, doubtful.did, "suspended").status_code == 201
    refused = govern(service, doubtful.id, "suspended")
    assert (refused.status_code, refused.json()["name"]) == (409, "Unchanged")


def test_only_the_operator_suspends(service: Running, doubtful: Member, aurora: Member) -> None:
    for kind in ("suspended", "reinstated"):
        body = {"kind": kind, "document": REASON}
        for member in (doubtful, aurora):
            refused = member.http.post(f"/v1/organisations/{doubtful.id}/entries", json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert govern(service, "0x" + "7c" * 32, "suspended").status_code == 404


def test_organisations_are_listed_in_either_order_as_of_then(
    service: Running, doubtful: Member
) -> None:
    http = service.operator
    then = http.get(f"/v1/organisations/{doubtful.id}").json()["as_of"]["block"]
    later = service.enrol("Later Ltd")
    query = {"sort": "-enrolled", "limit": 2}
    newest = http.get("/v1/organisations", params=query).json()["items"]
    assert [one["id"] for one in newest] == [later.id, doubtful.id]
    before = http.get("/v1/organisations", params={**query, "at": then})
    assert before.json()["items"][0]["id"] == doubtful.id
    assert before.json()["as_of"]["block"] == then
    assert http.get(f"/v1/organisations/{later.id}", params={"at": then}).status_code == 404
