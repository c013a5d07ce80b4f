"""Makes a generated chain: its founding, those who act, and then what happens to the assets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    AccountAdded,
    BatchRegistered,
    Enrolled,
    Founded,
    Payload,
    SchemaPublished,
    WorldOpened,
)
from ledger.hashing import subject_id
from ledger.types import ZERO_HASH, Hash32
from scripts.bench.scaling.kept import Chain, Writer, holds
from scripts.bench.scaling.life import Life
from scripts.bench.scaling.shape import Place, Shape

_BATCHES: Final = 2
_GOVERNANCE: Final = 0
_NOBODY: Final = 0  # governance acts for no organisation
_TOLD_EVERY: Final = 1_000_000


def provide(
    folder: Path, shape: Shape, place: Place, told: Callable[[int], None] = lambda _: None
) -> Chain:
    """The chain of that shape in a folder: as it lies there already, or made now.

    `told` hears now and then how many entries there are.
    """
    if not holds(folder, shape, place):
        _Making(Writer(folder, shape, place), told).make()
    return Chain(folder)


class _Making:
    """A chain while it is made."""

    def __init__(self, writer: Writer, told: Callable[[int], None]) -> None:
        self.writer = writer
        self.shape = writer.shape
        self.told = told
        self.chance = Random(writer.shape.seed)  # noqa: S311 - the same again is what is wanted

    def make(self) -> None:
        self.found()
        for number in range(1, self.shape.organisations + 1):
            self.enrol(number)
        self.writer.close_block()
        self.live(self.settle())
        self.writer.finish()

    def found(self) -> None:
        """The contract comes in a block of its own."""
        self.writer.begin_transaction(_GOVERNANCE)
        self.begin(_NOBODY, Founded(self.writer.place.authority))
        self.writer.close_block()

    def enrol(self, number: int) -> None:
        """An organisation, of which every custodian has an account."""
        writer = self.writer
        if writer.block_entries >= self.shape.block_entries[0]:
            writer.close_block()
        writer.begin_transaction(_GOVERNANCE)
        org = head = self.begin(_NOBODY, Enrolled(f"did:web:org-{number}.example"))
        writer.organisations.append(org)
        for position, account in enumerate(writer.place.senders[1:], 1):
            payload = AccountAdded(account).encode()
            head = writer.write(org, head, _NOBODY, Kind.ACCOUNT_ADDED, position, payload)

    def settle(self) -> Life:
        """A schema, a world for all, and batches: what assets are born by, shown in and born of."""
        writer, random = self.writer, self.chance.randbytes
        writer.begin_transaction(self.custodian())
        schema = self.begin(1, SchemaPublished(random(32), ZERO_HASH))
        world = self.begin(1, WorldOpened(random(32), ZERO_HASH, ZERO_HASH))
        owners = range(1, _BATCHES + 1)
        batches = [(self.begin(owner, self.batch(owner, schema)), owner) for owner in owners]
        return Life(self.shape, writer, self.chance, schema, world, batches)

    def batch(self, owner: int, schema: Hash32) -> BatchRegistered:
        random, org = self.chance.randbytes, self.writer.organisations[owner]
        return BatchRegistered(org, schema, random(32), self.shape.batch_size, random(32))

    def live(self, life: Life) -> None:
        """Entry after entry, in transactions and blocks of no even size."""
        writer, wanted = self.writer, self.shape.entries
        tell_at = _TOLD_EVERY
        block_full = self.between(self.shape.block_entries)
        while writer.sequence < wanted:
            transaction_full = writer.sequence + self.between(self.shape.transaction_entries)
            writer.begin_transaction(self.custodian())
            until = min(wanted, transaction_full)
            while writer.sequence < until:
                life.go_on()
            if writer.block_entries >= block_full:
                writer.close_block()
                block_full = self.between(self.shape.block_entries)
            if writer.sequence >= tell_at:
                self.told(writer.sequence)
                tell_at += _TOLD_EVERY

    def begin(self, org: int, payload: Payload) -> Hash32:
        """Begin a subject, and return its id."""
        writer, encoded = self.writer, payload.encode()
        subject = subject_id(writer.place.domain, payload.KIND, writer.organisations[org], encoded)
        return writer.write(subject, subject, org, payload.KIND, 0, encoded)

    def custodian(self) -> int:
        return 1 + int(self.chance.random() * (len(self.writer.place.senders) - 1))

    def between(self, bounds: tuple[int, int]) -> int:
        low, high = bounds
        return low + int(self.chance.random() * (high - low + 1))
