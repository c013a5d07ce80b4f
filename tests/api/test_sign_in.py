"""Wallets sign in (ERC-4361) with real signatures: once, here, now, and for their organisation."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlmodel import select

from ledger.database.engine import open_engine, reading, writing
from ledger.outbox import sign_in as sessions
from ledger.outbox.clock import now
from ledger.outbox.credential_tables import SignInNonce
from ledger.outbox.tables import ApiKey, Lane
from ledger.standards.sign_in import SignIn, decode_sign_in, encode_sign_in
from ledger.types import to_hex
from tests.api.running import Member, Running, until
from tests.api.wallets import Wallet, add_account, deploy_wallet, remove_account


@pytest.fixture(scope="module")
def member(service: Running) -> Member:
    return service.enrol("Wallet Works")


@pytest.fixture(scope="module")
def wallet(service: Running, member: Member) -> Wallet:
    made = Wallet.make()
    add_account(service, member, made)
    return made


def begin(service: Running, wallet: Wallet) -> str:
    """A message to sign, as the service gives it."""
    answer = service.anyone.post("/v1/sign-in/nonce", json={"account": to_hex(wallet.address)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["message"])


def end(service: Running, wallet: Wallet, text: str, **more: Any) -> httpx.Response:
    body = {"message": text, "signature": wallet.sign_text(text), **more}
    return service.anyone.post("/v1/sign-in", json=body)


def refused(answer: httpx.Response, reason: str) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] == "sign_in_refused"
    assert reason in answer.json()["detail"]


def test_a_wallet_gets_a_key_that_soon_ends(
    service: Running, member: Member, wallet: Wallet
) -> None:
    answer = end(service, wallet, begin(service, wallet))
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["organisation"] == member.id
    assert told["account"] == to_hex(wallet.address)
    assert told["roles"] == ["reader", "writer"]
    http = service.client(told["api_key"])
    body = {"serial": "SIGNED-IN-1", "document": {"name": "Bolt"}}
    assert http.post("/v1/assets", json=body).status_code == 202
    assert http.get("/v1/keys").status_code == 403
    key = member.http.get(f"/v1/keys/{told['key']}").json()
    assert key["account"] == told["account"]
    assert key["expires_at"][:16] == told["expires_at"][:16]
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        session.exec(select(ApiKey).where(ApiKey.prefix == told["key"])).one().expires_at = now()
    engine.dispose()
    assert http.get("/v1/assets").status_code == 401


def test_a_contracts_word_is_its_signature(service: Running, member: Member) -> None:
    wallet = deploy_wallet(service)
    add_account(service, member, wallet)
    answer = end(service, wallet, begin(service, wallet))
    assert answer.status_code == 201, answer.text
    assert answer.json()["account"] == to_hex(wallet.address)
    stranger = replace(Wallet.make(), address=wallet.address)
    refused(end(service, stranger, begin(service, wallet)), "did not sign it")


def test_a_message_serves_once(service: Running, wallet: Wallet) -> None:
    text = begin(service, wallet)
    assert end(service, wallet, text).status_code == 201
    refused(end(service, wallet, text), "nonce")


def test_of_many_that_come_at_once_one_is_let_in(service: Running, wallet: Wallet) -> None:
    text = begin(service, wallet)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: end(service, wallet, text).status_code, range(6)))
    assert answers.count(201) == 1
    assert answers.count(401) == 5


def test_what_another_signed_is_refused_and_spends_nothing(
    service: Running, wallet: Wallet
) -> None:
    text = begin(service, wallet)
    thief = replace(Wallet.make(), address=wallet.address)
    refused(end(service, thief, text), "did not sign it")
    assert end(service, wallet, text).status_code == 201


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: replace(m, domain="evil.example"), "domain 'evil.example'"),
        (lambda m: replace(m, domain=f"{m.domain}@evil.example"), "it is for the domain"),
        (lambda m: replace(m, scheme="https"), "it is for https"),
        (lambda m: replace(m, uri="https://evil.example/v1/sign-in"), "its URI is not of"),
        (lambda m: replace(m, chain_id=1), "it is for chain 1"),
        (lambda m: replace(m, expiration_time="2020-01-01T00:00:00Z"), "it expired"),
        (lambda m: replace(m, not_before="2100-01-01T00:00:00Z"), "it holds from"),
        (lambda m: replace(m, issued_at="2020-01-01T00:00:00Z"), "issued too long ago"),
        (lambda m: replace(m, issued_at="2100-01-01T00:00:00Z"), "yet to be issued"),
        (lambda m: replace(m, nonce="0123456789abcdef"), "nonce"),
    ],
)
def test_what_is_for_elsewhere_or_another_time_is_refused(
    service: Running, wallet: Wallet, change: Callable[[SignIn], SignIn], reason: str
) -> None:
    message = decode_sign_in(begin(service, wallet))
    refused(end(service, wallet, encode_sign_in(change(message))), reason)


def test_the_domain_is_never_what_a_request_says(service: Running, wallet: Wallet) -> None:
    answer = service.anyone.post(
        "/v1/sign-in/nonce",
        json={"account": to_hex(wallet.address)},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    assert answer.json()["domain"] == service.settings.sign_in_authority()
    message = replace(decode_sign_in(answer.json()["message"]), domain="evil.example")
    text = encode_sign_in(replace(message, uri="http://evil.example/v1/sign-in"))
    body = {"message": text, "signature": wallet.sign_text(text)}
    refused(
        service.anyone.post("/v1/sign-in", json=body, headers={"Host": "evil.example"}),
        "domain 'evil.example'",
    )


def test_a_nonce_grows_old(
    service: Running, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = begin(service, wallet)
    later = now() + 1000 * sessions.NONCE_SECONDS
    with monkeypatch.context() as patch:
        patch.setattr(sessions, "now", lambda: later)
        refused(end(service, wallet, text), "nonce")
        begin(service, wallet)  # which forgets those that are too old
    engine = open_engine(service.settings.database())
    with reading(engine) as session:
        assert session.get(SignInNonce, decode_sign_in(text).nonce) is None
    engine.dispose()


def test_there_are_only_so_many_nonces(
    service: Running, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_NONCES", 0)
    answer = service.anyone.post("/v1/sign-in/nonce", json={"account": to_hex(wallet.address)})
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert int(answer.headers["Retry-After"]) > 0


def test_strangers_and_the_services_own_accounts_sign_in_to_nothing(service: Running) -> None:
    stranger = Wallet.make()
    answer = end(service, stranger, begin(service, stranger))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_account")
    engine = open_engine(service.settings.database())
    with reading(engine) as session:
        sender = session.exec(select(Lane.sender).where(Lane.role == "custodian")).one()
    engine.dispose()
    own = replace(Wallet.make(), address=sender)
    answer = end(service, own, begin(service, own))
    assert answer.json()["code"] == "unknown_account"
    assert "on behalf of many" in answer.json()["detail"]


def test_an_account_of_several_says_for_which(
    service: Running, member: Member, aurora: Member, boreas: Member
) -> None:
    shared = Wallet.make()
    add_account(service, member, shared)
    add_account(service, aurora, shared)
    answer = end(service, shared, begin(service, shared))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "organisation"
    text = begin(service, shared)
    other = end(service, shared, text, organisation=boreas.id)
    assert other.json()["code"] == "unknown_account"
    assert end(service, shared, text, organisation=aurora.did).json()["organisation"] == aurora.id


def test_roles_are_given_by_account_and_reach_open_sessions(
    service: Running, member: Member
) -> None:
    wallet = Wallet.make()
    add_account(service, member, wallet)
    path = f"/v1/sign-in/accounts/{to_hex(wallet.address)}"
    assert member.http.get(path).json()["roles"] == ["reader", "writer"]
    assert member.http.put(path, json={"roles": ["admin"]}).json()["roles"] == ["admin"]
    told = end(service, wallet, begin(service, wallet)).json()
    http = service.client(told["api_key"])
    assert told["roles"] == ["admin"]
    assert http.get("/v1/keys").status_code == 200
    assert member.http.put(path, json={"roles": ["reader"]}).status_code == 200
    assert http.get("/v1/keys").status_code == 403
    assert http.get("/v1/assets").status_code == 200
    assert member.http.put(path, json={"roles": []}).status_code == 200
    assert http.get("/v1/assets").status_code == 401
    answer = end(service, wallet, begin(service, wallet))
    assert answer.json()["code"] == "unknown_account"


def test_roles_are_an_admins_to_give(
    service: Running, member: Member, wallet: Wallet, aurora: Member
) -> None:
    path = f"/v1/sign-in/accounts/{to_hex(wallet.address)}"
    http = service.client(end(service, wallet, begin(service, wallet)).json()["api_key"])
    assert http.put(path, json={"roles": ["admin"]}).status_code == 403
    assert aurora.http.put(path, json={"roles": ["admin"]}).status_code == 404
    assert aurora.http.get(path).status_code == 404
    assert member.http.get(path).json()["roles"] == ["reader", "writer"]


def test_a_session_ends_with_the_account(service: Running, member: Member) -> None:
    wallet = Wallet.make()
    add_account(service, member, wallet)
    http = service.client(end(service, wallet, begin(service, wallet)).json()["api_key"])
    assert http.get("/v1/assets").status_code == 200
    remove_account(service, member, wallet)
    until(lambda: http.get("/v1/assets").status_code == 401)
    assert http.post("/v1/assets", json={"serial": "x", "document": {}}).status_code == 401


def test_what_is_no_message_is_refused_with_its_field(service: Running, wallet: Wallet) -> None:
    answer = end(service, wallet, begin(service, wallet).replace("Version: 1", "Version: 2"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "message.version"
    for body in ({}, {"message": "", "signature": "0x"}, {"message": "x" * 5000}):
        assert service.anyone.post("/v1/sign-in", json=body).status_code == 422
