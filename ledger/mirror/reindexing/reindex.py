"""Rebuilds the mirror: into a shadow, which then takes its place in one transaction.

Whatever ends it before that leaves the mirror whole, and readers see nothing between the old one
and the new. A rebuilding from the chain goes on where it was ended; one from stored entries, which
may have been changed, begins again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine, func, text
from sqlmodel import Session, select

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed, verify_deployed
from ledger.chain.rpc import RpcClient
from ledger.database.engine import open_engine, reading, upgrade, writing
from ledger.errors import WrongChain
from ledger.hashing import domain_separator
from ledger.mirror.fetch import fetch_base
from ledger.mirror.indexes import build_indexes, find_missing_indexes, leave_out_indexes
from ledger.mirror.reindexing.checkpoints import drop_false_checkpoints
from ledger.mirror.reindexing.shadow import Shadow, alone
from ledger.mirror.reindexing.stored import rebuild
from ledger.mirror.reindexing.swapping import SwapRefused, hold_writers, stamp, swap
from ledger.mirror.run import Progress, index
from ledger.mirror.steps import Cursor, PassedBlock
from ledger.mirror.store import MirrorMoved, Store
from ledger.mirror.tables import TABLES, BlockRow, MirrorRow
from ledger.settings import Settings
from ledger.types import Hash32

Told = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What a rebuilt mirror holds, and where it stands; `seconds` is wall time, the swap's too."""

    entries: int
    block: int
    ledger_head: Hash32
    seconds: float
    swap_seconds: float


class _Building(Protocol):
    """How a shadow is brought up to date, and whether it may take the mirror's place."""

    def build(self) -> Cursor:
        """Bring the shadow as far as its source is."""

    def covers(self, cursor: Cursor, standing: Cursor) -> bool:
        """Whether a shadow there has all that a mirror there has."""


def reindex_from_entries(database_url: str, *, progress: Told | None = None) -> Reindexed:
    """Rebuild the mirror from the entries that it has stored; no node is asked.

    Raises:
        StoredWrong: the entries do not fold to the mirror's ledger head.
        MirrorError: there is no mirror, another process rebuilds it, or readers let no swap happen.
        DatabaseBusy: another process keeps the database locked.
    """
    live = open_engine(database_url)
    try:
        upgrade(live)
        shadow = Shadow(live, "entries")
        return _reindex(live, shadow, _FromEntries(shadow, progress))
    finally:
        live.dispose()


def reindex_from_chain(
    settings: Settings, deployed: Deployed, finality: Finality, *, progress: Told | None = None
) -> Reindexed:
    """Rebuild the mirror from the chain alone, whatever is in the database.

    Raises:
        WrongChain: the node serves another ledger, or the database mirrors one.
        NodeUnavailable: the node does not answer.
        MirrorError: the node contradicts the chain, or is behind the mirror; another process
            rebuilds it, or readers let no swap happen.
        DatabaseBusy: another process keeps the database locked.
    """
    live = open_engine(settings.database())
    try:
        upgrade(live)
        shadow = Shadow(live, "chain")
        building = _FromChain(shadow, settings, deployed, finality, progress)
        return _reindex(live, shadow, building)
    finally:
        live.dispose()


def _reindex(live: Engine, shadow: Shadow, building: _Building) -> Reindexed:
    began = time.monotonic()
    with alone(live):
        building.build()
        swapped = time.monotonic()
        # Of its own, as a connection that has another database attached is good for nothing else.
        engine = open_engine(live.url.render_as_string(hide_password=False))
        try:
            cursor = _swap(engine, shadow, building)
        finally:
            engine.dispose()
        shadow.drop()
    now = time.monotonic()
    return Reindexed(cursor.sequence, cursor.number, cursor.ledger_head, now - began, now - swapped)


