"""Batches over HTTP: taken in whole or not at all, and each of their assets an asset everywhere."""

from __future__ import annotations

import json
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlmodel import func, select

from api import batch_acceptance
from api.app import create_app
from ledger.database.engine import open_engine, reading
from ledger.documents import batch_writer
from ledger.documents.batch_tree import verify_path
from ledger.documents.canonical import load_document
from ledger.documents.commitment import commit_document
from ledger.outbox.tables import BatchRegistration, Document, Operation, Registration
from ledger.types import parse_hash
from tests.api.running import WAIT, Member, Running, serving, until

LINES = {"Content-Type": "application/x-ndjson"}


def part(serial: str, **more: Any) -> dict[str, Any]:
    return {"serial": serial, "document": {"name": "A part", "of": serial, **more}}


def body_of(*parts: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in parts)


def send(member: Member, body: bytes, query: str = "", **headers: str) -> httpx.Response:
    return member.http.post(f"/v1/batches{query}", content=body, headers={**LINES, **headers})


def fresh() -> str:
    """A beginning of serials that nobody has used."""
    return f"B{secrets.token_hex(5)}"


@pytest.fixture(scope="module")
def heat(aurora: Member) -> dict[str, Any]:
    """A batch of 1,000 that stands on the ledger."""
    body = body_of(*(part(f"HEAT-{number}", weight=number) for number in range(1, 1001)))
    answer = send(aurora, body, "?name=Heat%2017", **WAIT)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/v1/batches/{told['id']}"
    return told


def member(batch: dict[str, Any], index: int) -> str:
    return f"0x{int(batch['id'], 16) + index:064x}"


# -- the batch ---------------------------------------------------------------------------------


def test_a_batch_stands_with_its_root_size_and_manifest(
    aurora: Member, boreas: Member, heat: dict[str, Any]
) -> None:
    assert heat["id"].endswith("000000")
    read = aurora.http.get(f"/v1/batches/{heat['id']}")
    assert read.headers["ETag"] == '"0"'
    told = read.json()
    assert {told[name] for name in ("organisation", "owner")} == {aurora.id}
    assert [told[n] for n in ("root", "size", "content_hash")] == [
        heat[n] for n in ("root", "size", "content_hash")
    ]
    assert told["name"] == "Heat 17"
    assert boreas.http.get(f"/v1/batches/{heat['id']}").json()["name"] is None
    manifest = aurora.http.get(f"/v1/documents/{heat['content_hash']}").json()
    assert manifest["format"] == "asset-ledger-batch/1"
    assert (manifest["root"], manifest["size"], manifest["name"]) == (heat["root"], 1000, "Heat 17")


def test_lists_say_how_many_assets_of_batches_they_leave_out(
    aurora: Member, heat: dict[str, Any]
) -> None:
    """They did not, and an organisation owned more than its list showed."""
    for name in ("owner", "organisation"):
        answer = aurora.http.get("/v1/assets", params={name: aurora.did, "limit": 1})
        unlisted = answer.json()["unlisted"]
        assert unlisted["batches"] == f"/v1/batches?{name}={aurora.id}"
        batches = aurora.http.get(unlisted["batches"]).json()["items"]
        assert heat["id"] in {each["id"] for each in batches}
        assert {each[name] for each in batches} == {aurora.id}
        written = sum(each["size"] for each in batches) - unlisted["assets"]
        assert 0 <= written < 100
        if next_page := answer.links.get("next"):
            assert aurora.http.get(next_page["url"]).json()["unlisted"] is None
    for others in ({}, {"owner": aurora.did, "q": "HEAT-1"}, {"owner": "did:web:no.example"}):
        assert aurora.http.get("/v1/assets", params=others).json()["unlisted"] is None


def test_batches_are_listed(aurora: Member, boreas: Member, heat: dict[str, Any]) -> None:
    def ids(query: str) -> list[str]:
        return [each["id"] for each in aurora.http.get(f"/v1/batches{query}").json()["items"]]

    assert heat["id"] in ids("")
    assert heat["id"] in ids(f"?organisation={aurora.did}")
    assert heat["id"] not in ids(f"?organisation={boreas.id}")
    assert ids("?organisation=did:web:nobody.example") == []


