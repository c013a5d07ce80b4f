"""A ledger on paper: what the contract would hold after some entries, and bundles of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import rlp

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch, batch_id_of, member
from ledger.domain.entries import Appended
from ledger.domain.heads import ledger_head_after
from ledger.domain.payloads import (
    Accepted,
    AccountAdded,
    Attested,
    BatchRegistered,
    Enrolled,
    Erased,
    Founded,
    Frozen,
    Mounted,
    Observed,
    Offered,
    Paused,
    Payload,
    Registered,
    Reinstated,
    Revised,
    SchemaPublished,
    Staged,
    SuccessorNamed,
    Suspended,
    Transferred,
    Unfrozen,
    WorldClosed,
    WorldOpened,
)
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import VerificationError
from ledger.hashing import domain_separator, keccak, organisation_address, subject_id
from ledger.proofs.bundle import Bundle, BundleEntry, BundleSubject, ClaimedHoldings
from ledger.proofs.claims import word_of
from ledger.proofs.layout import (
    SubjectClass,
    Word,
    approval_slot,
    balance_slot,
    decode_word,
    encode_offer,
    encode_word,
    head_slot,
    holder_slot,
    ledger_head_slot,
    offer_slot,
    parent_slot,
    word_slot,
)
from ledger.proofs.parties import party_slots
from ledger.types import ZERO_ADDRESS, ZERO_HASH, AssetKind, Party, Stage
from tests.proofs.tries import Trie

CHAIN_ID = 31337
CONTRACT = bytes(range(1, 21))
ACTOR = b"\xaa" * 20
ORG, OTHER = keccak(b"an organisation"), keccak(b"another")
REASON = keccak(b"a reason")
OPENED = 1_800_000_000


@dataclass
class Paper:
    """Entries as they come; `storage` is what the contract's slots would then hold."""

    contract: bytes = CONTRACT
    chain_id: int = CHAIN_ID
    entries: dict[bytes, list[Appended]] = field(default_factory=dict)
    states: dict[bytes, Subject] = field(default_factory=dict)
    ledger_head: bytes = ZERO_HASH
    approved: bool = False
    offers: dict[tuple[bytes, Party], Offered] = field(default_factory=dict)

    def begin(self, payload: Payload, org: bytes = ZERO_HASH) -> bytes:
        domain = domain_separator(self.chain_id, self.contract)
        subject = subject_id(domain, payload.KIND, org, payload.encode())
        self.append(subject, payload, org)
        return subject

    def append(
        self, subject: bytes, payload: Payload, org: bytes = ZERO_HASH, late: int = 0
    ) -> None:
        told = self.entries.setdefault(subject, [])
        batch = self._batch(subject)
        position, kind = len(told) + (batch is not None), payload.KIND
        time = late or OPENED + 10 * position
        entry = Appended(subject, org, kind, position, payload.encode(), ACTOR, time)
        told.append(entry)
        if isinstance(payload, Offered):
            self.offers[subject, payload.party] = payload
        self.states[subject] = fold_subject(self.states.get(subject), entry, batch)
        head = self.states[subject].head
        self.ledger_head = ledger_head_after(self.ledger_head, head, entry)

    def _batch(self, subject: bytes) -> Batch | None:
        batch = self.states.get(batch_id_of(subject))
        return batch if isinstance(batch, Batch) and batch.has(subject) else None

    def state(self, subject: bytes) -> Subject:
        batch = None if subject in self.states else self._batch(subject)
        return self.states[subject] if batch is None else member(batch, subject)

    def word(self, subject: bytes) -> Word:
        state = self.state(subject)
        if not isinstance(state, Asset):
            return word_of(state)
        return replace(word_of(state), approved=self.approved)

    def storage(self) -> dict[bytes, int]:
        slots = {ledger_head_slot(): int.from_bytes(self.ledger_head, "big")}
        for subject in self.entries:
            state = self.state(subject)
            slots[word_slot(subject)] = encode_word(self.word(subject))
            if state.count > 1:
                slots[head_slot(subject)] = int.from_bytes(state.head, "big")
            if isinstance(state, Asset):
                slots |= self._of_asset(state)
        for org, balance in self.balances().items():
            slots[balance_slot(organisation_address(org))] = balance
        return {slot: value for slot, value in slots.items() if value}

    def _of_asset(self, asset: Asset) -> dict[bytes, int]:
        """What stands beside an asset's word; what the word does not speak of stands there too."""
        slots = {parent_slot(asset.id): int.from_bytes(asset.parent or b"\7", "big")}
        for party in Party:
            org = None if party is Party.OWNER else getattr(asset, party.label)
            slots[holder_slot(asset.id, party)] = int.from_bytes((org or b"\7")[12:], "big")
            if offer := self.offers.get((asset.id, party)):
                to = organisation_address(offer.to)
                slots[offer_slot(asset.id, party)] = encode_offer(to, offer.expires)
        return slots | {approval_slot(asset.id): int.from_bytes(ACTOR, "big")}

    def balances(self) -> Counter[bytes]:
        """How many assets each organisation holds title to."""
        found: Counter[bytes] = Counter()
        for state in self.states.values():
            match state:
                case Batch():
                    found[state.owner] += state.size
                case Asset():
                    batch = self._batch(state.id)
                    found[state.owner] += 1
                    found[batch.owner if batch else state.owner] -= batch is not None
        return found

    def bundle(
        self,
        subject: bytes,
        storage: dict[bytes, int] | None = None,
        *,
        related: Sequence[bytes] = (),
        held: Sequence[bytes] | None = None,
        **others: Any,
    ) -> Bundle:
        """The subject's bundle; with `storage`, of a contract that holds that instead.

        Batches have to be among the `related`. With `held`, the subject is said to hold these.
        """
        ids = [*[one for one in related if one[29:] == bytes(3)], subject]
        ids += [one for one in related if one not in ids]
        contents = self.storage() if storage is None else storage
        slots = Trie({keccak(slot): rlp.encode(value) for slot, value in contents.items()})
        account = rlp.encode([1, 0, slots.root, keccak(b"code")])
        fill = {keccak(bytes([n]) * 20): rlp.encode([n, n, ZERO_HASH, ZERO_HASH]) for n in b"abc"}
        state = Trie(fill | {keccak(self.contract): account})
        nodes = dict.fromkeys(state.prove(keccak(self.contract)))
        for slot in self._slots(ids, subject, held, contents):
            nodes |= dict.fromkeys(slots.prove(keccak(slot)))
        return Bundle(
            chain_id=self.chain_id,
            contract=self.contract,
            subject=subject,
            header=header(state.root),
            nodes=tuple(nodes),
            subjects=tuple(self._bundled(one) for one in ids),
            holdings=None if held is None else ClaimedHoldings(subject, tuple(sorted(held))),
            **others,
        )

    def _bundled(self, subject: bytes) -> BundleSubject:
        told = self.entries.get(subject, [])
        return BundleSubject(subject, tuple(bundle_entry(entry) for entry in told))

    def _slots(
        self,
        ids: Sequence[bytes],
        subject: bytes,
        held: Sequence[bytes] | None,
        contents: dict[bytes, int],
    ) -> Iterator[bytes]:
        """The slots that a verifier reads, in its order."""
        yield ledger_head_slot()
        for one in ids:
            yield from (word_slot(one), head_slot(one))
            with suppress(VerificationError):
                word = decode_word(contents.get(word_slot(one), 0))
                if word.subject_class is SubjectClass.ASSET:
                    yield from party_slots(one, word)
        if held is not None:
            yield balance_slot(organisation_address(subject))
            for asset in sorted(held):
                yield word_slot(asset)
                if word_slot(asset) not in contents:
                    yield word_slot(batch_id_of(asset))


