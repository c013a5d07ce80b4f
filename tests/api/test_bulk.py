"""Many registrations in one request: each as if it had come alone, all of them at little cost."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.schemas.bulk import MOST_ITEMS
from ledger.outbox.registering import MOST
from tests.api.running import Member, Running, until
from tests.api.still import Still, still

PATH = "/v1/assets:batch"
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def aurora(service: Running) -> Member:
    """An organisation of these tests alone: others count what theirs have."""
    return service.enrol("Aurora Foundries")


@pytest.fixture
def prefix() -> str:
    return secrets.token_hex(4)


def asset(serial: str, **more: Any) -> dict[str, Any]:
    return {"serial": serial, "document": {"of": serial}, **more}


def lines(*assets: Any) -> bytes:
    return b"\n".join(
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in assets
    )


def post(member: Member, *assets: Any, **headers: str) -> httpx.Response:
    return member.http.post(PATH, content=lines(*assets), headers={**NDJSON, **headers})


def told(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    items: list[dict[str, Any]] = body["items"]
    assert [item["index"] for item in items] == list(range(len(items)))
    assert body["refused"] == sum("problem" in item for item in items)
    assert body["accepted"] + body["refused"] == len(items)
    return items


def codes(answer: httpx.Response) -> list[str | None]:
    return [item["problem"]["code"] if "problem" in item else None for item in told(answer)]


def state(member: Member, operation: str) -> str:
    return str(member.http.get(operation).json()["state"])


def test_a_thousand_are_registered_by_one_request(aurora: Member, prefix: str) -> None:
    sent = [asset(f"{prefix}-{n:04d}") for n in range(1000)]
    answer = aurora.http.post(PATH, json={"assets": sent})
    items = told(answer)
    assert answer.headers["Retry-After"]
    assert [item["serial"] for item in items] == [each["serial"] for each in sent]
    assert {(item["position"], item["repeated"]) for item in items} == {(0, False)}
    until(lambda: state(aurora, items[-1]["operation"]) in ("done", "final"), 60)
    for item in (items[0], items[499], items[-1]):
        found = until(lambda item=item: _mirrored(aurora, item["id"]))
        assert found["serial"] == item["serial"]
        assert found["content_hash"] == item["content_hash"]
        raw = aurora.http.get(f"/v1/documents/{item['content_hash']}").content
        assert raw == json.dumps({"of": item["serial"]}, separators=(",", ":")).encode()


def _mirrored(member: Member, id: str) -> Any:
    answer = member.http.get(f"/v1/assets/{id}")
    return answer.json() if answer.status_code == 200 else None


def test_lines_are_kept_byte_for_byte(aurora: Member, prefix: str) -> None:
    odd = b'{ "b" : 1.0,\t"a":[ ], "u":"\\u00e9\xc3\xa9" }'
    body = b'{"document": %b, "serial": "%b"}\r' % (odd, prefix.encode())
    [item] = told(post(aurora, b"", body, b" \t"))  # blank lines are no assets
    assert aurora.http.get(f"/v1/documents/{item['content_hash']}").content == odd


def test_sent_again_all_is_answered_again(aurora: Member, prefix: str) -> None:
    sent = [asset(f"{prefix}-{n}") for n in range(5)]
    first, again = told(post(aurora, *sent)), told(post(aurora, *reversed(sent)))
    assert {item["repeated"] for item in again} == {True}
    for item, earlier in zip(again, reversed(first), strict=True):
        for name in ("serial", "id", "content_hash", "operation"):
            assert item[name] == earlier[name]


def test_one_sent_alone_and_one_of_many_are_the_same(aurora: Member, prefix: str) -> None:
    alone = aurora.http.post("/v1/assets", json=asset(f"{prefix}-1")).json()
    one, two = told(post(aurora, asset(f"{prefix}-1"), asset(f"{prefix}-2")))
    assert (one["id"], one["operation"], one["repeated"]) == (alone["id"], alone["operation"], True)
    again = aurora.http.post("/v1/assets", json=asset(f"{prefix}-2"))
    assert again.status_code == 200
    assert again.json()["operation"] == two["operation"]


def test_within_a_request_each_follows_those_before_it(aurora: Member, prefix: str) -> None:
    first, same, other, last = told(
        post(
            aurora,
            asset(prefix),
            asset(prefix),
            asset(prefix, document={"other": 1}),
            asset(f"{prefix}-2"),
        )
    )
    assert (same["operation"], same["repeated"]) == (first["operation"], True)
    assert other["problem"]["code"] == "serial_taken"
    assert other["problem"]["asset"] == first["id"]
    assert last["repeated"] is False


def test_every_kind_of_problem_is_told_of_its_item_alone(
    aurora: Member, boreas: Member, prefix: str
) -> None:
    answer = post(
        aurora,
        asset(f"{prefix}-0", owner=boreas.did),
        b'{"serial": "half", "docum',
        b"[1]",
        b'{"serial":"a","serial":"b","document":{}}',
        {"document": {}},
        asset(f"{prefix}-5", owner="did:web:nobody.example"),
        asset(f"{prefix}-6", owner="0x12"),
        b'{"serial":"%b-7","document":{"a":1,"a":2}}' % prefix.encode(),
        asset(f"{prefix}-8", document=[]),
        asset(f"{prefix}-9", colour="red"),
        asset(f"{prefix}-10", asset_kind="thing"),
        b'{"serial":"\xff","document":{}}',
        asset(f"{prefix}-0", document={"of": "another"}),
        asset(f"{prefix}-13"),
    )
    assert codes(answer) == [
        None,
        "invalid_json",
        "invalid_request",
        "invalid_json",
        "invalid_request",
        "unknown_reference",
        "invalid_request",
        "invalid_document",
        "invalid_document",
        "invalid_request",
        "invalid_request",
        "invalid_json",
        "serial_taken",
        None,
    ]
    items = told(answer)
    assert [items[n]["serial"] for n in (1, 4, 5)] == [None, None, f"{prefix}-5"]
    problem = items[5]["problem"]
    assert problem["type"] == "/problems/unknown_reference"
    assert (problem["status"], problem["errors"][0]["field"]) == (422, "owner")
    assert items[7]["problem"]["errors"][0]["field"] == "document"
    assert {"type", "title", "status", "detail", "code"} <= set(problem)


def test_each_organisation_has_its_own_serials(aurora: Member, boreas: Member, prefix: str) -> None:
    [mine], [theirs] = told(post(aurora, asset(prefix))), told(post(boreas, asset(prefix)))
    assert mine["id"] != theirs["id"]
    assert theirs["repeated"] is False
    assert boreas.http.get(mine["operation"]).status_code == 404
    assert boreas.http.get(f"/v1/documents/{mine['content_hash']}").status_code == 404


def test_only_an_organisation_registers(service: Running, prefix: str) -> None:
    body = lines(asset(prefix))
    assert service.operator.post(PATH, content=body, headers=NDJSON).status_code == 403
    assert service.anyone.post(PATH, content=body, headers=NDJSON).status_code == 401


@pytest.mark.parametrize(
    ("media_type", "body", "status", "code"),
    [
        ("text/plain", b"{}", 415, "unsupported_media_type"),
        ("application/json", b"", 400, "invalid_json"),
        ("application/json", b'{"assets": [{]}', 400, "invalid_json"),
        ("application/json", b"[]", 422, "invalid_request"),
        ("application/json", b"{}", 422, "invalid_request"),
        ("application/json", b'{"assets": {}}', 422, "invalid_request"),
        ("application/json", b'{"assets": []}', 422, "invalid_request"),
        ("application/json", b'{"assets": [], "assets": []}', 400, "invalid_json"),
        ("application/json", b'{"assets": [{}], "until": 1}', 422, "invalid_request"),
        ("application/x-ndjson", b"", 422, "invalid_request"),
        ("application/x-ndjson", b"\n \n", 422, "invalid_request"),
    ],
)
def test_what_is_no_list_of_assets_is_refused_as_a_whole(
    aurora: Member, media_type: str, body: bytes, status: int, code: str
) -> None:
    answer = aurora.http.post(PATH, content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_ten_thousand_are_the_most(aurora: Member) -> None:
    body = b"\n".join([b"{}"] * (MOST_ITEMS + 1))
    answer = aurora.http.post(PATH, content=body, headers=NDJSON)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "assets")
    assert str(MOST_ITEMS) in answer.json()["detail"]
    body = b"\n".join([b"{}"] * MOST_ITEMS)
    assert aurora.http.post(PATH, content=body, headers=NDJSON).json()["refused"] == MOST_ITEMS


@pytest.fixture
def quiet(service: Running, aurora: Member, boreas: Member, tmp_path: Path) -> Iterator[Still]:
    """A ledger that nothing leaves, with narrow bounds."""
    del aurora, boreas  # they are in the copy
    bounds = {"max_body": 2000, "max_bulk_body": 300_000, "max_queue_per_organisation": MOST}
    with still(service, tmp_path / "quiet", **bounds) as ledger:
        yield ledger


def test_its_body_has_a_bound_of_its_own(quiet: Still, aurora: Member, prefix: str) -> None:
    with quiet.client(aurora.key) as http:
        large = lines(*[asset(f"{prefix}-{n}") for n in range(100)])
        assert len(large) > quiet.settings.max_body
        assert http.post(PATH, content=large, headers=NDJSON).status_code == 202
        answer = http.post(PATH, content=bytes(300_001), headers=NDJSON)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert http.post("/v1/assets", content=large, headers=NDJSON).status_code == 413


def test_where_nothing_new_has_room_the_request_is_to_come_back(
    quiet: Still, aurora: Member, boreas: Member, prefix: str
) -> None:
    with quiet.client(aurora.key) as http, quiet.client(boreas.key) as other:
        known = lines(*[asset(f"{prefix}-{n}") for n in range(MOST)])
        assert http.post(PATH, content=known, headers=NDJSON).json()["accepted"] == MOST
        one = lines(asset(f"{prefix}-0"), asset(f"{prefix}-new"))
        answer = http.post(PATH, content=one, headers=NDJSON)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_waiting")
        assert int(answer.headers["Retry-After"]) >= 1
        again = http.post(PATH, content=known, headers=NDJSON)
        assert {item["repeated"] for item in told(again)} == {True}
        assert other.post(PATH, content=one, headers=NDJSON).json()["accepted"] == 2


def test_where_some_had_room_the_others_say_that_they_had_not(
    quiet: Still, aurora: Member, prefix: str
) -> None:
    sent = lines(*[asset(f"{prefix}-{n}") for n in range(MOST + 10)])
    with quiet.client(aurora.key) as http:
        items = told(http.post(PATH, content=sent, headers=NDJSON))
    assert all("problem" not in item for item in items[:MOST])
    assert {item["problem"]["code"] for item in items[MOST:]} == {"too_many_waiting"}


def test_a_key_stands_for_the_whole_request(aurora: Member, prefix: str) -> None:
    keyed = {"Idempotency-Key": f"bulk-{prefix}"}
    sent = [asset(f"{prefix}-1"), b"{", asset(f"{prefix}-2")]
    first, again = post(aurora, *sent, **keyed), post(aurora, *sent, **keyed)
    assert codes(first) == codes(again) == [None, "invalid_json", None]
    assert told(again)[0]["operation"] == told(first)[0]["operation"]
    assert told(again)[0]["repeated"] is True
    for another in ([asset(f"{prefix}-3")], [*sent, asset(f"{prefix}-3")]):
        answer = post(aurora, *another, **keyed)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")
    assert aurora.http.get("/v1/assets", params={"serial": f"{prefix}-3"}).json()["items"] == []


def test_a_key_means_one_request_whether_of_one_or_of_many(aurora: Member, prefix: str) -> None:
    alone, many = {"Idempotency-Key": f"a-{prefix}"}, {"Idempotency-Key": f"m-{prefix}"}
    assert aurora.http.post("/v1/assets", json=asset(prefix), headers=alone).status_code == 202
    assert post(aurora, asset(prefix), **many).status_code == 202
    conflict = post(aurora, asset(prefix), **alone)
    assert (conflict.status_code, conflict.json()["code"]) == (422, "idempotency_conflict")
    conflict = aurora.http.post("/v1/assets", json=asset(prefix), headers=many)
    assert (conflict.status_code, conflict.json()["code"]) == (422, "idempotency_conflict")


def test_what_was_rejected_its_key_answers_with_and_its_serial_is_free_of(
    quiet: Still, aurora: Member, prefix: str
) -> None:
    keyed = NDJSON | {"Idempotency-Key": f"bulk-{prefix}"}
    body = lines(asset(f"{prefix}-1"), asset(f"{prefix}-2"))
    with quiet.client(aurora.key) as http:
        first, second = told(http.post(PATH, content=body, headers=keyed))
        assert http.post(f"{first['operation']}/cancel").json()["state"] == "rejected"
        again = told(http.post(PATH, content=body, headers=keyed))
        assert [item["operation"] for item in again] == [first["operation"], second["operation"]]
        anew, same = told(http.post(PATH, content=body, headers=NDJSON))
        assert (anew["repeated"], same["operation"]) == (False, second["operation"])
        assert anew["id"] != first["id"]
        assert http.get(anew["operation"]).json()["state"] == "queued"
        [last] = told(http.post(PATH, content=lines(asset(f"{prefix}-1")), headers=NDJSON))
        assert last["operation"] == anew["operation"]