def test_a_batch_costs_one_row_of_each_kind(service: Running, aurora: Member) -> None:
    engine = open_engine(service.settings.database())

    def counts() -> list[int]:
        tables = (Registration, Operation, Document, BatchRegistration)
        with reading(engine) as session:
            return [session.exec(select(func.count()).select_from(one)).one() for one in tables]

    before, prefix = counts(), fresh()
    answer = send(aurora, body_of(*(part(f"{prefix}-{n}") for n in range(50))), **WAIT)
    assert answer.status_code == 201
    assert [after - one for after, one in zip(counts(), before, strict=True)] == [0, 1, 1, 1]
    engine.dispose()


def test_without_waiting_it_is_accepted(aurora: Member) -> None:
    answer = send(aurora, body_of(part(fresh())))
    assert answer.status_code == 202
    told = answer.json()
    assert told["position"] == 0
    done = ("done", "final")
    until(lambda: aurora.http.get(told["operation"]).json()["state"] in done)
    until(lambda: aurora.http.get(f"/v1/batches/{told['id']}").status_code == 200)


def test_a_batch_on_its_way_says_so_and_takes_acts_on_its_assets(
    service: Running, aurora: Member, boreas: Member
) -> None:
    serial = fresh()
    service.anvil.rpc.fetch("evm_setAutomine", False)
    try:
        told = send(aurora, body_of(part(serial))).json()
        path = f"/v1/assets/{member(told, 1)}"
        for asked in (f"/v1/batches/{told['id']}", path):
            answer = aurora.http.get(asked)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_yet_mirrored")
            assert answer.json()["operation"] == told["operation"]
            assert boreas.http.get(asked).json()["code"] == "not_found"
        act = {"kind": "observed", "document": {"event": "early"}, "position": 1}
        early = aurora.http.post(f"{path}/entries", json=act)
        assert (early.status_code, early.json()["position"]) == (202, 1)
        beyond = aurora.http.get(f"/v1/assets/{member(told, 2)}")
        assert beyond.json()["code"] == "not_found"
    finally:
        service.anvil.rpc.fetch("evm_setAutomine", True)
        service.anvil.rpc.call("evm_mine")
    until(lambda: aurora.http.get(path).headers.get("ETag") == '"1"')


# -- its assets --------------------------------------------------------------------------------


def test_an_asset_of_a_batch_is_found_by_serial_id_and_word(
    aurora: Member, heat: dict[str, Any]
) -> None:
    wanted = member(heat, 417)
    for query in ("serial=HEAT-417", "q=HEAT-417", f"q={wanted}", "serial=HEAT-417&limit=1"):
        answer = aurora.http.get(f"/v1/assets?{query}")
        assert [each["id"] for each in answer.json()["items"]] == [wanted], query
        assert "Link" not in answer.headers
    for query in ("serial=HEAT-1001", f"q={member(heat, 1001)}", "serial=HEAT-417&frozen=true"):
        assert aurora.http.get(f"/v1/assets?{query}").json()["items"] == [], query


def test_it_reads_as_any_asset_does(aurora: Member, heat: dict[str, Any]) -> None:
    answer = aurora.http.get(f"/v1/assets/{member(heat, 3)}")
    assert answer.headers["ETag"] == '"0"'
    told = answer.json()
    assert (told["serial"], told["stage"], told["asset_kind"]) == ("HEAT-3", "planned", "instance")
    assert told["content_hash"] == told["registered_content_hash"]
    assert told["head"] == told["id"]
    assert aurora.http.get(f"/v1/assets/{member(heat, 1001)}").status_code == 404


def test_the_batchs_entry_is_its_first(aurora: Member, heat: dict[str, Any]) -> None:
    path = f"/v1/assets/{member(heat, 4)}/entries"
    [entry] = aurora.http.get(path).json()["items"]
    assert (entry["kind"], entry["position"]) == ("batch_registered", 0)
    assert entry["subject"] == heat["id"]
    assert aurora.http.get(f"{path}/0").json() == entry
    assert aurora.http.get(f"{path}/1").status_code == 404


