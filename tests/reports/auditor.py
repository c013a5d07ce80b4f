"""An auditor with a key of its own, and reports that it signs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.documents.canonical import canonical
from ledger.reports.report import Report
from ledger.types import to_hex
from tests.api.running import Running


@contextmanager
def blocks_coming(chain: Running | Anvil) -> Iterator[None]:
    """Blocks keep coming, so that those before them become final."""
    url = chain.url if isinstance(chain, Anvil) else chain.settings.rpc_url
    stop = threading.Event()

    def mine() -> None:
        with RpcClient(url) as rpc:
            while not stop.wait(0.5):
                rpc.call("anvil_mine", hex(70))

    thread = threading.Thread(target=mine)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Auditor:
    """Who signs, and where the key lies."""

    key: Path
    signer: KeystoreSigner

    @property
    def address(self) -> str:
        return to_hex(self.signer.address)


def resign(folder: Path, auditor: Auditor, change: Callable[[dict[str, Any]], object]) -> None:
    """Have an auditor sign another report."""
    path = folder / "report.json"
    value = json.loads(path.read_bytes())
    change(value["report"])
    message = msgspec.convert(value["report"], Report).message()
    value["signature"] = to_hex(auditor.signer.sign_message(message).encode())
    path.write_bytes(canonical(value))
