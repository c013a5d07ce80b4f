"""Payloads: what each kind of entry says, a class a kind; `Payloads.sol` has the same structs.

A `reason` and a `content_hash` are content hashes of documents. `expires` is the last second since
1970 at which something is good; zero means for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self, TypeAlias, get_args

from ledger.domain.coding import BadPayload as BadPayload
from ledger.domain.coding import Size, Words
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.types import Address, AssetKind, Hash32, Party, Stage


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An organisation joins, known by its decentralised identifier (W3C DID Core, 3.1)."""

    KIND: ClassVar[Kind] = Kind.ENROLLED
    did: str

    def encode(self) -> bytes:
        text = self.did.encode()
        padded = text + bytes(-len(text) % 32)
        # abi.encode of a struct with one string: offset of the struct, of the string, length.
        return b"".join(n.to_bytes(32, "big") for n in (32, 32, len(text))) + padded

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        length = int.from_bytes(payload[64:96], "big")
        try:
            enrolled = cls(payload[96 : 96 + length].decode())
        except UnicodeDecodeError:
            raise BadPayload(cls.KIND, payload) from None
        if enrolled.encode() != payload:
            raise BadPayload(cls.KIND, payload)
        return enrolled


@dataclass(frozen=True, slots=True)
class Suspended(Words):
    """An organisation may not act until reinstated."""

    KIND: ClassVar[Kind] = Kind.SUSPENDED
    reason: Hash32


@dataclass(frozen=True, slots=True)
class Reinstated(Words):
    """A suspended organisation may act again."""

    KIND: ClassVar[Kind] = Kind.REINSTATED
    reason: Hash32


@dataclass(frozen=True, slots=True)
class AccountAdded(Words):
    """An account may act for the organisation."""

    KIND: ClassVar[Kind] = Kind.ACCOUNT_ADDED
    account: Address


@dataclass(frozen=True, slots=True)
class AccountRemoved(Words):
    """An account may no longer act for the organisation."""

    KIND: ClassVar[Kind] = Kind.ACCOUNT_REMOVED
    account: Address


@dataclass(frozen=True, slots=True)
class CredentialIssued(Words):
    """The acting organisation vouches for the one that the entry is about (W3C VC 2.0: issuer)."""

    KIND: ClassVar[Kind] = Kind.CREDENTIAL_ISSUED
    schema: Hash32
    content_hash: Hash32
    expires: int


@dataclass(frozen=True, slots=True)
class CredentialRevoked(Words):
    """Its issuer takes back the credential of that schema, issued at position `revokes`."""

    KIND: ClassVar[Kind] = Kind.CREDENTIAL_REVOKED
    revokes: int
    schema: Hash32


@dataclass(frozen=True, slots=True)
class SchemaPublished(Words):
    """A schema is published; `replaces` is the same publisher's version before it, or zero."""

    KIND: ClassVar[Kind] = Kind.SCHEMA_PUBLISHED
    content_hash: Hash32
    replaces: Hash32


@dataclass(frozen=True, slots=True)
class WorldOpened(Words):
    """A world is opened.

    It admits organisations with a credential of `schema`, issued by `issuer` if that is not zero;
    all of them if `schema` is zero.
    """

    KIND: ClassVar[Kind] = Kind.WORLD_OPENED
    content_hash: Hash32
    schema: Hash32
    issuer: Hash32


@dataclass(frozen=True, slots=True)
class WorldClosed(Words):
    """A world takes no more listings, and those that it has count no more."""

    KIND: ClassVar[Kind] = Kind.WORLD_CLOSED
    reason: Hash32


@dataclass(frozen=True, slots=True)
class Registered(Words):
    """An asset is born: who owns it, what describes it, what kind of asset it is."""

    KIND: ClassVar[Kind] = Kind.REGISTERED
    owner: Hash32
    schema: Hash32
    content_hash: Hash32
    asset_kind: AssetKind