def bundle_entry(entry: Appended) -> BundleEntry:
    return BundleEntry(
        org=entry.org,
        kind=entry.kind,
        position=entry.position,
        payload=entry.payload,
        actor=entry.actor if entry.position else None,
        timestamp=entry.timestamp,
    )


def header(state_root: bytes, number: int = 7, time: int = OPENED + 1000) -> bytes:
    hashes = [ZERO_HASH, ZERO_HASH, ZERO_ADDRESS, state_root, ZERO_HASH, ZERO_HASH]
    london = [bytes(256), 0, number, 30_000_000, 21_000, time, b"", ZERO_HASH, bytes(8), 7]
    return bytes(rlp.encode([*hashes, *london, ZERO_HASH, 0, 0, ZERO_HASH, ZERO_HASH]))


def block_hash(bundle: Bundle) -> bytes:
    return keccak(bundle.header)


def an_asset(paper: Paper, serial: bytes = b"one") -> bytes:
    content = keccak(serial)
    return paper.begin(Registered(ORG, ZERO_HASH, content, AssetKind.INSTANCE), ORG)


def a_history(paper: Paper) -> bytes:
    """An asset that was revised, observed, frozen, released and handed over."""
    asset = an_asset(paper, b"history")
    paper.append(asset, Revised(keccak(b"better")), ORG)
    paper.append(asset, Observed(keccak(b"seen")), ORG)
    paper.append(asset, Frozen(REASON))
    paper.append(asset, Unfrozen(REASON))
    paper.append(asset, Transferred(OTHER), ORG)
    return asset


