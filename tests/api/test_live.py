"""What came in a block can be read at once: the mirror is woken, and need not ask."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from ledger.chain.contract import encode_enrol
from ledger.chain.finality import TagFinality
from ledger.chain.identity import Deployed
from ledger.chain.node import Anvil
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import TransactionFields
from ledger.mirror import follow
from ledger.mirror.run import index
from ledger.settings import Settings
from tests.api.running import deploy, serving, until

_NEVER = 10_000.0


@dataclass
class Live:
    """A mirror that asks by itself never again, an API over it, and one who writes."""

    anvil: Anvil
    deployed: Deployed
    governor: KeystoreSigner
    api: httpx.Client
    nonce: int = field(default=2)  # two contracts are there

    def enrol(self) -> None:
        fields = TransactionFields(
            chain_id=self.deployed.chain_id,
            nonce=self.nonce,
            to=self.deployed.contract,
            data=encode_enrol(f"did:web:{secrets.token_hex(8)}.example", [secrets.token_bytes(20)]),
            gas=1_000_000,
            max_fee_per_gas=10**11,
            max_priority_fee_per_gas=10**9,
        )
        self.anvil.rpc.send_raw(self.governor.sign_transaction(fields))
        self.nonce += 1

    def entries(self) -> int:
        answer = self.api.get("/v1/status")
        return answer.json()["entries"] if answer.status_code == 200 else 0


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setattr(follow, "_SHORTEST_REST", _NEVER)
    governor = KeystoreSigner(secrets.token_bytes(32))
    with ExitStack() as stack:
        anvil = stack.enter_context(Anvil.start(tmp_path))
        deployed = deploy(anvil, governor, governor.address)
        settings = Settings(
            data=tmp_path,
            rpc_url=anvil.url,
            database_url=f"sqlite:///{tmp_path / 'ledger.db'}",
            poll_seconds=_NEVER,
        )
        stop = threading.Event()
        mirror = threading.Thread(
            target=index, args=(settings, deployed, TagFinality()), kwargs={"stop": stop}
        )
        mirror.start()
        stack.callback(mirror.join)
        stack.callback(stop.set)
        api = httpx.Client(
            base_url=stack.enter_context(serving(create_app(settings))), trust_env=False
        )
        stack.enter_context(api)
        yield Live(anvil, deployed, governor, api)


def test_a_mirror_that_never_asks_by_itself_is_woken_by_every_block(live: Live) -> None:
    until(live.entries)
    for _ in range(3):
        before = live.entries()
        live.enrol()
        until(lambda before=before: live.entries() > before)
