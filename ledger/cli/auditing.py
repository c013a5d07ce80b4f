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
from ledger.cli.sampling import Names, Sampling, draw_sample, make_sample
from ledger.cli.seeding import NEXT, Request, ask, await_seed, find_finality, require_unknown

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
        # Refused before the work, and asked again after it: the next block is the next one then.
        request = ask(self.rpc, wishes.seed, replay=wishes.replay) if wishes.sample else None
        at, newest = int(time.time()), self.rpc.fetch_block("latest")
        found = self._compare()
        rehashed = self._rehash() if wishes.documents else None
        if request is None:
            return Found(found, rehashed, at, newest)
        if request.is_next:
            request = ask(self.rpc, NEXT, replay=False)
        sample = self._sample(request, found)
        return Found(found, rehashed, request.at, request.newest, sample)

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
        shelves = Shelves(kept.documents, kept.batches)
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

    def _sample(self, request: Request, found: Audit) -> Sample:
        from ledger.hashing import domain_separator
        from ledger.mirror.auditing.stream import verify_still_there

        require_unknown(request, found.block)
        finality = find_finality(self.settings, self.rpc.url)
        seed = await_seed(self.rpc, finality, request, self.wishes.within, fail)
        for block in (found.block, request.newest):
            verify_still_there(self.rpc, block)
        domain = domain_separator(self.deployed.chain_id, self.deployed.contract)
        wanted = self.wishes.sample or 0
        population, assets = draw_sample(self.engine, domain, seed, found.entries, wanted)
        drawn = self._sampling(seed).prove_each(assets)
        return make_sample(wanted, population, seed, replayed=request.replay, drawn=drawn)

    def _sampling(self, seed: Block) -> Sampling:
        from ledger.proofs.births import KeptBirths
        from ledger.proofs.gathering import Wanted

        kept = self._open_stores()
        return Sampling(
            rpc=self.rpc,
            contract=self.deployed.contract,
            begin=self.deployed.block,
            seed=seed,
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
