"""What a shadow is built from: the entries that the mirror has stored, or the chain alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sqlalchemy import Engine, text

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed, verify_deployed
from ledger.chain.rpc import RpcClient
from ledger.database.engine import reading
from ledger.errors import WrongChain
from ledger.hashing import domain_separator
from ledger.mirror.fetch import fetch_base
from ledger.mirror.indexes import build_indexes, find_missing_indexes, leave_out_indexes
from ledger.mirror.reindexing.shadow import Shadow
from ledger.mirror.reindexing.stored import rebuild
from ledger.mirror.run import Progress, index
from ledger.mirror.steps import Cursor, PassedBlock
from ledger.mirror.store import MirrorMoved, Store
from ledger.mirror.tables import TABLES, BlockRow, MirrorRow
from ledger.settings import Settings

Told: TypeAlias = Callable[[Progress], None]


class Building(Protocol):
    """How a shadow is brought up to date, and whether it may take the mirror's place."""

    def build(self) -> Cursor:
        """Bring the shadow as far as its source is."""

    def catch_up(self) -> Cursor:
        """The same in little, to where its source has come since.

        Raises:
            MirrorMoved: its source is not what the shadow was built from; it is to be built anew.
        """

    def covers(self, cursor: Cursor, standing: Cursor) -> bool:
        """Whether a shadow there has all that a mirror there has."""


@dataclass(slots=True)
class FromEntries:
    """From what the mirror has stored; what an earlier run began is not trusted."""

    shadow: Shadow
    progress: Told | None
    begun: bool = False

    def build(self) -> Cursor:
        try:
            return self.catch_up()
        except MirrorMoved:
            self.begun = False
            return self.catch_up()

    def catch_up(self) -> Cursor:
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
class FromChain:
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

    def catch_up(self) -> Cursor:
        return self.build()

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
