"""Assets over HTTP: registered once, found again, read with where the answer stands."""

from __future__ import annotations

import base64
import hashlib

from ledger.documents.canonical import load_document
from ledger.documents.commitment import commit_document
from tests.api.running import WAIT, Member, Running, until

RAW = '{ "name":"Gearbox 8HP",\n  "mass": {"value": 87.40, "unit":"kg"}, "é":"\\u00e9" }'


def post_raw(member: Member, serial: str, raw: str = RAW, **headers: str):  # type: ignore[no-untyped-def]
    body = f'{{"document" :\n {raw} , "serial":"{serial}"}}'.encode()
    return member.http.post(
        "/v1/assets", content=body, headers={"Content-Type": "application/json", **headers}
    )


def test_registration_answers_201_once_it_stands(aurora: Member) -> None:
    answer = post_raw(aurora, "GBX-1", **WAIT)
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["Location"] == f"/v1/assets/{told['id']}"
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert told["position"] == 0
    read = aurora.http.get(answer.headers["Location"])
    assert read.headers["ETag"] == '"0"'
    asset = read.json()
    assert asset["serial"] == "GBX-1"
    assert asset["organisation"] == asset["owner"] == aurora.id
    assert asset["content_hash"] == asset["registered_content_hash"] == told["content_hash"]
    assert asset["head"] == asset["id"]
    assert asset["as_of"]["finality"] in ("latest", "final")


def test_registration_without_wait_answers_202_with_an_operation(aurora: Member) -> None:
    answer = post_raw(aurora, "GBX-2")
    assert answer.status_code == 202
    assert answer.headers["Retry-After"]
    told = answer.json()
    settled = until(lambda: _settled(aurora, told["operation"]))
    assert settled["state"] in ("done", "final")
    assert settled["subject"] == told["id"]
    assert settled["kind"] == "registered"
    until(lambda: aurora.http.get(f"/v1/assets/{told['id']}").status_code == 200)


def _settled(member: Member, path: str) -> dict[str, object] | None:
    told: dict[str, object] = member.http.get(path).json()
    return told if told["state"] in ("done", "final", "rejected") else None


def test_the_document_comes_back_byte_for_byte_and_hashes_to_the_chain(aurora: Member) -> None:
    told = post_raw(aurora, "GBX-3", **WAIT).json()
    listed = aurora.http.get(f"/v1/assets/{told['id']}/documents").json()["items"]
    assert [each["content_hash"] for each in listed] == [told["content_hash"]]
    answer = aurora.http.get(listed[0]["url"])
    assert answer.content == RAW.encode()
    assert listed[0]["size"] == len(RAW.encode())
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    again = aurora.http.get(listed[0]["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    opened = aurora.http.get(listed[0]["commitment"]).json()
    assert opened["serial"] == "GBX-3"
    assert opened["fields"] == ["mass", "name", "é"]
    recomputed = commit_document(
        load_document(answer.content), bytes.fromhex(opened["seed"][2:]), opened["serial"]
    )
    assert "0x" + recomputed.content_hash.hex() == told["content_hash"]


def test_the_same_registration_again_answers_the_first(aurora: Member) -> None:
    first = post_raw(aurora, "GBX-4", **WAIT)
    other_text = '{"é":"é","mass":{"unit":"kg","value":87.4},"name":"Gearbox 8HP"}'
    again = post_raw(aurora, "GBX-4", other_text)
    assert again.status_code == 200
    assert again.json() == first.json()


def test_a_serial_stands_for_one_document(aurora: Member) -> None:
    first = post_raw(aurora, "GBX-5", **WAIT).json()
    other = post_raw(aurora, "GBX-5", '{"name": "Another"}')
    assert other.status_code == 409
    problem = other.json()
    assert problem["code"] == "serial_taken"
    assert "GBX-5" in problem["detail"]
    assert problem["asset"] == first["id"]


def test_an_idempotency_key_stands_for_one_request(aurora: Member) -> None:
    headers = {"Idempotency-Key": "key-one"}
    first = post_raw(aurora, "GBX-6", **headers)
    again = post_raw(aurora, "GBX-6", **headers)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    other = post_raw(aurora, "GBX-7", **headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_conflict"


def test_registered_for_another_owner(aurora: Member, boreas: Member) -> None:
    asset = aurora.register(owner=boreas.did, asset_kind="type")
    told = aurora.http.get(f"/v1/assets/{asset}").json()
    assert (told["owner"], told["organisation"], told["asset_kind"]) == (
        boreas.id,
        aurora.id,
        "type",
    )


def test_lists_are_paged_by_links_without_gaps(aurora: Member) -> None:
    made = {aurora.register() for _ in range(3)}
    found: list[str] = []
    path = f"/v1/assets?organisation={aurora.did}&limit=2"
    pages = 0
    while path:
        answer = aurora.http.get(path)
        assert answer.status_code == 200, answer.text
        found += [each["id"] for each in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
        pages += 1
    assert made <= set(found)
    assert len(found) == len(set(found))
    assert pages == -(-len(found) // 2)


def test_lists_are_filtered(aurora: Member, boreas: Member) -> None:
    mine = aurora.register("FILTER-1", asset_kind="batch")
    given = aurora.register("FILTER-2", owner=boreas.id)

    def ids(**params: str) -> list[str]:
        answer = aurora.http.get("/v1/assets", params=params)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert ids(serial="FILTER-1") == ids(q="FILTER-1") == ids(q=mine) == ids(q=mine[:20]) == [mine]
    other = "0" if mine[20] != "0" else "1"
    assert ids(q=mine[:21]) == [mine]
    assert ids(q=mine[:20] + other) == []  # half a byte counts, too
    assert ids(owner=boreas.did, serial="FILTER-2") == [given]
    assert ids(q=boreas.did, serial="FILTER-2") == [given]
    assert ids(owner=aurora.id, serial="FILTER-2") == []
    assert mine in ids(asset_kind="batch", limit="200")
    assert mine not in ids(asset_kind="instance", limit="200")
    assert mine not in ids(frozen="true", limit="200")
    assert ids(owner="did:web:nobody.example") == []


def test_an_accepted_asset_says_that_it_is_on_its_way(service: Running, aurora: Member) -> None:
    service.anvil.rpc.fetch("evm_setAutomine", False)
    try:
        told = post_raw(aurora, "SLOW-1").json()
        answer = aurora.http.get(f"/v1/assets/{told['id']}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_yet_mirrored"
        assert answer.json()["operation"] == told["operation"]
        waited = post_raw(aurora, "SLOW-1", Prefer="wait=0.1")
        assert waited.status_code == 200
        assert waited.headers["Preference-Applied"] == "wait=0.1"
    finally:
        service.anvil.rpc.fetch("evm_setAutomine", True)
        service.anvil.rpc.call("evm_mine")
    until(lambda: aurora.http.get(f"/v1/assets/{told['id']}").status_code == 200)


def test_not_modified(aurora: Member) -> None:
    asset = aurora.register()
    answer = aurora.http.get(f"/v1/assets/{asset}", headers={"If-None-Match": '"0"'})
    assert answer.status_code == 304
    assert not answer.content


def test_head_answers_as_get_without_a_body(aurora: Member) -> None:
    asset = aurora.register()
    answer = aurora.http.head(f"/v1/assets/{asset}")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"0"'
    assert not answer.content
