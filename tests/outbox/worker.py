"""The submitter in a process of its own, that can be made to die at a named point.

Arguments: one JSON object, as `test_kills.work` writes it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from ledger.chain.finality import TagFinality
from ledger.chain.identity import Deployed
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.outbox.failpoints import arm
from ledger.outbox.run import run
from ledger.outbox.tables import Role
from ledger.settings import Settings
from tests.outbox.world import QUICK


def main() -> None:
    told = json.loads(sys.argv[1])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if told["point"]:
        arm(lambda name: os._exit(9) if name == told["point"] else None)
    target = Deployed(
        told["chain_id"],
        bytes.fromhex(told["genesis_hash"]),
        bytes.fromhex(told["contract"]),
        told["block"],
    )
    signers = {role: [KeystoreSigner(bytes.fromhex(told["keys"][role]))] for role in Role}
    settings = Settings(
        data=Path(told["data"]), rpc_url=told["rpc_url"], database_url=told["database_url"]
    )
    run(settings, target, signers, TagFinality(), stop, QUICK)


if __name__ == "__main__":
    main()
