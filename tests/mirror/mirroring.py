"""Bringing a mirror up, and comparing it with another one and with the contract itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import select

from ledger.chain.rpc import RpcClient
from ledger.database.engine import open_engine, reading, upgrade
from ledger.hashing import organisation_address
from ledger.mirror.follow import follow
from ledger.mirror.run import fetch_base
from ledger.mirror.steps import Step
from ledger.mirror.store import Store
from ledger.mirror.tables import (
    AccountRow,
    AssetRow,
    EntryRow,
    HolderRow,
    MirrorRow,
    OrganisationRow,
)
from ledger.proofs.layout import decode_word
from tests.mirror.chain import Chain

FOLDED = (EntryRow, AssetRow, HolderRow, OrganisationRow, AccountRow)


@dataclass
class FinalUpTo:
    """A finality that a test moves by hand."""

    number: int = 0
    sole: bool = False

    def fetch_final_block(self, _: RpcClient) -> int:
        return self.number


def never_waits(_: float) -> bool:
    return False


def catch_up(
    chain: Chain, store: Store, finality: FinalUpTo | None = None, rpc: RpcClient | None = None
) -> list[Step]:
    """Mirror all that the node has, and return the steps that it took."""
    store.begin(chain.deployed, fetch_base(chain.rpc, chain.deployed))
    taken = []
    for step in follow(
        rpc or chain.rpc,
        chain.deployed,
        store,
        finality or FinalUpTo(),
        wait=never_waits,
        to_head=True,
    ):
        store.apply(step)
        taken.append(step)
    return taken


def contents(store: Store) -> dict[str, Any]:
    """All that the mirror says of the ledger, and where it stands."""
    with reading(store.engine) as session:
        told: dict[str, Any] = {
            table.__tablename__: [
                row.model_dump()
                for row in session.exec(select(table).order_by(*table.__table__.primary_key))
            ]
            for table in FOLDED
        }
        row = session.exec(select(MirrorRow)).one()
        told["at"] = (row.block_number, row.block_hash, row.ledger_head, row.sequence)
    return told


@contextmanager
def fresh_mirror(chain: Chain) -> Iterator[Store]:
    """Another mirror, filled from the chain as it is now."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'fresh.db'}")
        upgrade(engine)
        store = Store(engine)
        catch_up(chain, store)
        yield store
        engine.dispose()


def assert_equals_chain(chain: Chain, store: Store) -> None:
    """The mirror equals a fresh one and, subject by subject, the contract's own storage."""
    with fresh_mirror(chain) as fresh:
        assert contents(store) == contents(fresh)
    contract = chain.contract
    with reading(store.engine) as session:
        mirror = session.exec(select(MirrorRow)).one()
        assert mirror.ledger_head == contract.fetch_ledger_head(mirror.block_hash)
        for asset in session.exec(select(AssetRow)):
            word = decode_word(contract.fetch_word(asset.id))
            assert (asset.count, asset.frozen) == (word.count, word.frozen)
            assert organisation_address(asset.owner) == word.owner
            assert asset.head == contract.fetch_head(asset.id)
        for row in session.exec(select(OrganisationRow)):
            word = decode_word(contract.fetch_word(row.id))
            assert (row.count, row.active) == (word.count, not word.suspended)
            accounts = session.exec(
                select(AccountRow).where(AccountRow.org == row.id, AccountRow.to_block == None)  # noqa: E711
            ).all()
            assert len(accounts) == word.accounts
            assert all(contract.fetch_is_account(row.id, one.account) for one in accounts)
