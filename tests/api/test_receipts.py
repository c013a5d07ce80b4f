"""Whatever is accepted is answered with a receipt that holds the service to it."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import text

from ledger.client import BulkAnswer
from ledger.client.receipts import read_receipts
from ledger.database.engine import open_engine, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Registered, decode_payload
from ledger.hashing import domain_separator, organisation_address
from ledger.proofs.receipt import Receipt, WrongSigner, decode_receipt, verify_receipt
from ledger.types import parse_address, parse_hash, to_hex
from tests.api.both import aurora, boreas, service
from tests.api.running import WAIT, Member, Running

__all__ = ["aurora", "boreas", "service"]


def read(service: Running, answer: dict[str, Any]) -> Receipt:
    """The receipt in an answer, verified against the key and the ledger that status names."""
    status = service.anyone.get("/v1/status").json()
    receipt = decode_receipt(json.dumps(answer["receipt"]).encode())
    verify_receipt(receipt, parse_address(status["signer"]))
    contract = parse_address(status["contract"])
    assert receipt.domain == domain_separator(status["chain_id"], contract)
    return receipt


def read_bulk(service: Running, answer: dict[str, Any]) -> list[Receipt]:
    """All receipts in the answer to many, made and verified as a client does."""
    told = msgspec.convert(answer, BulkAnswer)
    found = read_receipts(told)
    signer = parse_address(service.anyone.get("/v1/status").json()["signer"])
    for one in found:
        verify_receipt(one, signer)
    return found


def new_serial() -> str:
    return f"R-{secrets.token_hex(6)}"


def body(**more: Any) -> dict[str, Any]:
    return {"serial": new_serial(), "document": {"name": "A part"}, **more}


def test_a_registration_is_promised(service: Running, aurora: Member) -> None:
    answer = aurora.http.post("/v1/assets", json=body()).json()
    receipt = read(service, answer)
    promise = receipt.promise
    assert to_hex(promise.subject) == answer["id"]
    assert to_hex(promise.organisation) == aurora.id
    assert answer["operation"] == f"/v1/operations/{promise.operation}"
    assert (promise.kind, promise.position, promise.position_fixed) == (Kind.REGISTERED, 0, True)
    payload = decode_payload(Kind.REGISTERED, promise.payload)
    assert isinstance(payload, Registered)
    assert to_hex(payload.content_hash) == answer["content_hash"]


def test_the_entry_that_comes_is_the_one_that_was_promised(
    service: Running, aurora: Member
) -> None:
    answer = aurora.http.post("/v1/assets", json=body(), headers=WAIT).json()
    promise = read(service, answer).promise
    entry = aurora.http.get(f"/v1/assets/{answer['id']}/entries/0").json()
    assert entry["kind"] == "registered"
    assert entry["content_hash"] == answer["content_hash"]
    operation = aurora.http.get(f"/v1/operations/{promise.operation}").json()
    assert operation["state"] in ("done", "final")


def test_acts_enrolments_and_batches_are_promised(service: Running, aurora: Member) -> None:
    asset = aurora.register()
    observed = aurora.append(asset, kind="observed", document={"event": "seen"}).json()
    promise = read(service, observed).promise
    assert (promise.kind, promise.position, promise.position_fixed) == (Kind.OBSERVED, 1, False)
    frozen = service.operator.post(
        f"/v1/assets/{asset}/entries", json={"kind": "frozen", "document": {"reason": "recall"}}
    ).json()
    assert not any(read(service, frozen).promise.organisation)
    did = f"did:web:{secrets.token_hex(4)}.example"
    enrolled = service.operator.post("/v1/organisations", json={"did": did, "name": "New"}).json()
    promise = read(service, enrolled).promise
    assert promise.kind == Kind.ENROLLED
    assert to_hex(organisation_address(promise.subject)) == enrolled["address"]
    lines = "\n".join(json.dumps(body()) for _ in range(3))
    batch = aurora.http.post(
        "/v1/batches", content=lines, headers={"Content-Type": "application/x-ndjson"}
    ).json()
    assert to_hex(read(service, batch).promise.subject) == batch["id"]


def test_all_of_a_bulk_share_a_signature(service: Running, aurora: Member) -> None:
    assets = [body() for _ in range(37)]
    answer = aurora.http.post("/v1/assets:batch", json={"assets": [*assets, {}]}).json()
    receipts = read_bulk(service, answer)
    assert len(answer["receipts"]) == len({one.signature for one in receipts}) == 1
    assert [one.index for one in receipts] == list(range(37))
    for one, item in zip(receipts, answer["items"], strict=False):
        assert to_hex(one.promise.subject) == item["id"]
        assert aurora.http.get(f"{item['operation']}/receipt").json() == one.value()
    assert "receipt" not in answer["items"][-1]


def test_a_bulk_s_receipts_are_of_whatever_was_registered(
    service: Running, aurora: Member, boreas: Member
) -> None:
    kinds = [{}, {"owner": boreas.did}, {"asset_kind": "type"}, {"asset_kind": "instance"}]
    assets = [body(**one) for one in kinds]
    answer = aurora.http.post("/v1/assets:batch", json={"assets": assets}).json()
    assert ["payload" in item["receipt"] for item in answer["items"]] == [False, True, True, False]
    payloads = [
        decode_payload(Kind.REGISTERED, one.promise.payload) for one in read_bulk(service, answer)
    ]
    owners = [to_hex(one.owner) for one in payloads if isinstance(one, Registered)]
    assert owners == [aurora.id, boreas.id, aurora.id, aurora.id]


def test_a_bulk_that_is_sent_again_has_the_same_receipts(service: Running, aurora: Member) -> None:
    assets = [body() for _ in range(9)]
    path = "/v1/assets:batch"
    first = aurora.http.post(path, json={"assets": assets}).json()
    again = aurora.http.post(path, json={"assets": assets}).json()
    assert again["receipts"] == first["receipts"]
    assert read_bulk(service, again) == read_bulk(service, first)
    # Of a part of them, and of those from elsewhere, each comes by itself.
    alone = aurora.http.post("/v1/assets", json=body()).json()
    mixed = [assets[3], body(), *assets[5:7]]
    answer = aurora.http.post(path, json={"assets": mixed}).json()
    assert [one["size"] for one in answer["receipts"]] == [1]
    assert ["sheet" in item["receipt"] for item in answer["items"]] == [False, True, False, False]
    found = {one.promise.operation: one for one in read_bulk(service, answer)}
    for one in read_bulk(service, first)[5:7]:
        assert found[one.promise.operation] == one
    assert read(service, alone).size == 1


def test_an_asset_that_stands_twice_in_a_bulk_has_one_receipt(
    service: Running, aurora: Member
) -> None:
    asset = body()
    answer = aurora.http.post("/v1/assets:batch", json={"assets": [asset, body(), asset]}).json()
    assert answer["receipts"][0]["size"] == 2
    assert answer["items"][0]["receipt"] == answer["items"][2]["receipt"]
    assert len(read_bulk(service, answer)) == 2


def test_a_repeated_request_is_answered_with_the_same_receipt(aurora: Member) -> None:
    asked = body()
    headers = {"Idempotency-Key": new_serial()}
    first = aurora.http.post("/v1/assets", json=asked, headers=headers).json()
    for again in (
        aurora.http.post("/v1/assets", json=asked, headers=headers),
        aurora.http.post("/v1/assets", json=asked),
    ):
        assert again.status_code == 200
        assert again.json()["receipt"] == first["receipt"]
    bulk = aurora.http.post("/v1/assets:batch", json={"assets": [asked]}).json()
    [leaf] = bulk["items"]
    assert leaf["receipt"] == {"sheet": 0, "index": 0}
    act = {"kind": "observed", "document": {"event": "seen"}}
    path, headers = f"/v1/assets/{first['id']}/entries", {"Idempotency-Key": new_serial()}
    one, two = (aurora.http.post(path, json=act, headers=headers).json() for _ in range(2))
    assert one["receipt"] == two["receipt"]


def test_a_receipt_can_be_had_again_by_those_entitled(
    service: Running, aurora: Member, boreas: Member
) -> None:
    answer = aurora.http.post("/v1/assets", json=body(), headers=WAIT).json()
    path = f"{answer['operation']}/receipt"
    assert aurora.http.get(path).json() == answer["receipt"]
    assert service.operator.get(path).json() == answer["receipt"]
    assert boreas.http.get(path).status_code == 404
    assert service.anyone.get(path).status_code == 401


def test_a_promise_that_the_service_never_made_is_told(service: Running, aurora: Member) -> None:
    answer = aurora.http.post("/v1/assets", json=body()).json()
    forged = answer["receipt"] | {"accepted_at": answer["receipt"]["accepted_at"] - 86_400_000}
    receipt = decode_receipt(json.dumps(forged).encode())
    signer = parse_address(service.anyone.get("/v1/status").json()["signer"])
    with pytest.raises(WrongSigner):
        verify_receipt(receipt, signer)


def test_an_operation_from_before_receipts_says_so(service: Running, aurora: Member) -> None:
    answer = aurora.http.post("/v1/assets", json=body(), headers=WAIT).json()
    operation = answer["operation"].rpartition("/")[2]
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        session.connection().execute(
            text("update operation set signing = null where id = :id"), {"id": operation}
        )
    engine.dispose()
    found: httpx.Response = aurora.http.get(f"{answer['operation']}/receipt")
    assert found.status_code == 404
    assert "before receipts" in found.json()["detail"]
    assert parse_hash(answer["id"])
