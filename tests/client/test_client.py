"""The client against the real service: everything the API offers, typed."""

from __future__ import annotations

import secrets
import time

import pytest

from ledger.client import ApiProblem, Client
from tests.api.running import Member, Running

DOCUMENT = b'{ "b" : 1.0,\n\t"a":[ ], "e":1e2, "u":"\\u00e9\xc3\xa9" }'
"""A document that every re-writer would write differently."""


def serial() -> str:
    return f"S-{secrets.token_hex(6)}"


def settled(client: Client, operation: str) -> str:
    deadline = time.monotonic() + 20
    while (answer := client.operation(operation)).state in ("queued", "sent"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer.state


def test_a_document_comes_back_byte_for_byte(client: Client) -> None:
    accepted = client.register_asset(serial(), b"\n" + DOCUMENT + b"\n", wait=20)
    assert client.document(str(accepted.content_hash)) == DOCUMENT
    (document,) = client.list_documents(accepted.id)
    assert (document.content_hash, document.position) == (accepted.content_hash, 0)


def test_an_asset_is_registered_found_and_read(client: Client, maker: Member) -> None:
    name = serial()
    accepted = client.register_asset(name, DOCUMENT, asset_kind="batch")
    assert not accepted.repeated
    assert settled(client, accepted.operation) in ("done", "final")
    client.register_asset(name, DOCUMENT, asset_kind="batch", wait=20)
    asset = client.get_asset(accepted.id)
    assert (asset.serial, asset.asset_kind, asset.owner) == (name, "batch", maker.id)
    assert asset == client.find_asset(asset.id)
    assert [each.id for each in client.list_assets(serial=name)] == [asset.id]
    assert list(client.list_assets(serial=name, frozen=True)) == []


def test_registering_again_answers_with_the_first(client: Client) -> None:
    name = serial()
    first = client.register_asset(name, DOCUMENT)
    again = client.register_asset(name, DOCUMENT)
    assert (again.id, again.operation) == (first.id, first.operation)
    assert (first.repeated, again.repeated) == (False, True)
    with pytest.raises(ApiProblem) as refusal:
        client.register_asset(name, b'{"another":"document"}')
    assert (refusal.value.status, refusal.value.code) == (409, "serial_taken")
    assert name in str(refusal.value)


def test_an_asset_for_somebody_else(client: Client, buyer: Member) -> None:
    accepted = client.register_asset(serial(), DOCUMENT, owner=buyer.did, wait=20)
    assert client.get_asset(accepted.id).owner == buyer.id
    with pytest.raises(ApiProblem) as refusal:
        client.register_asset(serial(), DOCUMENT, owner="did:web:nobody.example")
    assert refusal.value.status == 422
    assert refusal.value.errors[0]["field"] == "owner"


def test_a_history(client: Client, operator: Client, maker: Member, buyer: Member) -> None:
    asset = client.register_asset(serial(), DOCUMENT, wait=20).id
    client.append_entry(asset, "observed", document=b'{"leak":9}', position=1, wait=20)
    client.append_entry(asset, "corrected", document=b'{"leak":6}', corrects=1, wait=20)
    client.append_entry(asset, "revised", document=b'{"drawing":"D"}', wait=20)
    operator.append_entry(asset, "frozen", document=b'{"recall":1}', wait=20)
    assert client.get_asset(asset).frozen
    operator.append_entry(asset, "unfrozen", document=b'{"recall":0}', wait=20)
    client.append_entry(asset, "transferred", to=buyer.did, wait=20)
    entries = list(client.list_entries(asset, page=2))
    assert [each.kind for each in entries] == [
        "registered",
        "observed",
        "corrected",
        "revised",
        "frozen",
        "unfrozen",
        "transferred",
    ]
    assert [each.position for each in entries] == list(range(7))
    assert entries[2].payload["corrects"] == 1
    assert {each.organisation for each in entries} == {maker.id, None}
    assert client.get_asset(asset).owner == buyer.id
    with pytest.raises(ApiProblem) as refusal:
        client.append_entry(asset, "observed", document=b'{"n":0}')
    assert refusal.value.status == 403


def test_a_wrong_position_is_a_conflict(client: Client) -> None:
    asset = client.register_asset(serial(), DOCUMENT, wait=20).id
    with pytest.raises(ApiProblem) as refusal:
        client.append_entry(asset, "observed", document=b'{"n":0}', position=5)
    assert (refusal.value.status, refusal.value.code) == (409, "wrong_position")
    assert (refusal.value.fields["expected"], refusal.value.fields["given"]) == (1, 5)


def test_an_idempotency_key_stands_for_one_request(client: Client) -> None:
    asset, key = client.register_asset(serial(), DOCUMENT, wait=20).id, secrets.token_hex(8)
    first = client.append_entry(asset, "observed", document=b'{"n":1}', idempotency_key=key)
    again = client.append_entry(asset, "observed", document=b'{"n":1}', idempotency_key=key)
    assert again.operation == first.operation
    with pytest.raises(ApiProblem) as refusal:
        client.append_entry(asset, "observed", document=b'{"n":2}', idempotency_key=key)
    assert refusal.value.status == 422


def test_organisations(operator: Client, client: Client, maker: Member) -> None:
    did = f"did:web:{secrets.token_hex(4)}.example"
    enrolment = operator.enrol_organisation(did, "新来的", wait=20)
    assert enrolment.api_key is not None
    assert enrolment.api_key not in repr(enrolment)
    organisation = client.get_organisation(did)
    assert organisation == client.find_organisation(enrolment.id)
    assert (organisation.name, organisation.active) == ("新来的", True)
    assert {maker.did, did} <= {each.did for each in client.list_organisations()}
    assert client.find_organisation("did:web:nobody.example") is None
    with pytest.raises(ApiProblem) as refusal:
        client.enrol_organisation("did:web:me.example", "Me")
    assert refusal.value.status == 403


def test_lists_follow_their_pages(service: Running) -> None:
    member = service.enrol("Lister")
    with Client(service.url, member.key) as client:
        made = [client.register_asset(serial(), DOCUMENT, wait=20).id for _ in range(3)]
        assert [each.id for each in client.list_assets(organisation=member.did)] == made
        assert [each.id for each in client.list_assets(organisation=member.did, page=1)] == made
        entries = client.list_all_entries(kind="registered", organisation=member.did, page=2)
        assert [each.subject for each in entries] == made


def test_nothing_is_there(client: Client) -> None:
    assert client.find_asset("0x" + 64 * "0") is None
    with pytest.raises(ApiProblem) as refusal:
        client.get_asset("0x" + 64 * "0")
    assert refusal.value.status == 404
    with pytest.raises(ApiProblem) as refusal:
        client.get_asset("0x12")
    assert refusal.value.status == 422


def test_status_needs_no_key(service: Running) -> None:
    with Client(service.url) as anyone:
        status = anyone.status()
        assert status.chain_id == 31337
        assert status.operations.keys() >= {"queued", "done", "rejected"}
        with pytest.raises(ApiProblem) as refusal:
            anyone.get_organisation("did:web:x.example")
        assert refusal.value.status == 401
