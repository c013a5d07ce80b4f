"""What requests drawn from the description found, each by its name (see tests/http_cases)."""

from __future__ import annotations

import logging
import re
import socket
from typing import Any

import httpx
import pytest

from ledger.domain.kinds import BY_ORGANISATIONS
from tests.api.running import Member, Running, until

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
    hook = aurora.http.post("/v1/webhooks", json={"url": "https://drawn.invalid"}).json()["id"]
    see("/v1/webhooks/{webhook}/test", aurora.http.post(f"/v1/webhooks/{hook}/test"))
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


def test_any_text_was_described_as_a_webhooks_address(described: dict[str, Any]) -> None:
    url = described["components"]["schemas"]["CreateWebhook"]["properties"]["url"]
    assert re.search(url["pattern"], url["examples"][0])
    for other in ("0" * 2048, "ftp://works.example", "https://", "https://works.example/a b"):
        assert not re.search(url["pattern"], other)


def test_the_class_of_a_file_was_described_as_told_twice(
    described: dict[str, Any], aurora: Member
) -> None:
    for one in ("RegisterAsset", "Revise", "Observe", "Correct"):
        told = described["components"]["schemas"][one]
        assert told["if"] == {"required": ["file"]}
        assert told["then"] == {"properties": {"data_class": {"type": "null"}}}
    asset = {"serial": "of a file", "file": f"0x{7:064x}", "data_class": "core"}
    refused = aurora.http.post("/v1/assets", json=asset).json()
    assert refused["errors"][0]["field"] == "data_class"


def test_ends_before_1970_were_refused_as_if_no_time(
    described: dict[str, Any], aurora: Member
) -> None:
    early = "0199-05-05T22:52:31+10:12"
    entry = {"kind": "offered", "party": "custodian", "to": aurora.id, "expires": early}
    answer = aurora.http.post(f"/v1/assets/{aurora.register()}/entries", json=entry)
    [error] = answer.json()["errors"]
    assert (error["value"], error["reason"]) == (early, "must be later than 1970-01-01T00:00:00Z")
    told = described["components"]["schemas"]["Attest"]["properties"]["expires"]
    [end] = [one for one in told["anyOf"] if one["type"] == "string"]
    assert re.search(end["pattern"], end["examples"][0])
    assert not re.search(end["pattern"], early)


def test_a_client_that_left_while_it_sent_was_logged_as_a_failure_of_ours(
    service: Running, aurora: Member, caplog: pytest.LogCaptureFixture
) -> None:
    def messages() -> list[str]:
        of_it = [one for one in caplog.records if getattr(one, "request_id", "") == "left"]
        return [one.getMessage() for one in of_it]

    host, port = service.url.removeprefix("http://").split(":")
    head = f"POST /v1/assets HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {aurora.key}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 100\r\nX-Request-Id: left\r\n\r\n{"
    with caplog.at_level(logging.INFO, "asset_ledger.api"):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode())
        until(lambda: "request" in messages())
    assert messages() == ["request"]


def test_the_zero_address_was_described_as_an_account(described: dict[str, Any]) -> None:
    account = described["components"]["schemas"]["AddAccount"]["properties"]["account"]
    assert re.search(account["not"]["pattern"], f"0x{0:040x}")
    assert not re.search(account["not"]["pattern"], f"0x{1:040x}")