def test_its_document_comes_back_and_opens_its_content_hash(
    aurora: Member, heat: dict[str, Any]
) -> None:
    asset = member(heat, 5)
    born, manifest = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    assert manifest["content_hash"] == heat["content_hash"]
    answer = aurora.http.get(born["url"])
    assert answer.json() == part("HEAT-5", weight=5)["document"]
    assert len(answer.content) == born["size"]
    opened = aurora.http.get(born["commitment"]).json()
    seed = bytes.fromhex(opened["seed"][2:])
    found = commit_document(load_document(answer.content), seed, opened["serial"])
    assert found.content_hash == parse_hash(born["content_hash"])
    assert opened["serial"] == "HEAT-5"


def test_a_path_proves_its_content_hash_below_the_root(
    boreas: Member, aurora: Member, heat: dict[str, Any]
) -> None:
    told = boreas.http.get(f"/v1/batches/{heat['id']}/assets/999").json()
    assert told["id"] == member(heat, 999)
    path = [parse_hash(each) for each in told["path"]]
    leaf = parse_hash(told["content_hash"])
    verify_path(parse_hash(heat["root"]), heat["size"], told["index"] - 1, leaf, path)
    asset = aurora.http.get(f"/v1/assets/{told['id']}").json()
    assert asset["registered_content_hash"] == told["content_hash"]
    assert boreas.http.get(f"/v1/batches/{heat['id']}/assets/1001").status_code == 404


def test_acts_on_it_make_it_an_ordinary_asset(
    aurora: Member, boreas: Member, heat: dict[str, Any]
) -> None:
    asset = member(heat, 6)
    seen = aurora.append(asset, kind="observed", document={"event": "measured"})
    assert (seen.status_code, seen.json()["position"]) == (201, 1)
    assert aurora.append(asset, kind="transferred", to=boreas.did).json()["position"] == 2
    told = boreas.http.get(f"/v1/assets/{asset}").json()
    assert (told["owner"], told["serial"], told["position"]) == (boreas.id, "HEAT-6", 2)
    kinds = ["batch_registered", "observed", "transferred"]
    assert [each["kind"] for each in pages(boreas, f"/v1/assets/{asset}/entries?limit=1")] == kinds
    assert boreas.http.get("/v1/assets?serial=HEAT-6").json()["items"][0]["id"] == asset
    stale = aurora.http.post(
        f"/v1/assets/{asset}/entries",
        json={"kind": "observed", "document": {"event": "measured"}},
        headers={"If-Match": '"0"'},
    )
    assert stale.status_code in (403, 412)


def pages(member: Member, path: str) -> Iterator[dict[str, Any]]:
    while path:
        answer = member.http.get(path)
        yield from answer.json()["items"]
        path = answer.links.get("next", {}).get("url", "")


def test_a_batchs_assets_are_paged_in_the_order_of_lines(
    aurora: Member, heat: dict[str, Any]
) -> None:
    aurora.append(member(heat, 8), kind="observed", document={"event": "measured"})
    found = list(pages(aurora, f"/v1/batches/{heat['id']}/assets?limit=180"))
    assert [each["id"] for each in found] == [member(heat, index) for index in range(1, 1001)]
    assert [each["serial"] for each in found[:2]] == ["HEAT-1", "HEAT-2"]
    assert (found[7]["position"], found[8]["position"]) == (1, 0)


def test_strangers_see_neither_serials_nor_documents(
    boreas: Member, aurora: Member, heat: dict[str, Any]
) -> None:
    asset = member(heat, 10)
    told = boreas.http.get(f"/v1/assets/{asset}").json()
    assert told["serial"] is None
    assert boreas.http.get(f"/v1/assets/{asset}/documents").json()["items"] == []
    assert boreas.http.get("/v1/assets?serial=HEAT-10").json()["items"] == []
    mine = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    for document in mine:
        assert boreas.http.get(document["url"]).status_code == 404
        assert boreas.http.get(document["commitment"]).status_code == 404
    listed = boreas.http.get(f"/v1/batches/{heat['id']}/assets?limit=9").json()["items"]
    assert {each["serial"] for each in listed[:5]} == {None}


