"""One audit as the verb asks for it: compared, rehashed, a sample drawn and proven."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.bar import bars, counting_columns
from ledger.cli.output import fail
from ledger.cli.reporting import Found
from ledger.cli.sampling import Names, Sampling, block_at, draw_sample, seed_at
from ledger.cli.seeding import (
    NEXT,
    Request,
    ask,
    await_final,
    await_seed,
    find_finality,
    require_unknown,
    seeding_chain,
)

if TYPE_CHECKING:
    from ledger.chain.identity import Deployed
    from ledger.chain.rpc import RpcClient
    from ledger.chain.wire import Block
    from ledger.database.engine import Engine
    from ledger.documents.opening import Stores
    from ledger.mirror.auditing.audit import Audit, Progress
    from ledger.mirror.auditing.documents import Rehashed
    from ledger.reports.report import Sample
    from ledger.settings import Settings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for; `folder` takes the bundles of a sample."""

    block: int | None
    documents: bool
    sample: int | None
    seed: str
    replay: bool
    seed_rpc: str | None
    within: float | None
    folder: Path | None
    names: bool


@dataclass(frozen=True, slots=True)
class Auditing:
    """One audit of a mirror beside a node."""

    settings: Settings
    deployed: Deployed
    engine: Engine
    rpc: RpcClient
    wishes: Wishes

    def run(self) -> Found:
        """All that is asked for.

        Raises:
            MalformedValue: the seed's block is there already, or the mirror has come to it.
            SeedNotFinal: it was not final in time.
            LedgerError: as `ledger.mirror.auditing.audit`.
        """
        from ledger.chain.identity import verify_deployed

        wishes = self.wishes
        verify_deployed(self.rpc, self.deployed, find_finality(self.settings, self.rpc.url))
        with seeding_chain(self.rpc, wishes.seed_rpc) as seeding:
            # Refused before the work, and asked again after it: then the next block is the next.
            request = ask(seeding, wishes.seed, replay=wishes.replay) if wishes.sample else None
            at, newest = int(time.time()), self.rpc.fetch_block("latest")
            found = self._compare()
            rehashed = self._rehash() if wishes.documents else None
            if request is None:
                return Found(found, rehashed, at, newest)
            if request.is_next:
                request = ask(seeding, NEXT, replay=False)
                newest = request.newest if seeding is self.rpc else self.rpc.fetch_block("latest")
            sample = self._sample(seeding, request, found)
        return Found(found, rehashed, request.at, newest, sample)

    def _compare(self) -> Audit:
        from ledger.mirror.auditing.audit import audit

        with _bar() as show:
            return audit(
                self.engine, self.rpc, self.deployed, block=self.wishes.block, progress=show
            )

    def _rehash(self) -> Rehashed:
        """Rehash what the data folder keeps of documents and of batches' lines."""
        from ledger.mirror.auditing.documents import rehash_documents
        from ledger.outbox.shelves import Shelves

        kept = self._open_stores()
        shelves = Shelves(kept.documents, kept.batches, kept.files)
        with bars(counting_columns) as shown:
            if shown is None:
                return rehash_documents(self.engine, shelves)
            task = shown.add_task("documents rehashed")
            return rehash_documents(
                self.engine,
                shelves,
                lambda done, total: shown.update(task, completed=done, total=total),
            )

    def _open_stores(self) -> Stores:
        from ledger.documents.opening import open_stores

        return open_stores(self.settings.data, self.settings.document_key)

    def _sample(self, seeding: RpcClient, request: Request, found: Audit) -> Sample:
        from ledger.chain.finality import TagFinality
        from ledger.hashing import domain_separator
        from ledger.mirror.auditing.stream import verify_still_there
        from ledger.reports.report import Sample

        is_own, within = seeding is self.rpc, self.wishes.within
        if is_own:
            require_unknown(request, found.block)
        elif not request.replay:
            require_unknown(request, seeding.fetch_block("latest"))
        finality = find_finality(self.settings, self.rpc.url)
        seed = await_seed(seeding, finality if is_own else TagFinality(), request, within, fail)
        proven = seed
        if not is_own:
            final = await_final(self.rpc, finality, found.block.number, within, fail)
            proven = self.rpc.fetch_block(final)
        verify_still_there(self.rpc, found.block)
        verify_still_there(seeding, request.newest)
        domain = domain_separator(self.deployed.chain_id, self.deployed.contract)
        wanted = self.wishes.sample or 0
        population, assets = draw_sample(self.engine, domain, seed, found.entries, wanted)
        drawn = self._sampling(proven).prove_each(assets)
        told = seed_at(seeding.chain_id(), seed, request)
        return Sample(wanted, population, block_at(proven), told, request.replay, drawn)

    def _sampling(self, block: Block) -> Sampling:
        from ledger.proofs.births import KeptBirths
        from ledger.proofs.gathering import Wanted

        kept = self._open_stores()
        return Sampling(
            rpc=self.rpc,
            contract=self.deployed.contract,
            begin=self.deployed.block,
            block=block,
            folder=self.wishes.folder or Path(),
            wanted=Wanted(find_birth=KeptBirths(kept.batches).find),
            names=Names(self.engine, kept, self.wishes.names),
        )


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over the entries compared, and one over those folded."""
    with bars(counting_columns) as shown:
        if shown is None:
            yield None
            return
        compared = shown.add_task("entries compared with the chain")
        folded = shown.add_task("entries folded into subjects")

        def show(progress: Progress) -> None:
            shown.update(compared, total=progress.total, completed=progress.compared)
            shown.update(folded, total=progress.total, completed=progress.folded)

        yield show
