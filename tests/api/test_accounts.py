"""Accounts of organisations over HTTP: added and removed by their admins, never the service's."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from ledger.types import to_hex
from tests.api.running import WAIT, Member, Running
from tests.api.wallets import Wallet


@pytest.fixture(scope="module")
def owner(service: Running) -> Member:
    return service.enrol("Keen Keys")


def fresh() -> str:
    return to_hex(secrets.token_bytes(20))


def append(member: Member, org: str, **entry: Any) -> Any:
    """Append to an organisation and wait for it."""
    return member.http.post(f"/v1/organisations/{org}/entries", json=entry, headers=WAIT)


def add(member: Member, account: str) -> str:
    """Add an account, wait for it, and return the path of the entry."""
    answer = append(member, member.id, kind="account_added", account=account)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def accounts(member: Member, **query: Any) -> list[Any]:
    answer = member.http.get(f"/v1/organisations/{member.id}/accounts", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_an_account_is_added_and_removed(owner: Member, boreas: Member) -> None:
    account = Wallet.make()
    address = to_hex(account.address)
    entry = owner.http.get(add(owner, address)).json()
    assert entry["payload"] == {"account": address}
    then = entry["block"]
    read = boreas.http.get(f"/v1/organisations/{owner.did}")
    assert read.headers["ETag"] == f'"{entry["position"]}"'
    assert address in read.json()["accounts"]
    removed = append(owner, owner.did, kind="account_removed", account=address)
    assert removed.status_code == 201, removed.text
    gone = boreas.http.get(f"/v1/organisations/{owner.did}")
    assert address not in gone.json()["accounts"]
    before = boreas.http.get(f"/v1/organisations/{owner.did}", params={"at": then})
    assert before.json()["accounts"] == read.json()["accounts"]
    assert before.headers["ETag"] == read.headers["ETag"]
    [told] = [one for one in accounts(boreas_view(boreas, owner)) if one["address"] == address]
    assert (told["position"], told["of_service"]) == (entry["position"], False)
    assert (told["from_block"], told["to_block"]) == (then, removed_block(owner, removed))
    [told] = [one for one in accounts(owner, at=then) if one["address"] == address]
    assert told["to_block"] is None


def removed_block(owner: Member, removed: Any) -> int:
    return int(owner.http.get(removed.headers["Location"]).json()["block"])


def boreas_view(boreas: Member, owner: Member) -> Member:
    """The owner's public things, as another organisation asks for them."""
    return Member(owner.id, owner.did, owner.name, boreas.key, boreas.http)


def test_an_account_tells_whom_it_acts_for(owner: Member, boreas: Member) -> None:
    address = fresh()
    path = f"/v1/accounts/{address}"
    assert boreas.http.get(path).json()["code"] == "not_found"
    then = owner.http.get(add(owner, address)).json()["block"]
    [told] = boreas.http.get(path).json()["items"]
    assert (told["organisation"], told["address"]) == (owner.id, address)
    assert boreas.http.get(path, params={"at": then - 1}).status_code == 404
    append(owner, owner.id, kind="account_removed", account=address)
    assert boreas.http.get(path).status_code == 404
    assert boreas.http.get(path, params={"at": then}).json()["items"] == [told]


def test_the_services_account_acts_for_all_and_is_theirs_no_more_by_a_wallet_alone(
    owner: Member, boreas: Member
) -> None:
    [custodian] = [one for one in accounts(owner) if one["of_service"]]
    path = f"/v1/accounts/{custodian['address']}"
    first = boreas.http.get(path, params={"limit": 1})
    rest = boreas.http.get(first.links["next"]["url"].replace("limit=1", "limit=200"))
    served = [one["organisation"] for page in (first, rest) for one in page.json()["items"]]
    assert {owner.id, boreas.id} <= set(served)
    refused = append(owner, owner.id, kind="account_removed", account=custodian["address"])
    assert (refused.status_code, refused.json()["code"]) == (409, "account_of_service")
    assert "POST /v1/entries" in refused.json()["detail"]
    assert refused.json()["errors"][0]["value"] == custodian["address"]
    assert owner.register()  # it still acts


def test_accounts_are_changed_by_the_organisations_admins_alone(
    service: Running, owner: Member, boreas: Member
) -> None:
    made = owner.http.post("/v1/keys", json={"roles": ["writer", "reader"], "name": "line 4"})
    writer = service.client(made.json()["api_key"])
    made = owner.http.post("/v1/keys", json={"roles": ["admin"], "name": "office"})
    admin = service.client(made.json()["api_key"])
    for kind in ("account_added", "account_removed"):
        body = {"kind": kind, "account": fresh()}
        path = f"/v1/organisations/{owner.id}/entries"
        for http in (boreas.http, service.operator, writer):
            refused = http.post(path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert service.anyone.post(path, json=body).status_code == 401
    body = {"kind": "account_added", "account": fresh()}
    assert admin.post(path, json=body, headers=WAIT).status_code == 201


def test_what_the_ledger_would_refuse_is_refused_at_once(owner: Member) -> None:
    address = fresh()
    add(owner, address)
    for kind, account, name in (
        ("account_added", address, "AlreadyAnAccount"),
        ("account_removed", fresh(), "NotAnAccount"),
    ):
        refused = append(owner, owner.id, kind=kind, account=account)
        assert (refused.status_code, refused.json()["name"]) == (409, name), refused.text
        assert refused.json()["errors"][0]["field"] == "account"
    for account in ("0x" + "00" * 20, "0x12", 7):
        refused = append(owner, owner.id, kind="account_added", account=account)
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["field"].endswith("account")


def test_if_match_and_idempotency_key_are_heeded(owner: Member) -> None:
    path, body = (
        f"/v1/organisations/{owner.id}/entries",
        {"kind": "account_added", "account": fresh()},
    )
    tag = owner.http.get(f"/v1/organisations/{owner.id}").headers["ETag"]
    known = owner.http.get(f"/v1/organisations/{owner.id}", headers={"If-None-Match": tag})
    assert known.status_code == 304
    headers = {**WAIT, "If-Match": tag, "Idempotency-Key": secrets.token_hex(8)}
    assert owner.http.post(path, json=body, headers=headers).status_code == 201
    again = owner.http.post(path, json=body, headers=headers)
    assert again.status_code == 200
    other = owner.http.post(path, json={**body, "account": fresh()}, headers={"If-Match": tag})
    assert (other.status_code, other.json()["code"]) == (412, "precondition_failed")
    late = owner.http.post(path, json={**body, "account": fresh(), "position": 1})
    assert (late.status_code, late.json()["code"]) == (409, "wrong_position")


def test_nobody_is_appended_to_who_is_not_there(owner: Member) -> None:
    body = {"kind": "account_added", "account": fresh()}
    for org in ("did:web:nobody.example", "0x" + "7c" * 32):
        answer = append(owner, org, **body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        for more in ("", "/entries", "/entries/0", "/accounts"):
            answer = owner.http.get(f"/v1/organisations/{org}{more}")
            assert answer.json()["code"] == "not_found"
    broken = append(owner, "0x7c", **body)
    assert (broken.status_code, broken.json()["errors"][0]["field"]) == (422, "organisation")
    assert owner.http.get(f"/v1/organisations/{owner.id}/entries/999").status_code == 404
