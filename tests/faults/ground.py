"""A ledger deployed once, from copies of which schedules begin: chain, database, keys."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from ledger.chain.identity import Deployed
from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.database.engine import open_engine, upgrade
from ledger.hashing import domain_separator, sha256
from ledger.mirror.fetch import fetch_base
from ledger.mirror.store import Store
from ledger.outbox.tables import Role
from ledger.types import Hash32, to_hex
from tests.outbox.world import deploy

FUNDS: Final = 10**24
BUSY_SECONDS: Final = 0.03
_MARGIN: Final = 4


def make_keys() -> dict[Role, list[KeystoreSigner]]:
    """The same in every schedule, so that a seed plays the same way."""
    names = {Role.CUSTODIAN: ("custodian", "second custodian"), Role.GOVERNOR: ("governor",)}
    return {role: [KeystoreSigner(sha256(one.encode())) for one in names[role]] for role in names}


@dataclass
class Ground:
    """The folder of the first copies, and nodes beside ours: one far behind, one elsewhere.

    `first` is the block at which every schedule begins.
    """

    folder: Path
    target: Deployed
    first: int
    laggard: Anvil
    stranger: Anvil
    keys: dict[Role, list[KeystoreSigner]] = field(default_factory=make_keys)

    @classmethod
    def make(cls, folder: Path) -> Ground:
        keys = make_keys()
        with Anvil.start(folder / "first") as anvil:
            for signer in (one for each in keys.values() for one in each):
                anvil.rpc.call("anvil_setBalance", to_hex(signer.address), hex(FUNDS))
            target = deploy(anvil.rpc, keys[Role.GOVERNOR][0].address, sha256(b"deployer"))
            anvil.rpc.call("anvil_mine", hex(_MARGIN))
            first = anvil.rpc.fetch_block_number()
            anvil.dump()
            _make_database(folder / "first" / "ledger.db", anvil.rpc, target)
        shutil.copytree(folder / "first", folder / "laggard")
        laggard, stranger = Anvil.start(folder / "laggard"), _start_other(folder, target)
        for aside in (laggard, stranger):
            aside.rpc.call("evm_setAutomine", False)
        stranger.rpc.call("anvil_mine", hex(_MARGIN))
        return cls(folder, target, first, laggard, stranger, keys)

    @property
    def domain(self) -> Hash32:
        return domain_separator(self.target.chain_id, self.target.contract)

    def close(self) -> None:
        self.laggard.stop()
        self.stranger.stop()

    def start_chain(self, folder: Path) -> Anvil:
        """A node of its own with the first copy of the chain."""
        shutil.copytree(self.folder / "first" / "chain", folder / "chain", dirs_exist_ok=True)
        return start_node(folder)

    def copy_database(self, folder: Path) -> Engine:
        """The first copy of the database: migrated, mirror begun, nothing else in it."""
        shutil.copyfile(self.database, folder / "ledger.db")
        return open_again(f"sqlite:///{folder / 'ledger.db'}")

    @property
    def database(self) -> Path:
        """The file of the first copy of the database."""
        return self.folder / "first" / "ledger.db"

    def begin_mirror(self, engine: Engine) -> None:
        """Have a migrated database be as the first copy is."""
        Store(engine).begin(self.target, fetch_base(self.laggard.rpc, self.target))


@lru_cache(maxsize=8)
def open_again(url: str) -> Engine:
    """The same engine each time, as it keeps the statements that it compiled."""
    return open_engine(url, patience=BUSY_SECONDS)


def start_node(folder: Path) -> Anvil:
    """A node that mines only when told, on the newest copy in its folder."""
    anvil = Anvil.start(folder)
    anvil.rpc.call("evm_setAutomine", False)
    return anvil


def kill_node(anvil: Anvil) -> None:
    """End a node as a crash does."""
    anvil.rpc.close()
    os.kill(anvil.pid, signal.SIGKILL)
    anvil.wait()


def _start_other(folder: Path, target: Deployed) -> Anvil:
    """A node of another chain: of what begins in the same second, the first blocks are equal."""
    while True:
        anvil = Anvil.start(folder / f"stranger-{time.monotonic_ns()}")
        if anvil.rpc.genesis_hash() != target.genesis_hash:
            return anvil
        anvil.stop()
        time.sleep(0.1)


def _make_database(path: Path, rpc: RpcClient, target: Deployed) -> None:
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    Store(engine).begin(target, fetch_base(rpc, target))
    engine.dispose()  # which leaves no log beside it
