"""What the verbs that run alone begin with: the ledger that is deployed, finality, and the end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ledger.chain.finality import Finality
    from ledger.chain.identity import Deployed
    from ledger.settings import Settings

_CONTRACT: Final = "AssetLedger"


def load_deployed(settings: Settings) -> Deployed:
    """The ledger that the manifest names. Raises UnknownThing if it names none."""
    from ledger.chain.identity import Deployed
    from ledger.deployment.manifest import load_manifest
    from ledger.errors import UnknownThing

    manifest = load_manifest(settings.manifest_path())
    contract = manifest.contracts.get(_CONTRACT)
    if contract is None:
        raise UnknownThing("contract", field=str(settings.manifest_path()), value=_CONTRACT)
    return Deployed(
        manifest.chain_id,
        manifest.genesis_hash,
        contract.address,
        contract.block,
        contract.block_hash,
        contract.code_hash,
    )


def choose_finality(settings: Settings) -> Finality:
    """The policy by which blocks count as final."""
    from ledger.chain.finality import DumpFinality, TagFinality
    from ledger.chain.state import chain_folder, final_path

    if settings.finality == "dump":
        return DumpFinality(final_path(chain_folder(settings.data)))
    return TagFinality()


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; a second one ends at once."""
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    before = {each: signal.signal(each, ask) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
