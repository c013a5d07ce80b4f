"""What is registered or revised under a schema fits it; else it is told where it breaks it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests import files
from tests.api.running import WAIT, Member

SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema",
    "type": "object",
    "required": ["manufacturerName"],
    "properties": {
        "manufacturerName": {"type": "string"},
        "parts": {
            "type": "array",
            "items": {"properties": {"mass": {"type": "number", "minimum": 0}}},
        },
    },
}
FITS = {"manufacturerName": "Aurora", "parts": [{"mass": 1.5}]}
BREAKS = {"manufacturerName": "Aurora", "parts": [{"mass": 1.5}, {"mass": -2}]}
PLACE, RULE = "document/parts/1/mass", "minimum"


def publish(member: Member, schema: Any) -> str:
    answer = member.http.post("/v1/schemas", json={"document": schema}, headers=WAIT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def schema(boreas: Member) -> str:
    return publish(boreas, SCHEMA)


def register(member: Member, serial: str, schema: str, document: Any) -> httpx.Response:
    body = {"serial": serial, "schema": schema, "document": document}
    return member.http.post("/v1/assets", json=body, headers=WAIT)


def require_violation(answer: httpx.Response, schema: str) -> None:
    told = answer.json()
    assert (answer.status_code, told["code"], told["schema"]) == (422, "schema_violation", schema)
    [error] = told["errors"]
    assert (error["field"], error["rule"], error["value"]) == (PLACE, RULE, "-2")
    assert error["reason"] in told["detail"]


def test_an_asset_of_a_schema_fits_it_or_is_refused(aurora: Member, schema: str) -> None:
    require_violation(register(aurora, "FIT-1", schema, BREAKS), schema)
    born = register(aurora, "FIT-1", schema, FITS)
    assert born.status_code == 201
    told = aurora.http.get(f"/v1/assets/{born.json()['id']}").json()
    assert told["schema"] == schema
    again = register(aurora, "FIT-1", schema, FITS)
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    plain = aurora.http.post("/v1/assets", json={"serial": "FIT-1", "document": FITS})
    assert (plain.status_code, plain.json()["code"]) == (409, "serial_taken")


def test_what_revises_it_fits_too_and_what_tells_of_it_need_not(
    aurora: Member, schema: str
) -> None:
    asset = register(aurora, "FIT-2", schema, FITS).json()["id"]
    require_violation(aurora.append(asset, kind="revised", document=BREAKS), schema)
    assert aurora.append(asset, kind="revised", document=FITS).status_code == 201
    assert aurora.append(asset, kind="observed", document=BREAKS).status_code == 201
    upload = aurora.http.post(
        "/v1/documents", content=files.TEXT_STL, headers={"Content-Type": files.STL}
    ).json()["content_hash"]
    for refused in (
        aurora.append(asset, kind="revised", file=upload),
        aurora.http.post("/v1/assets", json={"serial": "F", "schema": schema, "file": upload}),
    ):
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")


def test_of_many_each_is_told(aurora: Member, schema: str) -> None:
    documents = [FITS, BREAKS, FITS, {}]
    assets = [
        {"serial": f"FIT-3-{n}", "schema": schema, "document": one}
        for n, one in enumerate(documents)
    ]
    assets.append({"serial": "FIT-3-plain", "document": BREAKS})
    told = aurora.http.post("/v1/assets:batch", json={"assets": assets}).json()
    codes = [one.get("problem", {}).get("code") for one in told["items"]]
    assert codes == [None, "schema_violation", None, "schema_violation", None]
    assert told["items"][1]["problem"]["errors"][0]["field"] == PLACE
    assert told["items"][3]["problem"]["errors"][0]["rule"] == "required"


def test_of_a_batch_each_line_fits_or_none_is_taken(aurora: Member, schema: str) -> None:
    def send(documents: list[Any], **query: str) -> httpx.Response:
        lines = "\n".join(
            json.dumps({"serial": f"FIT-4-{n}", "document": one}) for n, one in enumerate(documents)
        )
        headers = {**WAIT, "Content-Type": "application/x-ndjson"}
        return aurora.http.post("/v1/batches", content=lines, params=query, headers=headers)

    refused = send([FITS, FITS, BREAKS, {}], schema=schema)
    assert (refused.status_code, refused.json()["code"]) == (422, "schema_violation")
    told = [(one["field"], one["reason"][:8]) for one in refused.json()["errors"]]
    assert told == [(f"line 3/{PLACE}", "minimum:"), ("line 4/document", "required")]
    taken = send([FITS, FITS], schema=schema)
    assert taken.status_code == 201, taken.text
    path = f"/v1/batches/{taken.json()['id']}/assets"
    items = aurora.http.get(path).json()["items"]
    assert {one["schema"] for one in items} == {schema}
    require_violation(aurora.append(items[0]["id"], kind="revised", document=BREAKS), schema)
    assert aurora.append(items[0]["id"], kind="revised", document=FITS).status_code == 201
    same = register(aurora, "FIT-4-1", schema, FITS)
    assert (same.status_code, same.json()["id"]) == (200, items[1]["id"])
    other = aurora.http.post("/v1/assets", json={"serial": "FIT-4-1", "document": FITS})
    assert (other.status_code, other.json()["code"]) == (409, "serial_taken")
    unknown = send([FITS], schema="0x" + "11" * 32)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")


def test_a_schema_that_is_not_there_is_named(aurora: Member) -> None:
    for named in ("0x" + "11" * 32, aurora.id):
        answer = register(aurora, "FIT-5", named, FITS)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
        assert answer.json()["errors"][0]["field"] == "schema"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": 7}, "/type"),
        ({"$schema": "urn:mine"}, "no draft that is known"),
        ({"properties": {"a": {"pattern": 1}}}, "/properties/a/pattern"),
    ],
)
def test_what_is_no_schema_is_not_published(aurora: Member, schema: Any, reason: str) -> None:
    answer = aurora.http.post("/v1/schemas", json={"document": schema})
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable_schema")
    assert reason in answer.json()["detail"]


def test_a_schema_that_needs_others_takes_nothing_in(aurora: Member) -> None:
    schema = publish(aurora, {"$ref": "https://example.com/part.json"})
    answer = register(aurora, "FIT-6", schema, FITS)
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable_schema")
    assert "https://example.com/part.json" in answer.json()["errors"][0]["reason"]


def test_a_schema_that_hangs_holds_up_nobody_else(aurora: Member, boreas: Member) -> None:
    hanging = publish(boreas, {"properties": {"a": {"pattern": "^(a+)+$"}}})
    document = {"a": "a" * 40 + "!"}
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(register, boreas, "HANGS", hanging, document)
        begun, count = time.monotonic(), 0
        while not slow.done() and count < 20:
            assert aurora.register(f"SWIFT-{count}")
            count += 1
        assert count > 1
        assert (time.monotonic() - begun) / count < 1
    answer = slow.result()
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable_schema")
    assert "did not end within" in answer.json()["detail"]
    again = time.monotonic()
    assert register(boreas, "HANGS", hanging, document).status_code == 422
    assert time.monotonic() - again < 1, "it is not tried again at once"