def test_the_explorer_says_how_many_assets_its_list_leaves_out(
    service: Running, boreas: Member, heat: dict[str, Any], aurora: Member
) -> None:
    """Of who owned nothing else it said that no asset is held there."""
    shown = service.anyone.get("/", params={"owner": aurora.id}).text
    assert re.search(r"[\d,]+ assets more came into being with batches", shown)
    assert "came into being with batches" not in service.anyone.get("/").text
    assert heat["id"]
    other = aurora.http.get("/v1/assets", params={"owner": boreas.id}).json()["unlisted"]
    shown = service.anyone.get("/", params={"owner": boreas.id}).text
    assert ("came into being with batches" in shown) == (other is not None)


def test_the_explorer_shows_it(service: Running, heat: dict[str, Any]) -> None:
    page = service.anyone.get(f"/assets/{member(heat, 12)}")
    assert page.status_code == 200
    assert "HEAT-12" in page.text
    assert "A part" in page.text
    found = service.anyone.get("/?q=HEAT-12")
    assert member(heat, 12) in found.text


# -- once, and by name -------------------------------------------------------------------------


def test_the_same_lines_again_find_the_first_batch(aurora: Member) -> None:
    body = body_of(part(fresh()), part(fresh()))
    first = send(aurora, body, **WAIT)
    for again in (send(aurora, body), send(aurora, body, **{"Idempotency-Key": fresh()})):
        assert again.status_code == 200
        assert again.json() == first.json()


