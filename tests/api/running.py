"""A whole ledger for tests: real Anvil, contracts, mirror, submitter and the API on a socket."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from ledger.chain.artifacts import load_artifact
from ledger.chain.finality import TagFinality
from ledger.chain.identity import Deployed
from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import TransactionFields
from ledger.cli.texts import making_texts
from ledger.database.engine import open_engine, upgrade, writing
from ledger.mirror.run import index
from ledger.outbox.keys import issue_key
from ledger.outbox.run import run as submit
from ledger.outbox.tables import Role
from ledger.settings import Settings
from ledger.types import Address
from tests.api.connections import keep_to_one

WAIT = {"Prefer": "wait=20"}
_WORD = 32
_GWEI = 10**9


@dataclass(frozen=True, slots=True)
class Member:
    """An enrolled organisation, and its way in."""

    id: str
    did: str
    name: str
    key: str
    http: httpx.Client

    def register(self, serial: str | None = None, document: Any = None, **more: Any) -> str:
        """Register an asset, wait for it, and return its id."""
        body = {
            "serial": serial or f"S-{secrets.token_hex(6)}",
            "document": document or {"name": "A test part", "mass": {"value": 1.5, "unit": "kg"}},
            **more,
        }
        answer = self.http.post("/v1/assets", json=body, headers=WAIT)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def append(self, asset: str, **entry: Any) -> httpx.Response:
        """Append an entry and wait for it."""
        return self.http.post(f"/v1/assets/{asset}/entries", json=entry, headers=WAIT)


@dataclass(slots=True)
class Running:
    """The ledger's addresses and keys."""

    url: str
    settings: Settings
    anvil: Anvil
    operator: httpx.Client
    operator_key: str
    anyone: httpx.Client
    app: FastAPI
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, key: str | None = None) -> httpx.Client:
        """A client with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        made = httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)
        self.clients.append(made)
        return made

    def enrol(self, name: str) -> Member:
        """Enrol an organisation and wait for it."""
        did = f"did:web:{name.lower().replace(' ', '-')}-{secrets.token_hex(3)}.example"
        body = {"did": did, "name": name}
        answer = self.operator.post("/v1/organisations", json=body, headers=WAIT)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        return Member(told["id"], did, name, told["api_key"], self.client(told["api_key"]))


@contextmanager
def running(
    folder: Path,
    *,
    explorer_documents: bool = True,
    database_url: str | None = None,
    **more: Any,
) -> Iterator[Running]:
    """Start everything in `folder`, and stop it at the end; its database is SQLite by default."""
    with ExitStack() as stack:
        anvil = stack.enter_context(Anvil.start(folder))
        settings = Settings(
            data=folder,
            rpc_url=anvil.url,
            database_url=database_url or f"sqlite:///{folder / 'ledger.db'}",
            explorer_documents=explorer_documents,
            poll_seconds=0.02,
            **more,
        )
        governor, custodian = (KeystoreSigner(secrets.token_bytes(32)) for _ in range(2))
        deployed = deploy(anvil, governor, custodian.address)
        operator_key = _issue_operator_key(settings)
        stop = threading.Event()
        stack.enter_context(_thread(lambda: _index(settings, deployed, stop), stop.set))
        stack.enter_context(making_texts(settings))
        signers = {Role.GOVERNOR: [governor], Role.CUSTODIAN: [custodian]}
        stack.enter_context(
            _thread(lambda: submit(settings, deployed, signers, TagFinality(), stop), stop.set)
        )
        app = create_app(settings)
        keep_to_one(app.state.service.engine)
        url = stack.enter_context(serving(app))
        ledger = Running(url, settings, anvil, None, operator_key, None, app)  # type: ignore[arg-type]
        stack.callback(lambda: [client.close() for client in ledger.clients])
        ledger.operator, ledger.anyone = ledger.client(operator_key), ledger.client()
        # A disk that many tests share may keep a start waiting.
        until(lambda: ledger.anyone.get("/v1/status").status_code == 200, seconds=60)
        yield ledger


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application on a socket of its own; gives its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, access_log=False, log_level="warning")
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True
        app.state.feed.close()  # as a signal would

    with _thread(server.run, stop):
        until(lambda: server.started, seconds=60)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """What `condition` answers once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
    return found


@contextmanager
def _thread(work: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(20)


def _index(settings: Settings, deployed: Deployed, stop: threading.Event) -> None:
    index(settings, deployed, TagFinality(), stop=stop)


def _issue_operator_key(settings: Settings) -> str:
    engine = open_engine(settings.database())
    upgrade(engine)
    with writing(engine) as session:
        key = issue_key(session, None)
    engine.dispose()
    return key


def deploy(anvil: Anvil, governor: KeystoreSigner, custodian: Address) -> Deployed:
    """Put the contracts on the chain; the governor may do all that governance may."""
    for address in (governor.address, custodian):
        anvil.fund(address)
    admin = governor.address.rjust(_WORD, b"\0")
    authority = _create(anvil.rpc, governor, 0, load_artifact("AccessManager").bytecode + admin)
    base_uri = (64).to_bytes(_WORD, "big") + bytes(_WORD)
    arguments = authority.rjust(_WORD, b"\0") + base_uri
    code = load_artifact("AssetLedger").bytecode + arguments
    contract = _create(anvil.rpc, governor, 1, code)
    return Deployed(
        chain_id=anvil.rpc.chain_id(),
        genesis_hash=anvil.rpc.genesis_hash(),
        contract=contract,
        block=anvil.rpc.fetch_block_number(),
    )


def _create(rpc: RpcClient, signer: KeystoreSigner, nonce: int, code: bytes) -> Address:
    fields = TransactionFields(
        chain_id=rpc.chain_id(),
        nonce=nonce,
        to=None,
        data=code,
        gas=16_000_000,
        max_fee_per_gas=100 * _GWEI,
        max_priority_fee_per_gas=_GWEI,
    )
    sent = rpc.send_raw(signer.sign_transaction(fields))
    receipt = until(lambda: rpc.find_receipt(sent))
    assert receipt.succeeded
    return bytes(receipt.contract_address)
