"""Entries over HTTP: who may append what, at which position, and how the history reads."""

from __future__ import annotations

import secrets
import threading

import pytest

from tests.api.running import WAIT, Member, Running, until

REASON = {"reason": "recall 2026-14"}


def positions(member: Member, asset: str) -> list[tuple[int, str]]:
    items = member.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    return [(each["position"], each["kind"]) for each in items]


def test_a_history_that_makes_sense(service: Running, aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    revised = aurora.append(asset, kind="revised", document={"name": "Gearbox, mark II"})
    assert revised.status_code == 201, revised.text
    assert revised.headers["Location"] == f"/v1/assets/{asset}/entries/1"
    aurora.append(asset, kind="observed", document={"event": "inspected"})
    aurora.append(asset, kind="corrected", corrects=2, document={"event": "inspected twice"})
    aurora.append(asset, kind="transferred", to=boreas.did)
    frozen = service.operator.post(
        f"/v1/assets/{asset}/entries", json={"kind": "frozen", "document": REASON}, headers=WAIT
    )
    assert frozen.status_code == 201, frozen.text
    assert boreas.http.get(f"/v1/assets/{asset}").json()["frozen"]
    refused = boreas.append(asset, kind="observed", document={"event": "opened"})
    assert refused.status_code == 409
    assert refused.json()["name"] == "AssetFrozen"
    service.operator.post(
        f"/v1/assets/{asset}/entries", json={"kind": "unfrozen", "document": REASON}, headers=WAIT
    )
    assert boreas.append(asset, kind="observed", document={"event": "opened"}).status_code == 201
    kinds = ["registered", "revised", "observed", "corrected", "transferred", "frozen", "unfrozen"]
    assert positions(boreas, asset) == list(enumerate([*kinds, "observed"]))
    told = boreas.http.get(f"/v1/assets/{asset}")
    assert told.headers["ETag"] == '"7"'
    assert told.json()["owner"] == boreas.id
    assert told.json()["content_hash"] == revised.json()["content_hash"]


def test_an_entry_reads_as_it_was_written(aurora: Member) -> None:
    asset = aurora.register()
    aurora.append(asset, kind="observed", document={"event": "inspected"})
    told = aurora.append(asset, kind="corrected", corrects=1, document={"event": "weighed"}).json()
    entry = aurora.http.get(f"/v1/assets/{asset}/entries/2").json()
    assert entry["payload"] == {"corrects": 1, "content_hash": told["content_hash"]}
    assert entry["document"] == f"/v1/documents/{told['content_hash']}"
    assert aurora.http.get(entry["document"]).json() == {"event": "weighed"}
    assert entry["organisation"] == aurora.id
    assert entry["at"].endswith("Z")
    assert entry["head"] == aurora.http.get(f"/v1/assets/{asset}").json()["head"]


def test_if_match_lets_only_one_of_two_through(aurora: Member) -> None:
    asset = aurora.register()
    path, body = f"/v1/assets/{asset}/entries", {"kind": "observed", "document": {"event": "x"}}
    first = aurora.http.post(path, json=body, headers={**WAIT, "If-Match": '"0"'})
    assert first.status_code == 201
    second = aurora.http.post(path, json=body, headers={**WAIT, "If-Match": '"0"'})
    assert second.status_code == 412
    assert second.json()["code"] == "precondition_failed"
    assert (second.json()["expected"], second.json()["given"]) == (1, '"0"')
    anything = aurora.http.post(path, json=body, headers={**WAIT, "If-Match": "*"})
    assert anything.status_code == 201


def test_a_wrong_position_names_both(aurora: Member) -> None:
    asset = aurora.register()
    answer = aurora.append(asset, kind="observed", document={"event": "x"}, position=7)
    assert answer.status_code == 409
    assert answer.json()["code"] == "wrong_position"
    assert (answer.json()["expected"], answer.json()["given"]) == (1, 7)
    right = aurora.append(asset, kind="observed", document={"event": "x"}, position=1)
    assert right.status_code == 201


def test_a_key_repeats_an_entry_even_after_title_has_passed(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    headers = {**WAIT, "Idempotency-Key": secrets.token_hex(8), "If-Match": '"0"'}
    body = {"kind": "transferred", "to": boreas.id}
    first = aurora.http.post(f"/v1/assets/{asset}/entries", json=body, headers=headers)
    again = aurora.http.post(f"/v1/assets/{asset}/entries", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(positions(aurora, asset)) == 2


def test_equal_requests_at_once_have_one_effect(aurora: Member) -> None:
    asset = aurora.register()
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"kind": "observed", "document": {"event": "hammered"}}
    answers = []

    def send() -> None:
        answers.append(aurora.http.post(f"/v1/assets/{asset}/entries", json=body, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [202]
    until(lambda: len(positions(aurora, asset)) == 2)


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "observed", "document": {"event": "x"}},
        {"kind": "revised", "document": {"name": "x"}},
        {"kind": "frozen", "document": REASON},
    ],
    ids=lambda entry: entry["kind"],
)
def test_who_may_not_append(aurora: Member, boreas: Member, entry: dict[str, object]) -> None:
    asset = aurora.register()
    answer = boreas.append(asset, **entry)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


def test_the_operator_owns_nothing(service: Running, aurora: Member) -> None:
    asset = aurora.register()
    body = {"kind": "observed", "document": {"event": "x"}}
    answer = service.operator.post(f"/v1/assets/{asset}/entries", json=body)
    assert answer.status_code == 403
    registered = service.operator.post("/v1/assets", json={"serial": "x", "document": {"a": 1}})
    assert registered.status_code == 403


def test_what_the_chain_refuses_is_told_to_who_waits(service: Running, aurora: Member) -> None:
    leaving = service.enrol("Leaving Ltd")
    asset = aurora.register()
    aurora.append(asset, kind="transferred", to=leaving.id)
    # Sent while the mirror still shows the old owner's title: only the chain can know.
    service.anvil.rpc.fetch("evm_setAutomine", False)
    try:
        first = leaving.http.post(
            f"/v1/assets/{asset}/entries", json={"kind": "transferred", "to": aurora.id}
        )
        second = leaving.http.post(
            f"/v1/assets/{asset}/entries", json={"kind": "observed", "document": {"event": "late"}}
        )
        assert (first.status_code, second.status_code) == (202, 202)
    finally:
        service.anvil.rpc.fetch("evm_setAutomine", True)
        service.anvil.rpc.call("evm_mine")

    def rejected() -> dict[str, object] | None:
        told = leaving.http.get(second.json()["operation"]).json()
        return told if told["state"] == "rejected" else None

    told = until(rejected)
    assert told["reason"]["code"] == "NotEntitled"


def test_the_stream_holds_everything_in_order(aurora: Member) -> None:
    asset = aurora.register()
    found: list[int] = []
    subjects: list[str] = []
    path = "/v1/entries?limit=50"
    while path:
        answer = aurora.http.get(path)
        found += [each["sequence"] for each in answer.json()["items"]]
        subjects += [each["subject"] for each in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert found == list(range(1, len(found) + 1))
    assert asset in subjects
    kinds = aurora.http.get("/v1/entries?kind=enrolled&limit=200").json()["items"]
    assert {each["kind"] for each in kinds} == {"enrolled"}
    assert aurora.id in {each["subject"] for each in kinds}
    mine = aurora.http.get("/v1/entries", params={"organisation": aurora.did}).json()["items"]
    assert {each["organisation"] for each in mine} == {aurora.id}
    nobody = aurora.http.get("/v1/entries?organisation=did:web:nobody.example").json()["items"]
    assert nobody == []