def test_an_idempotency_key_stands_for_one_batch(aurora: Member) -> None:
    key = {"Idempotency-Key": fresh()}
    body = body_of(part(fresh()))
    first, again = send(aurora, body, **key), send(aurora, body, **key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    other = send(aurora, body_of(part(fresh())), **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


def test_equal_batches_sent_at_once_are_one(aurora: Member) -> None:
    body = body_of(*(part(f"{fresh()}-{n}") for n in range(200)))
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(send(aurora, body))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers) == [200, 202]
    assert answers[0].json() == answers[1].json()


def test_a_serial_of_a_batch_is_taken(aurora: Member, heat: dict[str, Any]) -> None:
    taken = aurora.http.post("/v1/assets", json=part("HEAT-20", weight=0))
    assert (taken.status_code, taken.json()["code"]) == (409, "serial_taken")
    assert taken.json()["asset"] == member(heat, 20)
    kind = aurora.http.post("/v1/assets", json={**part("HEAT-20", weight=20), "asset_kind": "type"})
    assert kind.status_code == 409
    same = aurora.http.post("/v1/assets", json=part("HEAT-20", weight=20))
    assert same.status_code == 200
    assert same.json()["id"] == member(heat, 20)
    assert same.json()["operation"] == heat["operation"]


@pytest.mark.usefixtures("heat")
def test_serials_taken_by_others_are_free(boreas: Member) -> None:
    assert send(boreas, body_of(part("HEAT-21"))).status_code == 202


def test_lines_whose_serials_are_taken_are_named(aurora: Member, heat: dict[str, Any]) -> None:
    alone = fresh()
    asset = aurora.register(alone)
    body = body_of(part(fresh()), part(alone), part("HEAT-22"), part(fresh()))
    answer = send(aurora, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "serial_taken")
    told = {each["field"]: each for each in answer.json()["errors"]}
    assert set(told) == {"line 2/serial", "line 3/serial"}
    assert told["line 2/serial"]["value"] == alone
    assert asset in told["line 2/serial"]["reason"]
    assert member(heat, 22) in told["line 3/serial"]["reason"]


@pytest.mark.parametrize("many", [0, 3])
def test_serials_are_compared_from_whichever_side_has_fewer(service: Running, many: int) -> None:
    someone = service.enrol("Comparing")
    alone = [fresh() for _ in range(many + 1)]
    for serial in alone:
        someone.register(serial)
    answer = send(someone, body_of(part(fresh()), part(alone[-1])))
    assert [each["field"] for each in answer.json()["errors"]] == ["line 2/serial"]


def test_a_serial_given_while_a_batch_arrived_is_noticed(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = fresh()
    keep = batch_writer.BatchWriter.keep

    def late(writer: batch_writer.BatchWriter, batch: bytes) -> None:
        keep(writer, batch)
        aurora.register(serial)

    monkeypatch.setattr(batch_writer.BatchWriter, "keep", late)
    answer = send(aurora, body_of(part(serial)))
    assert (answer.status_code, answer.json()["code"]) == (409, "serial_taken")
    monkeypatch.undo()
    assert unfinished(service) == []


# -- refused -----------------------------------------------------------------------------------


def test_bad_lines_are_all_told_and_nothing_is_registered(aurora: Member) -> None:
    serial = fresh()
    body = body_of(part(serial)) + b'{"serial":\n\n' + body_of(part(fresh(), n=2**60), part(""))
    answer = send(aurora, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_document")
    fields = [each["field"] for each in answer.json()["errors"]]
    assert fields == ["line 2", "line 3", "line 4/document/n", "line 5/serial"]
    assert aurora.http.get(f"/v1/assets?serial={serial}").json()["items"] == []
    assert send(aurora, body_of(part(serial))).status_code == 202


def test_a_serial_twice_in_a_batch_is_told_with_both_lines(aurora: Member) -> None:
    serial = fresh()
    answer = send(aurora, body_of(part(serial), part(fresh()), part(serial, other=True)))
    [told] = answer.json()["errors"]
    assert (told["field"], told["value"]) == ("line 3/serial", serial)
    assert "line 1" in told["reason"]


def test_who_is_still_sending_reads_what_is_wrong(
    aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_writer, "_PORTION", 1000)
    monkeypatch.setattr(batch_acceptance, "_AT_ONCE", 1000)

    def sending() -> Iterator[bytes]:
        for _ in range(3000):
            yield b"x\n" * 1000

    answer = aurora.http.post("/v1/batches", content=sending(), headers=LINES)
    assert answer.json()["code"] == "invalid_document"
    assert len(answer.json()["errors"]) == 20


def test_what_cannot_be_a_batch_is_refused(
    service: Running, aurora: Member, boreas: Member
) -> None:
    good = body_of(part(fresh()))
    assert aurora.http.post("/v1/batches", json={}).json()["code"] == "unsupported_media_type"
    assert send(aurora, b"").json()["code"] == "invalid_document"
    unknown = send(aurora, good, "?owner=did:web:nobody.example")
    assert unknown.json()["code"] == "unknown_reference"
    assert service.anyone.post("/v1/batches", content=good, headers=LINES).status_code == 401
    operator = service.operator.post("/v1/batches", content=good, headers=LINES)
    assert operator.status_code == 403
    for_another = send(aurora, good, f"?owner={boreas.did}", **WAIT).json()
    asset = boreas.http.get(f"/v1/assets/{member(for_another, 1)}").json()
    assert (asset["owner"], asset["organisation"]) == (boreas.id, aurora.id)
    assert asset["serial"] is not None


@pytest.mark.parametrize("told", [True, False])
def test_a_file_beyond_the_bound_is_refused(service: Running, aurora: Member, told: bool) -> None:
    bounded = service.settings.model_copy(update={"max_batch_body": 1000})
    body = body_of(part(fresh(), text="x" * 1000))
    with serving(create_app(bounded)) as url:
        answer = httpx.post(
            f"{url}/v1/batches",
            content=body if told else iter([body[:500], body[500:]]),
            headers={**LINES, "Authorization": f"Bearer {aurora.key}"},
            trust_env=False,
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["max_body"] == 1000
    assert unfinished(service) == []


def test_of_a_file_that_breaks_off_nothing_stays(service: Running, aurora: Member) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    body = body_of(*(part(f"{fresh()}-{n}") for n in range(100)))
    head = f"POST /v1/batches HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {aurora.key}\r\n"
    head += f"Content-Type: application/x-ndjson\r\nContent-Length: {2 * len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        until(lambda: unfinished(service))
    until(lambda: not unfinished(service))


def unfinished(service: Running) -> list[str]:
    folders = (service.settings.data / "documents" / "batches").iterdir()
    return [folder.name for folder in folders if folder.name.startswith(".")]