def _swap(engine: Engine, shadow: Shadow, building: _Building) -> Cursor:
    with writing(engine) as session:
        connection = session.connection()
        hold_writers(connection)
        standing = _find_standing(session)
        cursor = _cursor(shadow)
        if standing and not building.covers(cursor, standing):
            # It moved meanwhile; now it cannot.
            cursor = building.build()
            if not building.covers(cursor, standing):
                raise SwapRefused(
                    f"the rebuilt mirror has come to block {cursor.number}, the other stands at"
                    f" block {standing.number}"
                )
        with shadow.live.begin() as other:
            stamped = stamp(other)
        swap(connection, shadow, stamped)
        drop_false_checkpoints(session)
    return cursor


def _find_standing(session: Session) -> Cursor | None:
    """Where the mirror stands: at none of its blocks, if its own row has been falsified."""
    mirror = session.get(MirrorRow, 1)
    newest = session.exec(select(func.max(BlockRow.number))).one()
    if mirror is None or newest is None:
        return None
    number = min(mirror.block_number, newest)
    return Cursor(number, mirror.block_hash, mirror.ledger_head, mirror.sequence, number)


def _cursor(shadow: Shadow) -> Cursor:
    with shadow.opened() as engine:
        return Store(engine).cursor()


@dataclass(slots=True)
class _FromEntries:
    """From what the mirror has stored; what an earlier run began is not trusted."""

    shadow: Shadow
    progress: Told | None
    begun: bool = False

    def build(self) -> Cursor:
        try:
            return self.fold()
        except MirrorMoved:
            self.begun = False
            return self.fold()

    def fold(self) -> Cursor:
        if not self.begun:
            self.shadow.drop()
        with self.shadow.opened() as engine:
            if not self.begun:
                leave_out_indexes(engine)
            cursor = rebuild(self.shadow.live, engine, self.tell)
            build_indexes(engine, find_missing_indexes(engine))
            _analyse(engine)
        self.begun = True
        return cursor

    def tell(self, cursor: Cursor, head: int) -> None:
        if self.progress is not None:
            self.progress(Progress(entries=cursor.sequence, block=cursor.number, head=head))

    def covers(self, cursor: Cursor, standing: Cursor) -> bool:
        return cursor[:-1] == standing[:-1]


@dataclass(frozen=True, slots=True)
class _FromChain:
    """From the chain, as `index` mirrors it; goes on where an earlier run was ended."""

    shadow: Shadow
    settings: Settings
    deployed: Deployed
    finality: Finality
    progress: Told | None

    def build(self) -> Cursor:
        with RpcClient(self.settings.rpc_url) as rpc:
            verify_deployed(rpc, self.deployed, self.finality)
            base = fetch_base(rpc, self.deployed)
        if not _is_of(self.shadow.live, self.deployed, base):
            raise WrongChain("the database mirrors another ledger")
        with self.shadow.opened() as engine:
            strange = not _is_of(engine, self.deployed, base)
        if strange:
            self.shadow.drop()
            with self.shadow.opened():
                pass  # an empty one is where it was
        settings = self.settings.model_copy(update={"database_url": self.shadow.url})
        index(settings, self.deployed, self.finality, to_head=True, progress=self.progress)
        with self.shadow.opened() as engine:
            _analyse(engine)
            return Store(engine).cursor()

    def covers(self, cursor: Cursor, standing: Cursor) -> bool:
        return cursor.number >= standing.number


def _is_of(engine: Engine, deployed: Deployed, base: PassedBlock) -> bool:
    """Whether it is the ledger's mirror, though one of its cells may have been falsified."""
    with reading(engine) as session:
        mirror = session.get(MirrorRow, 1)
        if mirror is None:
            return True
        begun = session.get(BlockRow, base.number)
        chain = mirror.genesis_hash == deployed.genesis_hash or (begun and begun.hash) == base.hash
        ours = (deployed.chain_id, deployed.contract)
        return chain and (
            mirror.domain == domain_separator(*ours) or (mirror.chain_id, mirror.contract) == ours
        )


def _analyse(engine: Engine) -> None:
    """Have PostgreSQL know what the tables hold, as it plans by that."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"analyze {', '.join(TABLES)}"))