@dataclass(frozen=True, slots=True)
class BatchRegistered(Words):
    """Assets are born at once, with the ids batch id + 1 to batch id + `size`.

    `root` is the Merkle tree hash over their birth records, in order of ids (RFC 6962, 2.1);
    `content_hash` the manifest's, which lists them.
    """

    KIND: ClassVar[Kind] = Kind.BATCH_REGISTERED
    owner: Hash32
    schema: Hash32
    root: Hash32
    size: Size
    content_hash: Hash32


@dataclass(frozen=True, slots=True)
class Revised(Words):
    """Another document describes the asset from now on."""

    KIND: ClassVar[Kind] = Kind.REVISED
    content_hash: Hash32


@dataclass(frozen=True, slots=True)
class Observed(Words):
    """Something happened to the asset; a document tells what (EPCIS 2.0 events, for one)."""

    KIND: ClassVar[Kind] = Kind.OBSERVED
    content_hash: Hash32


@dataclass(frozen=True, slots=True)
class Corrected(Words):
    """An earlier entry was mistaken; it stays, and this document says what is right."""

    KIND: ClassVar[Kind] = Kind.CORRECTED
    corrects: int
    content_hash: Hash32


@dataclass(frozen=True, slots=True)
class Staged(Words):
    """The asset has reached a stage of its life."""

    KIND: ClassVar[Kind] = Kind.STAGED
    stage: Stage


@dataclass(frozen=True, slots=True)
class Transferred(Words):
    """Title passes to another organisation."""

    KIND: ClassVar[Kind] = Kind.TRANSFERRED
    to: Hash32


@dataclass(frozen=True, slots=True)
class Offered(Words):
    """What `party` stands for is offered to an organisation."""

    KIND: ClassVar[Kind] = Kind.OFFERED
    party: Party
    to: Hash32
    expires: int


@dataclass(frozen=True, slots=True)
class Withdrawn(Words):
    """The open offer of `party` is taken back."""

    KIND: ClassVar[Kind] = Kind.WITHDRAWN
    party: Party


@dataclass(frozen=True, slots=True)
class Accepted(Words):
    """The acting organisation takes what it was offered, and is `party` from now on."""

    KIND: ClassVar[Kind] = Kind.ACCEPTED
    party: Party


@dataclass(frozen=True, slots=True)
class Released(Words):
    """The acting organisation is no longer `party`; nobody is."""

    KIND: ClassVar[Kind] = Kind.RELEASED
    party: Party


@dataclass(frozen=True, slots=True)
class Mounted(Words):
    """The asset becomes a part of `parent`."""

    KIND: ClassVar[Kind] = Kind.MOUNTED
    parent: Hash32


@dataclass(frozen=True, slots=True)
class Dismounted(Words):
    """The asset is no longer a part of `parent`."""

    KIND: ClassVar[Kind] = Kind.DISMOUNTED
    parent: Hash32


@dataclass(frozen=True, slots=True)
class PartAdded(Words):
    """An asset was mounted on this one; the ledger writes it beside `Mounted`."""

    KIND: ClassVar[Kind] = Kind.PART_ADDED
    part: Hash32


@dataclass(frozen=True, slots=True)
class PartRemoved(Words):
    """An asset was dismounted from this one; the ledger writes it beside `Dismounted`."""

    KIND: ClassVar[Kind] = Kind.PART_REMOVED
    part: Hash32


@dataclass(frozen=True, slots=True)
class Attested(Words):
    """The acting organisation states something of the asset."""

    KIND: ClassVar[Kind] = Kind.ATTESTED
    schema: Hash32
    content_hash: Hash32
    expires: int


@dataclass(frozen=True, slots=True)
class AttestationRevoked(Words):
    """Its issuer takes back the attestation of that schema, made at position `revokes`."""

    KIND: ClassVar[Kind] = Kind.ATTESTATION_REVOKED
    revokes: int
    schema: Hash32


@dataclass(frozen=True, slots=True)
class Listed(Words):
    """The asset is shown in a world, as `rendition`, under `licence`.

    `issuer` issued the credential that admits the owner, at position `credential` of the owner's
    entries; both are zero where the world asks none.
    """

    KIND: ClassVar[Kind] = Kind.LISTED
    world: Hash32
    rendition: Hash32
    licence: Hash32
    expires: int
    issuer: Hash32
    credential: int


