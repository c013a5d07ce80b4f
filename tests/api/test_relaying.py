"""Entries that an organisation's own wallet signed are relayed as they are, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ledger.domain.payloads import (
    AccountRemoved,
    CredentialIssued,
    Erased,
    Observed,
    Registered,
    SchemaPublished,
    WorldClosed,
    WorldOpened,
)
from ledger.hashing import keccak
from ledger.types import ZERO_HASH, AssetKind, parse_address, parse_hash, to_hex
from tests.api.running import WAIT, Member, Running, until
from tests.api.test_taking_back import rehash
from tests.api.wallets import Wallet, add_account, deploy_wallet
from tests.api.wallets import sign_entry as sign


@pytest.fixture(scope="module")
def member(service: Running) -> Member:
    return service.enrol("Relayed Works")


@pytest.fixture(scope="module")
def wallet(service: Running, member: Member) -> Wallet:
    made = Wallet.make()
    add_account(service, member, made)
    return made


def birth(member: Member, content: bytes) -> Registered:
    return Registered(parse_hash(member.id), ZERO_HASH, keccak(content), AssetKind.INSTANCE)


def observed(content: bytes) -> Observed:
    return Observed(keccak(content))


def send(member: Member, body: dict[str, Any], **headers: str) -> httpx.Response:
    return member.http.post("/v1/entries", json=body, headers={**WAIT, **headers})


@pytest.fixture
def asset(member: Member) -> str:
    return member.register()


def test_it_stands_as_the_wallets_own(service: Running, member: Member, wallet: Wallet) -> None:
    body = sign(service, member, wallet, birth(member, b"relayed"))
    answer = send(member, body)
    assert answer.status_code == 201, answer.text
    asset = answer.json()["id"]
    assert asset == body["subject"]
    entry = member.http.get(answer.headers["Location"]).json()
    assert entry["actor"] == to_hex(wallet.address)
    assert entry["organisation"] == member.id
    assert answer.json()["receipt"]["position"] == 0
    later = send(member, sign(service, member, wallet, observed(b"run-in"), asset, 1))
    assert later.status_code == 201, later.text
    entries = member.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    assert [each["actor"] for each in entries] == [to_hex(wallet.address)] * 2


def test_a_document_that_a_wallet_names_may_be_kept_anywhere_and_is_not_missing(
    service: Running, member: Member, wallet: Wallet, asset: str
) -> None:
    was = rehash(service)
    assert send(member, sign(service, member, wallet, observed(b"afar"), asset, 1)).is_success
    found = rehash(service)
    assert (found.bad, found.documents) == (was.bad, was.documents)


def test_what_a_wallet_says_of_other_subjects_is_found_where_it_is_told(
    service: Running, member: Member, wallet: Wallet
) -> None:
    reason = keccak(b"reason")
    published = send(member, sign(service, member, wallet, SchemaPublished(reason, ZERO_HASH)))
    schema = parse_hash(published.json()["id"])
    opened = send(member, sign(service, member, wallet, WorldOpened(reason, schema, ZERO_HASH)))
    world, org = opened.json()["id"], member.id
    closed = send(member, sign(service, member, wallet, WorldClosed(reason), world, 1))
    following = member.http.get(f"/v1/organisations/{org}").json()["position"] + 1
    credential = CredentialIssued(schema, reason, 2**62)
    issued = send(member, sign(service, member, wallet, credential, org, following))
    said = {published: "schema_published", opened: "world_opened", closed: "world_closed"}
    for answer, kind in (*said.items(), (issued, "credential_issued")):
        assert answer.status_code == 201, answer.text
        told = member.http.get(answer.headers["Location"]).json()
        assert (told["kind"], told["actor"]) == (kind, to_hex(wallet.address))
        assert told["document"] is None  # it was not sent here
    assert member.http.get(f"/v1/schemas/{to_hex(schema)}").json()["document"] is None
    beyond = member.http.get(f"/v1/credentials/{org}-{following}").json()
    assert (beyond["state"], beyond["expires_at"]) == ("valid", None)


def test_by_a_wallet_an_organisation_leaves_the_service(service: Running) -> None:
    leaver, wallet = service.enrol("Leaving Ltd"), Wallet.make()
    add_account(service, leaver, wallet)
    path = f"/v1/organisations/{leaver.id}"
    accounts = leaver.http.get(f"{path}/accounts").json()["items"]
    [ours] = [one["address"] for one in accounts if one["of_service"]]
    following = leaver.http.get(path).json()["position"] + 1
    removed = AccountRemoved(parse_address(ours))
    answer = send(leaver, sign(service, leaver, wallet, removed, leaver.id, following))
    assert answer.status_code == 201, answer.text
    assert leaver.http.get(path).json()["accounts"] == [to_hex(wallet.address)]
    refused = leaver.http.post("/v1/schemas", json={"document": {"type": "object"}}, headers=WAIT)
    assert (refused.status_code, refused.json()["name"]) == (409, "NotAnAccount")
    last = {"kind": "account_removed", "account": to_hex(wallet.address)}
    refused = leaver.http.post(f"{path}/entries", json=last)
    assert (refused.status_code, refused.json()["name"]) == (409, "LastAccount")
    alone = sign(service, leaver, wallet, SchemaPublished(keccak(b"mine"), ZERO_HASH))
    assert send(leaver, alone).status_code == 201


def test_a_contracts_word_counts(service: Running, member: Member) -> None:
    wallet = deploy_wallet(service)
    add_account(service, member, wallet)
    answer = send(member, sign(service, member, wallet, birth(member, b"by contract")))
    assert answer.status_code == 201, answer.text
    entry = member.http.get(answer.headers["Location"]).json()
    assert entry["actor"] == to_hex(wallet.address)
    forged = sign(service, member, Wallet.make(), birth(member, b"not by it"))
    refused = send(member, {**forged, "account": to_hex(wallet.address)})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_signature")


def test_sent_again_it_is_the_same(
    service: Running, member: Member, wallet: Wallet, asset: str
) -> None:
    body = sign(service, member, wallet, observed(b"once"), asset, 1)
    first = send(member, body)
    again = send(member, body)
    other_leave = sign(
        service, member, wallet, observed(b"once"), asset, 1, deadline=body["deadline"] + 1
    )
    assert first.status_code == 201
    for answer in (again, send(member, other_leave)):
        assert answer.status_code == 200
        assert answer.json()["operation"] == first.json()["operation"]


def test_of_many_that_come_at_once_there_is_one_effect(
    service: Running, member: Member, wallet: Wallet, asset: str
) -> None:
    body = sign(service, member, wallet, observed(b"many"), asset, 1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(member, body), range(16)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["operation"] for answer in answers}) == 1
    entries = member.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    assert len(entries) == 2


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda _: {"payload": to_hex(keccak(b"other"))}, 422, "bad_signature"),
        (lambda b: {"deadline": b["deadline"] + 1}, 422, "bad_signature"),
        (lambda _: {"kind": "revised"}, 422, "bad_signature"),
        (lambda b: {"signature": b["signature"][:-2] + "00"}, 422, "bad_signature"),
        (lambda _: {"signature": "0x00"}, 422, "bad_signature"),
        (lambda _: {"account": "0x" + "11" * 20}, 422, "unknown_account"),
        (lambda _: {"chain_id": 1}, 409, "wrong_chain"),
        (lambda _: {"contract": "0x" + "11" * 20}, 409, "wrong_chain"),
        (lambda _: {"deadline": int(time.time()) - 1}, 422, "signature_expired"),
        (lambda _: {"deadline": int(time.time()) + 5}, 422, "signature_expired"),
        (lambda _: {"payload": "0x00"}, 422, "invalid_request"),
        (lambda _: {"kind": "frozen"}, 422, "invalid_request"),
        (lambda _: {"kind": "part_added"}, 422, "invalid_request"),
        (lambda _: {"position": 0}, 422, "invalid_request"),
        (lambda _: {"organisation": "0x" + "11" * 32}, 422, "invalid_request"),
    ],
)
def test_what_was_not_signed_so_is_refused(
    service: Running,
    member: Member,
    wallet: Wallet,
    asset: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    status: int,
    code: str,
) -> None:
    body = sign(service, member, wallet, observed(b"as signed"), asset, 1)
    answer = send(member, {**body, **change(body)})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(member.http.get(f"/v1/assets/{asset}/entries").json()["items"]) == 1


def test_another_position_is_a_conflict(
    service: Running, member: Member, wallet: Wallet, asset: str
) -> None:
    ahead = send(member, sign(service, member, wallet, observed(b"a"), asset, 2))
    assert (ahead.status_code, ahead.json()["code"]) == (409, "wrong_position")
    assert ahead.json()["expected"] == 1
    right = sign(service, member, wallet, observed(b"a"), asset, 1)
    unmatched = send(member, right, **{"If-Match": '"3"'})
    assert (unmatched.status_code, unmatched.json()["expected"]) == (412, 0)
    assert send(member, right, **{"If-Match": '"0"'}).status_code == 201
    taken = send(member, sign(service, member, wallet, observed(b"b"), asset, 1))
    assert (taken.status_code, taken.json()["expected"]) == (409, 2)


def test_a_birth_is_of_what_it_says(service: Running, member: Member, wallet: Wallet) -> None:
    body = sign(service, member, wallet, birth(member, b"odd"), subject="0x" + "12" * 32)
    answer = send(member, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "subject"


def test_nobody_relays_for_another(
    service: Running, member: Member, wallet: Wallet, aurora: Member, asset: str
) -> None:
    body = sign(service, member, wallet, observed(b"theirs"), asset, 1)
    answer = aurora.http.post("/v1/entries", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_account")
    assert service.operator.post("/v1/entries", json=body).status_code == 403
    add_account(service, aurora, wallet)  # of both now: still it signed for the other
    answer = aurora.http.post("/v1/entries", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_signature")


def test_what_the_contract_refuses_is_told_with_its_reason(
    service: Running, member: Member, wallet: Wallet, aurora: Member
) -> None:
    others = aurora.register()
    answer = send(member, sign(service, member, wallet, observed(b"not mine"), others, 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert answer.json()["name"] == "NotEntitled"


def test_one_that_is_refused_spoils_no_other(
    service: Running, member: Member, wallet: Wallet, aurora: Member, asset: str
) -> None:
    others = aurora.register()
    bodies = [
        sign(service, member, wallet, observed(b"no"), others, 1),
        sign(service, member, wallet, observed(b"yes"), asset, 1),
        sign(service, member, wallet, birth(member, b"yes, too")),
    ]
    with ThreadPoolExecutor(4) as pool:
        relayed = [pool.submit(send, member, body) for body in bodies]
        custodial = pool.submit(member.register)
        statuses = [one.result().status_code for one in relayed]
        assert custodial.result()
    assert statuses == [409, 201, 201]


def test_the_key_stands_for_its_request(
    service: Running, member: Member, wallet: Wallet, asset: str
) -> None:
    body = sign(service, member, wallet, observed(b"keyed"), asset, 1)
    key = {"Idempotency-Key": f"relay-{asset}"}
    assert send(member, body, **key).status_code == 201
    assert send(member, body, **key).status_code == 200
    other = sign(service, member, wallet, observed(b"other"), asset, 2)
    answer = send(member, other, **key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")


def test_a_wallet_that_is_another_is_no_signer(
    service: Running, member: Member, wallet: Wallet, asset: str
) -> None:
    thief = replace(Wallet.make(), address=wallet.address)
    body = sign(service, member, thief, observed(b"forged"), asset, 1)
    assert send(member, body).json()["code"] == "bad_signature"


def test_what_is_erased_by_a_wallet_is_destroyed_here(
    service: Running, member: Member, wallet: Wallet, aurora: Member
) -> None:
    asset = member.register(document={"name": "Seal", "recipe": "to be forgotten"})
    [document] = member.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    erased = Erased((parse_hash(document["content_hash"]),))
    others = aurora.register()
    refused = send(member, sign(service, member, wallet, erased, others, 1))
    assert refused.status_code == 403
    unnamed = Erased((keccak(b"no such document"),))
    assert send(member, sign(service, member, wallet, unnamed, asset, 1)).status_code == 422
    assert member.http.get(document["url"]).status_code == 200
    answer = send(member, sign(service, member, wallet, erased, asset, 1))
    assert answer.status_code == 201, answer.text
    assert member.http.get(document["url"]).status_code == 404


def test_an_asset_of_a_batch_goes_on_from_its_birth(
    service: Running, member: Member, wallet: Wallet
) -> None:
    lines = '{"serial": "RELAYED-B-1", "document": {"name": "Bolt"}}'
    headers = {**WAIT, "Content-Type": "application/x-ndjson"}
    batch = member.http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    [asset] = until(
        lambda: member.http.get(f"/v1/batches/{batch}/assets").json().get("items"), seconds=20
    )
    body = sign(service, member, wallet, observed(b"of a batch"), asset["id"], 1)
    answer = send(member, body)
    assert answer.status_code == 201, answer.text
