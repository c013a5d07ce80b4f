"""A sample of an audit: drawn by the seed, a verified bundle written for each of its assets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.bar import bars, counting_columns
from ledger.errors import LedgerError, MirrorError, NodeUnavailable, VerificationError
from ledger.types import Hash32, to_hex

if TYPE_CHECKING:
    from ledger.chain.rpc import RpcClient
    from ledger.chain.wire import Block
    from ledger.cli.seeding import Request
    from ledger.database.engine import Engine
    from ledger.documents.opening import Stores
    from ledger.proofs.build import Built
    from ledger.proofs.gathering import Wanted
    from ledger.reports.report import BlockAt, Drawn, Seed
    from ledger.types import Address

BUNDLES = "bundles"
"""The folder of the bundles, beside the report."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the service calls assets and their owners; it says nothing where it is not asked."""

    engine: Engine
    stores: Stores
    are_wanted: bool

    def find(self, asset: Hash32, owner: Hash32 | None) -> tuple[str | None, str | None]:
        """The asset's serial and its owner's name, as far as they are known."""
        if not self.are_wanted:
            return None, None
        from ledger.database.engine import reading
        from ledger.outbox.library import Library

        subjects = [asset] if owner is None else [asset, owner]
        with reading(self.engine) as session:
            found = Library(self.stores.documents).find_names(session, subjects)
        serial = found[asset][1] if asset in found else self._find_line(asset)
        return serial, found[owner][1] if owner in found and owner is not None else None

    def _find_line(self, asset: Hash32) -> str | None:
        """The serial of an asset of a batch, by its line."""
        from ledger.domain.batch import batch_id_of, index_of

        batch, index = self.stores.batches.find(batch_id_of(asset)), index_of(asset)
        if batch is None or not 0 < index <= batch.about.size:
            return None
        line = batch.find(index)
        return None if line is None else line.serial


@dataclass(frozen=True, slots=True)
class Sampling:
    """Proves drawn assets as of a block, into a folder.

    The contract came to be in the block of number `begin`.
    """

    rpc: RpcClient
    contract: Address
    begin: int
    block: Block
    folder: Path
    wanted: Wanted
    names: Names

    def prove_each(self, assets: Mapping[int, Hash32]) -> list[Drawn]:
        """Write the bundle of each asset, told by number, and say what came of it."""
        (self.folder / BUNDLES).mkdir()
        with _bar(len(assets)) as step:
            return [step(self._prove(number, asset)) for number, asset in assets.items()]

    def _prove(self, number: int, asset: Hash32) -> Drawn:
        from ledger.hashing import sha256
        from ledger.reports.report import Drawn

        try:
            built = self._build(asset)
        except NodeUnavailable:
            raise
        except LedgerError as error:
            serial, owner = self.names.find(asset, None)
            failure = f"{error.code}: {error}"[:2000]
            return Drawn(number, to_hex(asset), None, None, failure, serial, owner)
        bundle_path(self.folder, asset).write_bytes(built.raw)
        serial, owner = self.names.find(asset, getattr(built.verified.state, "owner", None))
        entries = len(built.verified.entries)
        return Drawn(number, to_hex(asset), to_hex(sha256(built.raw)), entries, None, serial, owner)

    def _build(self, asset: Hash32) -> Built:
        """The bundle as of the block, verified against its hash."""
        from ledger.proofs.build import build_bundle

        built = build_bundle(
            self.rpc, self.contract, asset, self.block.number, self.wanted, begin=self.begin
        )
        if built.verified.block.hash != self.block.hash:
            raise VerificationError(
                f"block {self.block.number} was reorganised",
                expected=to_hex(self.block.hash),
                found=to_hex(built.verified.block.hash),
            )
        return built


def draw_sample(
    engine: Engine, domain: Hash32, seed: Block, sequence: int, wanted: int
) -> tuple[int, dict[int, Hash32]]:
    """The population after the entry of that sequence, and the assets drawn from it, in order.

    Raises:
        MirrorError: the mirror lost entries meanwhile.
    """
    from ledger.mirror.auditing.population import count_assets, find_numbered
    from ledger.reports.draw import draw

    population = count_assets(engine, sequence)
    numbers = draw(domain, seed.hash, population, wanted)
    found = find_numbered(engine, sequence, numbers)
    if len(found) < len(numbers):
        raise MirrorError("the mirror lost entries while assets were drawn: audit again")
    return population, {number: found[number] for number in numbers}


def seed_at(chain_id: int, seed: Block, request: Request) -> Seed:
    """The seed as a report tells it."""
    from ledger.reports.report import Seed

    return Seed(
        number=seed.number,
        hash=to_hex(seed.hash),
        timestamp=seed.timestamp,
        chain_id=chain_id,
        newest=request.newest.number,
    )


def block_at(block: Block) -> BlockAt:
    """A block as a report tells it."""
    from ledger.reports.report import BlockAt

    return BlockAt(block.number, to_hex(block.hash), block.timestamp)


def bundle_path(folder: Path, asset: Hash32) -> Path:
    """Where an asset's bundle lies in a report's folder."""
    return folder / BUNDLES / f"{to_hex(asset)}.json"


@contextmanager
def _bar(total: int) -> Iterator[Callable[[Drawn], Drawn]]:
    """A bar over the assets that are proven; gives what hands one on and counts it."""
    with bars(counting_columns) as shown:
        task = shown.add_task("assets proven", total=total) if shown else None

        def step(each: Drawn) -> Drawn:
            if shown is not None and task is not None:
                shown.advance(task)
            return each

        yield step