@dataclass(frozen=True, slots=True)
class Delisted(Words):
    """The asset is no longer shown in a world."""

    KIND: ClassVar[Kind] = Kind.DELISTED
    world: Hash32


@dataclass(frozen=True, slots=True)
class Erased:
    """The keys of these documents, one at least, were destroyed: a receipt."""

    KIND: ClassVar[Kind] = Kind.ERASED
    documents: tuple[Hash32, ...]

    def encode(self) -> bytes:
        if not self.documents or {len(one) for one in self.documents} != {32}:
            raise MalformedValue(field="erased", value=self, wanted="a payload")
        # abi.encode of a struct with one array: offset of the struct, of the array, length.
        words = (32, 32, len(self.documents))
        return b"".join([*(n.to_bytes(32, "big") for n in words), *self.documents])

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        starts = range(96, len(payload), 32)
        if not starts or len(payload) % 32:
            raise BadPayload(cls.KIND, payload)
        erased = cls(tuple([payload[start : start + 32] for start in starts]))
        if erased.encode() != payload:
            raise BadPayload(cls.KIND, payload)
        return erased


@dataclass(frozen=True, slots=True)
class Frozen(Words):
    """An asset is barred from everything but governance."""

    KIND: ClassVar[Kind] = Kind.FROZEN
    reason: Hash32


@dataclass(frozen=True, slots=True)
class Unfrozen(Words):
    """A frozen asset may move again."""

    KIND: ClassVar[Kind] = Kind.UNFROZEN
    reason: Hash32


@dataclass(frozen=True, slots=True)
class TitleForced(Words):
    """Title passes to an organisation, whatever owner, lien and freeze say."""

    KIND: ClassVar[Kind] = Kind.TITLE_FORCED
    to: Hash32
    reason: Hash32


@dataclass(frozen=True, slots=True)
class Founded(Words):
    """The ledger begins; `authority` is the AccessManager that says who governs it."""

    KIND: ClassVar[Kind] = Kind.FOUNDED
    authority: Address


@dataclass(frozen=True, slots=True)
class Paused(Words):
    """The ledger takes nothing but acts of governance."""

    KIND: ClassVar[Kind] = Kind.PAUSED
    reason: Hash32


@dataclass(frozen=True, slots=True)
class Resumed(Words):
    """The ledger takes entries again."""

    KIND: ClassVar[Kind] = Kind.RESUMED
    reason: Hash32


@dataclass(frozen=True, slots=True)
class SuccessorNamed(Words):
    """The contract at `successor` is to go on where this one ends."""

    KIND: ClassVar[Kind] = Kind.SUCCESSOR_NAMED
    successor: Address
    reason: Hash32


Payload: TypeAlias = (
    Enrolled
    | Suspended
    | Reinstated
    | AccountAdded
    | AccountRemoved
    | CredentialIssued
    | CredentialRevoked
    | SchemaPublished
    | WorldOpened
    | WorldClosed
    | Registered
    | BatchRegistered
    | Revised
    | Observed
    | Corrected
    | Staged
    | Transferred
    | Offered
    | Withdrawn
    | Accepted
    | Released
    | Mounted
    | Dismounted
    | PartAdded
    | PartRemoved
    | Attested
    | AttestationRevoked
    | Listed
    | Delisted
    | Erased
    | Frozen
    | Unfrozen
    | TitleForced
    | Founded
    | Paused
    | Resumed
    | SuccessorNamed
)

PAYLOADS: Final[dict[Kind, type[Payload]]] = {one.KIND: one for one in get_args(Payload)}


def decode_payload(kind: int, payload: bytes) -> Payload:
    """Read a payload as its kind's class.

    Raises:
        MalformedValue: the kind is unknown.
        BadPayload: the bytes are not that struct's canonical encoding.
    """
    try:
        known = PAYLOADS[kind]  # type: ignore[index]
    except KeyError:
        raise MalformedValue(field="kind", value=kind, wanted="a kind of entry") from None
    return known.decode(payload)
