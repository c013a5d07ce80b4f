"""A ledger on paper: what the contract would hold after some entries, and bundles of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import rlp

from ledger.domain.asset import Asset
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
from ledger.hashing import domain_separator, keccak, subject_id
from ledger.proofs.bundle import Bundle, BundleEntry
from ledger.proofs.claims import word_of
from ledger.proofs.layout import Word, encode_word, head_slot, ledger_head_slot, word_slot
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

    def begin(self, payload: Payload, org: bytes = ZERO_HASH) -> bytes:
        domain = domain_separator(self.chain_id, self.contract)
        subject = subject_id(domain, payload.KIND, org, payload.encode())
        self.append(subject, payload, org)
        return subject

    def append(
        self, subject: bytes, payload: Payload, org: bytes = ZERO_HASH, late: int = 0
    ) -> None:
        told = self.entries.setdefault(subject, [])
        position, kind = len(told), payload.KIND
        time = late or OPENED + 10 * position
        entry = Appended(subject, org, kind, position, payload.encode(), ACTOR, time)
        told.append(entry)
        self.states[subject] = fold_subject(self.states.get(subject), entry)
        head = self.states[subject].head
        self.ledger_head = ledger_head_after(self.ledger_head, head, entry)

    def state(self, subject: bytes) -> Subject:
        return self.states[subject]

    def word(self, subject: bytes) -> Word:
        state = self.state(subject)
        if not isinstance(state, Asset):
            return word_of(state)
        return replace(word_of(state), approved=self.approved)

    def storage(self) -> dict[bytes, int]:
        slots = {ledger_head_slot(): int.from_bytes(self.ledger_head, "big")}
        for subject, told in self.entries.items():
            slots[word_slot(subject)] = encode_word(self.word(subject))
            if len(told) > 1:
                slots[head_slot(subject)] = int.from_bytes(self.state(subject).head, "big")
        return {slot: value for slot, value in slots.items() if value}

    def bundle(self, subject: bytes, storage: dict[bytes, int] | None = None) -> Bundle:
        """The subject's bundle; with `storage`, of a contract that holds that instead."""
        held = self.storage() if storage is None else storage
        slots = Trie({keccak(slot): rlp.encode(value) for slot, value in held.items()})
        account = rlp.encode([1, 0, slots.root, keccak(b"code")])
        others = {keccak(bytes([n]) * 20): rlp.encode([n, n, ZERO_HASH, ZERO_HASH]) for n in b"abc"}
        state = Trie(others | {keccak(self.contract): account})
        return Bundle(
            chain_id=self.chain_id,
            contract=self.contract,
            subject=subject,
            header=header(state.root),
            account_proof=state.prove(keccak(self.contract)),
            word_proof=slots.prove(keccak(word_slot(subject))),
            head_proof=slots.prove(keccak(head_slot(subject))),
            ledger_head_proof=slots.prove(keccak(ledger_head_slot())),
            entries=tuple(bundle_entry(entry) for entry in self.entries.get(subject, [])),
        )


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
    entries = list(bundle.entries)
    entries[index] = replace(entries[index], **changes)  # type: ignore[arg-type]
    return replace(bundle, entries=tuple(entries))
