"""What requests drawn from the description found, each by its name (see tests/http_cases)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from ledger.domain.kinds import BY_ORGANISATIONS
from tests.api.running import Member, Running

_USUAL = {"connection", "content-length", "content-type", "date", "server"}


@pytest.fixture(scope="module")
def described(service: Running) -> dict[str, Any]:
    found: dict[str, Any] = service.anyone.get("/openapi.json").json()
    return found


def body(described: dict[str, Any], path: str) -> dict[str, Any]:
    operation = described["paths"][path]["post"]
    found: dict[str, Any] = operation["requestBody"]["content"]["application/json"]
    return found


def test_header_fields_that_no_description_told_of(
    described: dict[str, Any], aurora: Member, service: Running
) -> None:
    asset = aurora.register()

    def see(route: str, answer: httpx.Response) -> None:
        told = described["paths"][route][answer.request.method.lower()]["responses"]
        named = {name.lower() for name in told[str(answer.status_code)]["headers"]}
        assert set(answer.headers) - _USUAL <= named, route

    see("/v1/assets/{asset_id}", aurora.http.get(f"/v1/assets/{asset}"))
    see("/v1/assets/{asset_id}/proof", aurora.http.get(f"/v1/assets/{asset}/proof"))
    see("/v1/assets", aurora.http.get("/v1/assets", params={"limit": "1"}))
    see("/v1/assets", service.anyone.get("/v1/assets"))
    see("/v1/assets", aurora.http.post("/v1/assets", content="x"))
    see("/v1/operations", aurora.http.get("/v1/operations"))
    see("/v1/keys", aurora.http.post("/v1/keys", json={"roles": ["reader"]}))


@pytest.mark.parametrize("at", ["1", "999999999", "2001-01-01T00:00:00Z"])
def test_a_moment_that_there_is_not_named_no_field(aurora: Member, at: str) -> None:
    answer = aurora.http.get(f"/v1/assets/{aurora.register()}", params={"at": at})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["value"]) == ("at", at)
    assert "block" in error["reason"]


def test_kinds_that_no_wallet_may_sign_were_described_as_if_one_could(
    described: dict[str, Any],
) -> None:
    schema = described["components"]["schemas"]["RelayEntry"]["properties"]["kind"]
    assert set(schema["enum"]) == {kind.label for kind in BY_ORGANISATIONS}


def test_the_example_of_a_signed_message_was_none(
    described: dict[str, Any], service: Running
) -> None:
    for example in body(described, "/v1/sign-in")["examples"].values():
        refused = service.anyone.post("/v1/sign-in", json=example["value"]).json()
        assert refused["code"] == "sign_in_refused", refused["detail"]


def test_a_second_document_without_members_failed_as_its_hash_was_that_of_the_first(
    aurora: Member, boreas: Member
) -> None:
    for member in (aurora, boreas):
        answer = member.append(member.register(), kind="observed", document={})
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "invalid_document"
        assert answer.json()["errors"][0]["field"] == "document"
        # Beside a serial, which is salted, there may be nothing else to say.
        asset = {"serial": f"empty-{member.id[:8]}", "document": {}}
        assert member.http.post("/v1/assets", json=asset).status_code == 202


def test_keys_that_are_refused_were_described_as_accepted(described: dict[str, Any]) -> None:
    [key] = [
        one
        for one in described["paths"]["/v1/assets"]["post"]["parameters"]
        if one["name"].lower() == "idempotency-key"
    ]
    assert re.fullmatch(key["schema"]["pattern"], "9d1c5f0e")
    assert not re.fullmatch(key["schema"]["pattern"], "")
    assert not re.fullmatch(key["schema"]["pattern"], "a key")


def test_parts_of_an_organisation_were_described_as_provable(described: dict[str, Any]) -> None:
    def related(of: str) -> set[str]:
        asked = described["paths"][f"/v1/{of}/proof"]["get"]["parameters"]
        [found] = [one["schema"]["items"]["enum"] for one in asked if one["name"] == "with"]
        return set(found)

    assert related("assets/{asset_id}") - related("organisations/{organisation_id}") == {"parts"}
    assert related("batches/{batch_id}") == related("organisations/{organisation_id}")


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_keys_that_may_not_write_were_refused_with_a_status_that_was_not_described(
    described: dict[str, Any], aurora: Member, service: Running, verb: str
) -> None:
    made = aurora.http.post("/v1/keys", json={"roles": ["admin"]}).json()
    asked = f"/v1/operations/0196a1f0-4c11-7d3e-9b1a-5f2c8d7e6a90/{verb}"
    refused = service.client(made["api_key"]).post(asked)
    told = described["paths"][f"/v1/operations/{{operation_id}}/{verb}"]["post"]["responses"]
    assert refused.status_code == 403
    assert "403" in told
