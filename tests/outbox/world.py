"""A chain with the ledger on it, a database, and submitters that can be dropped at any moment."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from ledger.chain.artifacts import load_artifact
from ledger.chain.finality import Finality, TagFinality
from ledger.chain.identity import Deployed
from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import TransactionFields
from ledger.database.engine import open_engine, reading, upgrade, writing
from ledger.domain.kinds import CONSEQUENCES, Kind
from ledger.domain.log import APPENDED_TOPIC, LoggedEntry, decode_appended
from ledger.hashing import domain_separator
from ledger.outbox.lanes import Held, acquire, lane_id, open_lane
from ledger.outbox.operations import count_operations
from ledger.outbox.pace import Pace
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import Operation, Role, State, Transaction, Version
from ledger.types import Address, Hash32, to_hex
from tests.outbox.asking import enrol, register

QUICK = Pace(head=0.01, settle=0.02, first_repeat=0.1, longest_repeat=0.2, lease=60.0)
SETTLED = {State.DONE, State.FINAL, State.REJECTED}


def deploy(rpc: RpcClient, governor: Address, key: bytes | None = None) -> Deployed:
    """Put the ledger on a chain; the governor administers it."""
    deployer = KeystoreSigner(key or os.urandom(32))
    rpc.call("anvil_setBalance", to_hex(deployer.address), hex(10**21))

    def create(nonce: int, code: bytes) -> tuple[Address, int]:
        fields = TransactionFields(rpc.chain_id(), nonce, None, code, 10**7, 10**10, 1)
        sent = rpc.send_raw(deployer.sign_transaction(fields))
        while (receipt := rpc.find_receipt(sent)) is None:
            rpc.call("evm_mine")
        assert receipt.succeeded
        assert receipt.contract_address is not None
        return receipt.contract_address, receipt.block_number

    authority, _ = create(0, load_artifact("AccessManager").bytecode + governor.rjust(32, b"\0"))
    arguments = authority.rjust(32, b"\0") + (64).to_bytes(32, "big") + bytes(32)
    contract, block = create(1, load_artifact("AssetLedger").bytecode + arguments)
    return Deployed(rpc.chain_id(), rpc.genesis_hash(), contract, block)


@dataclass
class World:
    """All that a submitter works on."""

    anvil: Anvil
    engine: Engine
    target: Deployed
    governor: KeystoreSigner
    custodian: KeystoreSigner
    folder: Path
    keys: dict[Role, bytes]
    finality: Finality = field(default_factory=TagFinality)
    pace: Pace = QUICK
    clients: list[RpcClient] = field(default_factory=list)

    @classmethod
    def make(cls, folder: Path, database_url: str | None = None) -> World:
        engine = open_engine(database_url or f"sqlite:///{folder / 'ledger.db'}")
        upgrade(engine)
        anvil = Anvil.start(folder)
        keys = {role: os.urandom(32) for role in Role}
        governor, custodian = (
            KeystoreSigner(keys[role]) for role in (Role.GOVERNOR, Role.CUSTODIAN)
        )
        for one in (governor, custodian):
            anvil.rpc.call("anvil_setBalance", to_hex(one.address), hex(10**24))
        target = deploy(anvil.rpc, governor.address)
        return cls(anvil, engine, target, governor, custodian, folder, keys)

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.anvil.stop()
        self.engine.dispose()

    def restart_chain(self, *, spare: int = 0) -> None:
        """Kill the node, lose its `spare` newest copies, and start it from the next."""
        port = self.anvil.port
        self.anvil.rpc.close()
        os.kill(self.anvil.pid, signal.SIGKILL)
        self.anvil.wait()
        for copy in sorted((self.folder / "chain").glob("state-*.json"), reverse=True)[:spare]:
            copy.unlink()
        self.anvil = Anvil.start(self.folder, port)
        assert self.anvil.port == port

    @property
    def rpc(self) -> RpcClient:
        return self.anvil.rpc

    @property
    def domain(self) -> Hash32:
        return domain_separator(self.target.chain_id, self.target.contract)

    # -- submitters ------------------------------------------------------------------------

    def submitter(self, rpc: RpcClient | None = None, pace: Pace | None = None) -> Submitter:
        """A submitter that has just started; it takes the lanes over."""
        held = []
        for role, signer in ((Role.CUSTODIAN, self.custodian), (Role.GOVERNOR, self.governor)):
            lane = lane_id(self.target.chain_id, signer.address)
            open_lane(self.engine, role, self.target.chain_id, signer.address, 0)
            lease = acquire(self.engine, lane, "test", 60.0)
            assert lease is not None
            held.append(Held(role, lease, signer))
        return Submitter(
            self.engine,
            rpc or self.client(),
            self.target,
            self.finality,
            held,
            pace or self.pace,
        )

    def client(self) -> RpcClient:
        self.clients.append(RpcClient(self.rpc.url, patience=0.0))
        return self.clients[-1]

    def settle(
        self, submitter: Submitter | None = None, until: Callable[[], bool] | None = None
    ) -> None:
        """Let a submitter work until every operation is done or rejected (or as told)."""
        submitter = submitter or self.submitter()
        until = until or self.is_settled
        deadline = time.monotonic() + 30
        while not until():
            assert time.monotonic() < deadline, self.told()
            time.sleep(submitter.step())

    def is_settled(self) -> bool:
        with reading(self.engine) as session:
            counts = count_operations(session)
        return not counts[State.QUEUED] and not counts[State.SENT]

    def is_final(self) -> bool:
        with reading(self.engine) as session:
            return all(one.state in (State.FINAL, State.REJECTED) for one in self._all(session))

    # -- asking ----------------------------------------------------------------------------

    def enrol(self, *names: str) -> list[Hash32]:
        """Organisations, on the chain."""
        with writing(self.engine) as session:
            orgs = [
                enrol(session, self.domain, f"did:web:{name}.example").operation.subject
                for name in names
            ]
        self.settle()
        return orgs

    def register(self, org: Hash32, *serials: str) -> list[Hash32]:
        """Operations that register assets, queued."""
        with writing(self.engine) as session:
            return [
                register(session, self.domain, org, serial).operation.subject for serial in serials
            ]

    # -- what came of it -------------------------------------------------------------------

    def operations(self) -> list[Operation]:
        with Session(self.engine) as session:
            return self._all(session)

    def states(self) -> Counter[str]:
        """How many operations stand where; what is final is done, too."""
        return Counter(_stands(one) for one in self.operations())

    def state(self, operation: str) -> str:
        [found] = [one for one in self.operations() if one.id == operation]
        return _stands(found)

    def transactions(self) -> list[Transaction]:
        with Session(self.engine) as session:
            return list(session.exec(select(Transaction)))

    def versions(self) -> list[Version]:
        with Session(self.engine) as session:
            return list(session.exec(select(Version)))

    def entries(self) -> list[LoggedEntry]:
        """All entries on the chain since the ledger was founded, in order."""
        logs = self.rpc.fetch_logs(self.target.contract, [APPENDED_TOPIC])
        _, *later = [decode_appended(log.topics, log.data) for log in logs]
        return later

    def assert_exactly_once(self) -> None:
        """The oracle: the chain holds every accepted operation's entry once, and no other."""
        asked = [
            (one.subject, one.org, one.kind, one.position, one.payload)
            for one in self.operations()
            if one.state != State.REJECTED
        ]
        held = [
            (one.subject, one.org, int(one.kind), one.position, one.payload)
            for one in self.entries()
            if one.kind not in _WRITTEN_UNASKED
        ]
        assert Counter(held) == Counter(asked)
        assert max(Counter(held).values(), default=1) == 1

    def told(self) -> dict[str, Any]:
        return {
            "operations": [
                (one.sequence, one.kind, one.position, one.state, one.nonce, one.reason)
                for one in self.operations()
            ],
            "transactions": [
                (one.lane[-6:], one.nonce, one.state, one.block_number)
                for one in self.transactions()
            ],
            "head": self.rpc.fetch_block_number(),
            "nonces": [self.rpc.fetch_nonce(s.address) for s in (self.custodian, self.governor)],
        }

    @staticmethod
    def _all(session: Session) -> Sequence[Operation] | Any:
        return session.exec(select(Operation).order_by(Operation.sequence)).all()  # type: ignore[arg-type]


_WRITTEN_UNASKED = {Kind.ACCOUNT_ADDED, *CONSEQUENCES}


def _stands(operation: Operation) -> str:
    return State.DONE if operation.state == State.FINAL else operation.state
