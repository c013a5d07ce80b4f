"""Blocks of one entry each, and the seconds until each entry can be read.

A block counts from when the node's websocket tells this process of it. The blocks come at
irregular times, so that they meet a mirror that polls at every point of its pause.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx
from websockets.sync.client import ClientConnection, connect

from ledger.chain.contract import encode_append
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import TransactionFields
from ledger.chain.wake import websocket_url
from ledger.domain.entries import Entry
from ledger.domain.payloads import Registered
from ledger.hashing import subject_id
from ledger.types import ZERO_HASH, AssetKind, Hash32, to_hex
from scripts.bench.following.stream import hearing
from scripts.bench.writing.stranger import Stranger, enrol_stranger
from scripts.bench.writing.system import BenchError, System

_GAP: Final = (0.05, 0.55)
_LOOK_EVERY: Final = 0.001
_PATIENCE: Final = 30.0
_GAS: Final = 200_000


def measure_delays(system: System, blocks: int, *, streamed: bool = False) -> list[float]:
    """Have `blocks` blocks mined, and tell the seconds that each took to be seen.

    Seen is what can be read, or, `streamed`, what a stream of events tells.
    """
    stranger = enrol_stranger(system)
    system.settle()
    key = {"Authorization": f"Bearer {system.operator_key}"}
    with (
        RpcClient(system.rpc_url) as rpc,
        heads(system) as socket,
        httpx.Client(base_url=system.api, headers=key, trust_env=False) as api,
        hearing(system) if streamed else nullcontext() as heard,
    ):
        see = heard.await_told if heard else partial(_await_readable, api)
        watch = _Watch(system, stranger, rpc, socket, see)
        watch.measure()  # the first one finds caches cold
        return [watch.measure() for _ in range(blocks)]


@contextmanager
def heads(system: System) -> Iterator[ClientConnection]:
    """The node's own word of new blocks."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
    with connect(websocket_url(system.rpc_url), proxy=None) as socket:
        socket.send(json.dumps(asked))
        json.loads(socket.recv(_PATIENCE))["result"]
        yield socket


@dataclass(frozen=True, slots=True)
class _Watch:
    """One who writes, and looks for what he wrote."""

    system: System
    stranger: Stranger
    rpc: RpcClient
    socket: ClientConnection
    see: Callable[[Hash32], float]

    def measure(self) -> float:
        """Seconds from a block to its entry's being readable."""
        time.sleep(random.uniform(*_GAP))  # noqa: S311
        entry = self._registration()
        sent = self.rpc.send_raw(self._sign(entry))
        self._await_block()
        mined = time.perf_counter()
        seconds = self.see(entry.subject) - mined
        receipt = self.rpc.find_receipt(sent)
        if receipt is None or not receipt.succeeded:
            raise BenchError("a registration is not in its block")
        return seconds

    def _await_block(self) -> None:
        told: dict[str, Any] = json.loads(self.socket.recv(_PATIENCE))
        if told.get("method") != "eth_subscription":
            raise BenchError("the node tells of something else than a block")

    def _registration(self) -> Entry:
        org = self.stranger.org
        payload = Registered(org, ZERO_HASH, secrets.token_bytes(32), AssetKind.INSTANCE)
        subject = subject_id(self.system.manifest.domain, payload.KIND, org, payload.encode())
        return Entry(subject, org, payload.KIND, 0, payload.encode())

    def _sign(self, entry: Entry) -> bytes:
        signer = KeystoreSigner(self.stranger.key)
        head = self.rpc.fetch_block("latest")
        fields = TransactionFields(
            chain_id=self.rpc.chain_id(),
            nonce=self.rpc.fetch_nonce(signer.address),
            to=self.system.manifest.contracts["AssetLedger"].address,
            data=encode_append([entry]),
            gas=_GAS,
            max_fee_per_gas=2 * head.base_fee + 1,
            max_priority_fee_per_gas=1,
        )
        return signer.sign_transaction(fields)


def _await_readable(api: httpx.Client, asset: Hash32) -> float:
    until = time.perf_counter() + _PATIENCE
    while True:
        status = api.get(f"/v1/assets/{to_hex(asset)}").status_code
        now = time.perf_counter()
        if status == 200:
            return now
        if status != 404 or now > until:
            raise BenchError(f"GET /v1/assets answers {status}")
        time.sleep(_LOOK_EVERY)
