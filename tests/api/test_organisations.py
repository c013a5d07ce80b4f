"""Organisations and status over HTTP."""

from __future__ import annotations

import secrets

from tests.api.running import WAIT, Member, Running


def test_enrolment_issues_a_key_once(service: Running) -> None:
    did = f"did:web:new-{secrets.token_hex(4)}.example"
    headers = {**WAIT, "Idempotency-Key": secrets.token_hex(8)}
    body = {"did": did, "name": "New Ltd"}
    answer = service.operator.post("/v1/organisations", json=body, headers=headers)
    assert answer.status_code == 201
    told = answer.json()
    assert told["api_key"].startswith("al_")
    assert told["address"] == "0x" + told["id"][26:]
    assert answer.headers["Location"] == f"/v1/organisations/{told['id']}"
    again = service.operator.post("/v1/organisations", json=body, headers=headers)
    assert again.status_code == 200
    assert again.json() == {**told, "api_key": None}
    other = service.operator.post("/v1/organisations", json=body, headers=WAIT)
    assert other.status_code == 409
    assert other.json()["code"] == "already_enrolled"
    assert did in other.json()["detail"]


def test_organisations_read_by_id_and_by_did(aurora: Member) -> None:
    by_id = aurora.http.get(f"/v1/organisations/{aurora.id}").json()
    by_did = aurora.http.get(f"/v1/organisations/{aurora.did}").json()
    by_id.pop("as_of"), by_did.pop("as_of")
    assert by_id == by_did
    assert by_id["name"] == "Aurora Motors"
    assert by_id["active"]
    assert by_id["accounts"]
    listed = aurora.http.get("/v1/organisations?limit=200").json()["items"]
    assert by_id in listed


def test_only_the_operator_enrols(aurora: Member) -> None:
    body = {"did": "did:web:friend.example", "name": "Friend"}
    assert aurora.http.post("/v1/organisations", json=body).status_code == 403


def test_status_is_open_and_whole(service: Running, aurora: Member) -> None:
    aurora.register()
    status = service.anyone.get("/v1/status").json()
    assert status["chain_id"] == 31337
    assert status["entries"] >= 1
    assert status["alarms"] == []
    assert status["operations"]["rejected"] >= 0
    assert status["lag"] == 0
    assert service.anyone.get("/healthz").json()["ready"]
    assert service.anyone.get("/readyz").json() == {"ready": True, "reasons": []}
