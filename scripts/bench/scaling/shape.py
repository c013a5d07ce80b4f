"""What a generated ledger is like: how large, how spread over assets, what happens how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ledger.domain.kinds import Kind
from ledger.hashing import domain_separator, keccak
from ledger.types import Address, Hash32

WEIGHTS: Final[Mapping[Kind, int]] = MappingProxyType(
    {
        Kind.OBSERVED: 60,
        Kind.REVISED: 8,
        Kind.STAGED: 8,
        Kind.OFFERED: 6,
        Kind.ATTESTED: 6,
        Kind.TRANSFERRED: 4,
        Kind.CORRECTED: 3,
        Kind.MOUNTED: 3,
        Kind.LISTED: 2,
    }
)
"""How often, of a hundred acts on an asset to which nothing is due, it is each of these.

What is due is what ends or answers one of them: an offer is accepted or withdrawn, custody and use
are released, some mounts, listings and attestations end. It is the asset's next act.
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A generated ledger; the same shape is the same ledger, byte for byte.

    Assets are born evenly over all entries. An act is on one of the `window` youngest assets, or,
    with the chance `older`, on any that is older than those. A `members` share of the assets is of
    batches. Blocks and transactions hold so many entries from … to, and block n has the time
    `genesis + n * block_seconds` (seconds since 1970).
    """

    entries: int = 10_000_000
    assets: int = 1_000_000
    seed: int = 5
    organisations: int = 100
    window: int = 50_000
    older: float = 0.05
    members: float = 0.01
    batch_size: int = 1_000_000
    block_entries: tuple[int, int] = (100, 200)
    transaction_entries: tuple[int, int] = (20, 60)
    genesis: int = 1_700_000_000
    block_seconds: int = 12

    def timestamp(self, block: int) -> int:
        """A block's time."""
        return self.genesis + block * self.block_seconds


def _account(name: str) -> Address:
    return keccak(name.encode())[12:]


@dataclass(frozen=True, slots=True)
class Place:
    """Which chain and contract a ledger is on, and who sends: governance first, custodians then.

    Custodians are accounts of every organisation.
    """

    chain_id: int = 7_001
    contract: Address = field(default_factory=lambda: _account("contract"))
    authority: Address = field(default_factory=lambda: _account("authority"))
    senders: tuple[Address, ...] = field(
        default_factory=lambda: tuple(map(_account, ("governor", "custodian 1", "custodian 2")))
    )

    @property
    def domain(self) -> Hash32:
        """What binds ids to the chain and the contract."""
        return domain_separator(self.chain_id, self.contract)
