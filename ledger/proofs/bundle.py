"""The bundle: everything a verifier needs, as one file of which every byte has a meaning.

Version 1 is one JSON object in canonical form (RFC 8785), with nothing before or after it. The
README's section "Bundle" says what each field means, `bundle.schema.json` which form it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.proofs.signed import SignedCheckpoint
from ledger.types import Address, Hash32

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """An entry as a bundle carries it; `actor` is None at position 0, where nothing binds it."""

    org: Hash32
    kind: int
    position: int
    payload: bytes
    actor: Address | None
    timestamp: int


@dataclass(frozen=True, slots=True)
class Birth:
    """The birth record of an asset of a batch, and the path to the root (RFC 6962, 2.1.1)."""

    content_hash: Hash32
    path: tuple[Hash32, ...]


@dataclass(frozen=True, slots=True)
class BundleSubject:
    """A subject with all entries of its own, of which an asset of a batch may have none."""

    id: Hash32
    entries: tuple[BundleEntry, ...]
    birth: Birth | None = None


@dataclass(frozen=True, slots=True)
class ClaimedHoldings:
    """Assets, in ascending order, that an organisation is said to hold title to."""

    organisation: Hash32
    assets: tuple[Hash32, ...]


@dataclass(frozen=True, slots=True)
class DocumentLeaves:
    """A document's commitment: the leaf hashes that its content hash is over."""

    content_hash: Hash32
    leaves: tuple[Hash32, ...]


@dataclass(frozen=True, slots=True)
class Sibling:
    """A hash on the way from a leaf to the root, and on which side it stands."""

    is_left: bool
    hash: Hash32


@dataclass(frozen=True, slots=True)
class DisclosedLeaf:
    """One leaf of a document's tree, shown alone: its text, and its path to the content hash."""

    content_hash: Hash32
    leaf: str
    path: tuple[Sibling, ...]


@dataclass(frozen=True, slots=True)
class ManifestClaim:
    """What the operator says the contract's code was made of; nothing proves it."""

    compiler: str
    source_hash: Hash32


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds, in the right form, but with nothing verified yet."""

    chain_id: int
    contract: Address
    header: bytes
    subject: Hash32
    subjects: tuple[BundleSubject, ...]
    nodes: tuple[bytes, ...]
    holdings: ClaimedHoldings | None = None
    tree: bool = False
    documents: tuple[DocumentLeaves, ...] = ()
    fields: tuple[DisclosedLeaf, ...] = ()
    manifest: ManifestClaim | None = None
    checkpoints: tuple[SignedCheckpoint, ...] = ()
