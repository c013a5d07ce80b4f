"""The client for wallets: signing in, and relaying what was signed elsewhere."""

from __future__ import annotations

import pytest

from ledger.client import ApiProblem, Client
from ledger.domain.payloads import Observed
from ledger.hashing import keccak
from ledger.types import to_hex
from tests.api.running import Member, Running
from tests.api.wallets import Wallet, add_account, sign_entry


@pytest.fixture(scope="module")
def wallet(service: Running, maker: Member) -> Wallet:
    made = Wallet.make()
    add_account(service, maker, made)
    return made


def test_a_wallet_signs_in_and_reads(service: Running, maker: Member, wallet: Wallet) -> None:
    with Client(service.url) as anyone:
        signed_in = anyone.sign_in(to_hex(wallet.address), wallet.sign_text)
        with pytest.raises(ApiProblem) as refusal:
            anyone.sign_in(to_hex(wallet.address), Wallet.make().sign_text)
    assert signed_in.organisation == maker.id
    assert signed_in.api_key not in repr(signed_in)
    assert (refusal.value.status, refusal.value.code) == (401, "sign_in_refused")
    with Client(service.url, signed_in.api_key) as client:
        assert client.find_organisation(maker.id) is not None


def test_what_a_wallet_signed_is_relayed(
    service: Running, maker: Member, client: Client, wallet: Wallet
) -> None:
    asset = maker.register()
    body = sign_entry(service, maker, wallet, Observed(keccak(b"run-in")), asset, 1)
    accepted = client.relay_entry(**body, wait=20)
    assert (accepted.id, accepted.position, accepted.repeated) == (asset, 1, False)
    assert client.relay_entry(**body).repeated
    with pytest.raises(ApiProblem) as refusal:
        client.relay_entry(**{**body, "position": 2})
    assert refusal.value.code == "bad_signature"
