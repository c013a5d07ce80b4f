"""The whole ledger, folded in memory from its entries: for audits, and to be compared with."""

from __future__ import annotations

from collections import Counter, defaultdict

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, batch_id_of, member
from ledger.domain.catalogue import World
from ledger.domain.entries import Appended
from ledger.domain.founding import Founding
from ledger.domain.heads import ledger_head_after, misplaced
from ledger.domain.kinds import BIRTHS, CONSEQUENCES, Kind
from ledger.domain.open_relations import OpenRelations
from ledger.domain.payloads import Dismounted, Mounted, PartAdded, PartRemoved, decode_payload
from ledger.domain.relations import (
    Claim,
    Holding,
    Listing,
    Offer,
    Opened,
    PartOf,
    changes,
    has_passed,
)
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import VerificationError
from ledger.hashing import is_paused, subject_id
from ledger.types import ZERO_HASH, Hash32, Party, to_hex


class Ledger:
    """What the entries so far make of the ledger; its answers equal the contract's.

    `subjects` has the assets of batches from their first own entry on. Times are seconds since
    1970. The rules of who may do what are the contract's: an entry that it would have refused, but
    that fits its subject, is folded.
    """

    def __init__(self, domain: Hash32) -> None:
        self.domain = domain
        self.subjects: dict[Hash32, Subject] = {}
        self.relations = OpenRelations()
        self.ledger_head = ZERO_HASH
        self._balances: Counter[Hash32] = Counter()
        self._parts: defaultdict[Hash32, set[Hash32]] = defaultdict(set)
        self._founding = ZERO_HASH
        self._last: Appended | None = None

    def append(self, entry: Appended) -> Subject:
        """Fold the next entry, and return its subject as it is now.

        Raises:
            VerificationError: the entry cannot stand there; the ledger stays as it was.
            MalformedValue: the payload is not its kind's.
        """
        self._verify_order(entry)
        self._verify_birth(entry)
        subject = fold_subject(
            self.subjects.get(entry.subject), entry, self._find_batch(entry.subject)
        )
        self._note(entry, subject)
        self.subjects[entry.subject] = subject
        self.ledger_head = ledger_head_after(self.ledger_head, subject.head, entry)
        self._last = entry
        return subject

    # -- what it answers ---------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the ledger takes nothing but acts of governance."""
        return is_paused(self.ledger_head)

    @property
    def founding(self) -> Founding | None:
        """The ledger as a subject; None before its first entry."""
        found = self.subjects.get(self._founding)
        return found if isinstance(found, Founding) else None

    def find(self, subject: Hash32) -> Subject | None:
        """A subject as it is now, be it an asset that only its batch's entry tells of."""
        found = self.subjects.get(subject)
        if found is None and (batch := self._find_batch(subject)):
            return member(batch, subject)
        return found

    def head(self, subject: Hash32) -> Hash32:
        """The rolling hash over a subject's entries; zero if there is no such subject."""
        found = self.find(subject)
        return ZERO_HASH if found is None else found.head

    def count(self, subject: Hash32) -> int:
        """How many entries a subject has, which is the position of the next."""
        found = self.find(subject)
        return 0 if found is None else found.count

    def owner_of(self, asset: Hash32) -> Hash32 | None:
        """The organisation that holds title to an asset."""
        found = self.find(asset)
        return found.owner if isinstance(found, Asset) else None

    def party_of(self, asset: Hash32, party: Party) -> Hash32 | None:
        """The organisation that is a party to an asset, if any is."""
        found = self.find(asset)
        if not isinstance(found, Asset):
            return None
        org: Hash32 | None = getattr(found, party.label)
        return org

    def offer_of(self, asset: Hash32, party: Party, now: int) -> Offer | None:
        """The open offer of a party, unless it has lapsed."""
        offer = self.relations.find(Offer, asset, party)
        return offer if offer and not has_passed(offer.expires, now) else None

    def parent_of(self, part: Hash32) -> Hash32 | None:
        """The asset of which `part` is a part, if any."""
        found = self.relations.find(PartOf, part)
        return found.parent if found else None

    def height_of(self, asset: Hash32) -> int:
        """How many levels of parts are below an asset."""
        return max((1 + self.height_of(part) for part in self._parts.get(asset, ())), default=0)

    def balance_of(self, org: Hash32) -> int:
        """How many assets an organisation holds title to, those of batches included."""
        return self._balances[org]

    def is_in_force(
        self, subject: Hash32, position: int, issuer: Hash32, schema: Hash32, now: int
    ) -> bool:
        """Whether the entry there is such an attestation or credential, and is good still."""
        claim = self.relations.find(Claim, subject, position)
        return (
            claim is not None
            and (claim.issuer, claim.schema) == (issuer, schema)
            and not has_passed(claim.expires, now)
        )

    def is_open(self, world: Hash32) -> bool:
        """Whether a world takes listings."""
        found = self.subjects.get(world)
        return isinstance(found, World) and found.open

    def admission_of(self, world: Hash32) -> tuple[Hash32, Hash32]:
        """The schema and issuer of the credential that admits to a world; zero where none is."""
        found = self.subjects.get(world)
        if not isinstance(found, World):
            return ZERO_HASH, ZERO_HASH
        return found.schema, found.issuer

    def is_listed(self, asset: Hash32, world: Hash32, now: int) -> bool:
        """Whether an asset is shown in a world, by who owns it now and is admitted still."""
        listing = self.relations.find(Listing, asset, world)
        if listing is None or listing.org != self.owner_of(asset):
            return False
        if not self.is_open(world) or has_passed(listing.expires, now):
            return False
        schema, _ = self.admission_of(world)
        return schema == ZERO_HASH or self.is_in_force(
            listing.org, listing.credential, listing.issuer, schema, now
        )

    # -- what it verifies --------------------------------------------------------------------

    def _verify_order(self, entry: Appended) -> None:
        """The ledger begins with its founding, goes on in time, and leaves no consequence out."""
        last = self._last
        if (entry.kind is Kind.FOUNDED) != (last is None):
            raise VerificationError(
                "the ledger's first entry founds it, and no other does",
                kind=entry.kind.label,
                position=entry.position,
            )
        if last is None:
            return
        if entry.timestamp < last.timestamp:
            raise VerificationError(
                "an entry is earlier than the one before it",
                expected=last.timestamp,
                found=entry.timestamp,
            )
        due = _due(last)
        if due is None and entry.kind not in CONSEQUENCES:
            return
        told = (entry.subject, entry.kind, entry.payload, entry.org, entry.actor, entry.timestamp)
        if told != due:
            raise VerificationError(
                "a part's parent is told right after the part, and only then",
                expected="another entry" if due is None else f"{due[1].label} of {to_hex(due[0])}",
                found=f"{entry.kind.label} of {to_hex(entry.subject)}",
            )

    def _verify_birth(self, entry: Appended) -> None:
        if (entry.position == 0) != (entry.kind in BIRTHS):
            raise misplaced(entry, "a subject")
        if entry.position != 0:
            return
        born = subject_id(self.domain, entry.kind, entry.org, entry.payload)
        if born != entry.subject:
            raise VerificationError(
                "a first entry does not hash to its subject's id",
                expected=to_hex(born),
                found=to_hex(entry.subject),
            )

    # -- what it keeps -----------------------------------------------------------------------

    def _note(self, entry: Appended, subject: Subject) -> None:
        """Keep what an entry changes beside its subject, which is still as it was before."""
        before = self.find(entry.subject)
        if before is not None and entry.subject not in self.subjects and isinstance(before, Asset):
            self.relations.apply([Opened(Holding(before.id, Party.OWNER, before.owner))])
        self.relations.apply(changes(entry))
        match subject:
            case Batch():
                self._balances[subject.owner] += subject.size
            case Asset():
                if isinstance(before, Asset):
                    self._balances[before.owner] -= 1
                self._balances[subject.owner] += 1
            case Founding():
                self._founding = subject.id
        match decode_payload(entry.kind, entry.payload):
            case Mounted(parent):
                self._parts[parent].add(entry.subject)
            case Dismounted(parent):
                self._parts[parent].discard(entry.subject)

    def _find_batch(self, asset: Hash32) -> Batch | None:
        batch = self.subjects.get(batch_id_of(asset))
        return batch if isinstance(batch, Batch) and batch.has(asset) else None


def _due(entry: Appended) -> tuple[Hash32, Kind, bytes, Hash32, bytes, int] | None:
    """What the ledger writes right after an entry, but for its position."""
    match decode_payload(entry.kind, entry.payload):
        case Mounted(parent):
            told, kind = PartAdded(entry.subject).encode(), Kind.PART_ADDED
        case Dismounted(parent):
            told, kind = PartRemoved(entry.subject).encode(), Kind.PART_REMOVED
        case _:
            return None
    return parent, kind, told, entry.org, entry.actor, entry.timestamp