def an_organisation(paper: Paper) -> bytes:
    """An organisation of two accounts that was suspended, reinstated and suspended again."""
    org = paper.begin(Enrolled("did:web:gears.example"))
    paper.append(org, AccountAdded(ACTOR))
    paper.append(org, AccountAdded(b"\xbb" * 20), org)
    paper.append(org, Suspended(REASON))
    paper.append(org, Reinstated(REASON))
    paper.append(org, Suspended(REASON))
    return org


def a_lively_asset(paper: Paper) -> bytes:
    """An asset with every party, an open offer, at a stage, and a part of another."""
    asset, whole = an_asset(paper, b"lively"), an_asset(paper, b"whole")
    for party in (Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER):
        paper.append(asset, Offered(party, OTHER, 0), ORG)
        paper.append(asset, Accepted(party), OTHER)
    paper.append(asset, Offered(Party.OWNER, OTHER, OPENED), ORG)
    paper.append(asset, Staged(Stage.COMMISSIONED), ORG)
    paper.append(asset, Mounted(whole), ORG)
    paper.append(asset, Attested(ZERO_HASH, REASON, 0), OTHER)
    paper.append(asset, Erased((REASON, ORG)), ORG)
    return asset


def a_batch(paper: Paper) -> bytes:
    return paper.begin(BatchRegistered(ORG, ZERO_HASH, REASON, 3, keccak(b"manifest")), ORG)


def a_schema(paper: Paper) -> bytes:
    return paper.begin(SchemaPublished(keccak(b"schema"), ZERO_HASH), ORG)


def a_closed_world(paper: Paper) -> bytes:
    world = paper.begin(WorldOpened(keccak(b"world"), ZERO_HASH, ZERO_HASH), ORG)
    paper.append(world, WorldClosed(REASON), ORG)
    return world


def a_paused_ledger(paper: Paper) -> bytes:
    ledger = paper.begin(Founded(ACTOR))
    paper.append(ledger, SuccessorNamed(CONTRACT, REASON))
    paper.append(ledger, Paused(REASON))
    return ledger


def with_entry(bundle: Bundle, index: int, **changes: object) -> Bundle:
    entries = list(entries_of(bundle))
    entries[index] = replace(entries[index], **changes)  # type: ignore[arg-type]
    return with_entries(bundle, entries)


def entries_of(bundle: Bundle) -> tuple[BundleEntry, ...]:
    """The entries of the subject that a bundle is about."""
    return next(one.entries for one in bundle.subjects if one.id == bundle.subject)


def with_entries(bundle: Bundle, entries: Sequence[BundleEntry]) -> Bundle:
    subjects = [
        replace(one, entries=tuple(entries)) if one.id == bundle.subject else one
        for one in bundle.subjects
    ]
    return replace(bundle, subjects=tuple(subjects))
