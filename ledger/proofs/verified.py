"""What a verified bundle proves."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.documents.canonical import JsonValue
from ledger.domain.subjects import Subject
from ledger.proofs.bundle import Birth, BundleEntry, ManifestClaim
from ledger.proofs.layout import Word
from ledger.types import Address, Hash32


@dataclass(frozen=True, slots=True)
class Header:
    """What is needed of a block's header; `timestamp` in seconds since 1970."""

    hash: Hash32
    state_root: Hash32
    number: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Proven:
    """A subject as of the block, and every entry of its own that made it so.

    An asset of a batch has its birth, at position 0, in the batch's entry; `birth` is its record,
    if the bundle holds it. `approved` is the account that may transfer an asset's title (ERC-721).
    """

    id: Hash32
    word: Word
    state: Subject
    entries: tuple[BundleEntry, ...]
    birth: Birth | None = None
    approved: Address | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many assets an organisation holds title to, and some of them, or all."""

    organisation: Hash32
    balance: int
    assets: tuple[Hash32, ...]

    @property
    def are_all(self) -> bool:
        """Whether there are no others."""
        return len(self.assets) == self.balance


@dataclass(frozen=True, slots=True)
class Assembled:
    """An asset with all its parts, in the order in which they were mounted."""

    asset: Hash32
    parts: tuple[Assembled, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The entry of a subject that names a document."""

    subject: Hash32
    position: int


@dataclass(frozen=True, slots=True)
class Committed:
    """A document's commitment opened to the hashes of its fields, and which entries name it."""

    content_hash: Hash32
    leaves: tuple[Hash32, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One field of a document; of `name` None it is the serial that it was registered under."""

    content_hash: Hash32
    name: str | None
    value: JsonValue
    salt: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Original:
    """A document in canonical form, and the serial that it was registered under, if any."""

    content_hash: Hash32
    raw: bytes
    serial: str | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a bundle proves: its subjects as of the block, and every entry that made them so.

    `not_proven` says, a sentence each, what must not be read into it.
    """

    chain_id: int
    contract: Address
    code_hash: Hash32
    block: Header
    ledger_head: Hash32
    subject: Hash32
    subjects: tuple[Proven, ...]
    holdings: Holdings | None
    tree: Assembled | None
    documents: tuple[Committed, ...]
    fields: tuple[Disclosed, ...]
    originals: tuple[Original, ...]
    manifest: ManifestClaim | None
    not_proven: tuple[str, ...]

    @property
    def main(self) -> Proven:
        """What the bundle is about."""
        return next(each for each in self.subjects if each.id == self.subject)

    @property
    def word(self) -> Word:
        return self.main.word

    @property
    def entries(self) -> tuple[BundleEntry, ...]:
        return self.main.entries

    @property
    def state(self) -> Subject:
        return self.main.state
