"""Chains that lie: histories and storage that no contract would have, with every hash right.

Mutated bundles mostly fail at the first hash. Here whoever makes the bundle also makes the chain,
so that what is wrong is met by the later steps, and by them alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ledger.domain.kinds import Kind
from ledger.domain.payloads import (
    Accepted,
    AccountAdded,
    AccountRemoved,
    AttestationRevoked,
    Attested,
    Corrected,
    CredentialIssued,
    CredentialRevoked,
    Delisted,
    Dismounted,
    Enrolled,
    Erased,
    Founded,
    Frozen,
    Listed,
    Mounted,
    Observed,
    Offered,
    PartAdded,
    PartRemoved,
    Paused,
    Payload,
    Registered,
    Reinstated,
    Released,
    Resumed,
    Revised,
    SchemaPublished,
    Staged,
    SuccessorNamed,
    Suspended,
    TitleForced,
    Transferred,
    Unfrozen,
    Withdrawn,
    WorldClosed,
    WorldOpened,
)
from ledger.errors import LedgerError
from ledger.hashing import keccak, merkle_top, next_head
from ledger.proofs.bundle import BundleEntry, BundleSubject, DocumentLeaves
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.layout import head_slot, ledger_head_slot, word_slot
from ledger.types import ZERO_HASH, AssetKind, Party, Stage
from tests.proofs.paper import ACTOR, ORG, OTHER, REASON, Paper, a_batch, block_hash, bundle_entry

Draw = random.Random
OTHER_ACTOR: Final = b"\xbb" * 20
LEAVES: Final = (b"\1" * 32, b"\2" * 32, b"\3" * 32)
CONTENT: Final = merkle_top(LEAVES)  # Of a document whose commitment the bundle may hold.


@dataclass(frozen=True, slots=True)
class Forgery:
    """A bundle of a chain that lies, and what its auditor is made to trust."""

    raw: bytes
    block_hash: bytes
    contract: bytes


def forge(draw: Draw) -> Forgery:
    """Entries at random, changed at random; storage that fits them, changed at random."""
    paper = Paper()
    batch, other = a_batch(paper), _begin(draw, paper, b"other")
    subject = _begin(draw, paper, b"subject")
    if draw.random() < 0.2:
        subject = _member(batch, draw.choice((0, 1, 2, 3, 3, 4)))
    _go_on(draw, paper, subject)
    paper.approved = draw.random() < 0.2
    related = [batch, other][: draw.randrange(3)]
    told = [bundle_entry(entry) for entry in paper.entries.get(subject, [])]
    if draw.random() < 0.5 and told:
        told = _changed(draw, told)
    storage = _fitting(paper, subject, told)
    if draw.random() < 0.5:
        _change_storage(draw, storage, subject)
    return _bundled(draw, paper, storage, subject, related, told)


def _bundled(
    draw: Draw,
    paper: Paper,
    storage: dict[bytes, int],
    subject: bytes,
    related: list[bytes],
    told: list[BundleEntry],
) -> Forgery:
    held = None
    if draw.random() < 0.2:
        held = [one for one in paper.entries if draw.random() < 0.3]
    bundle = paper.bundle(
        subject, storage, related=[one for one in related if one != subject], held=held
    )
    subjects = tuple(
        BundleSubject(one.id, tuple(told)) if one.id == subject else one for one in bundle.subjects
    )
    documents = tuple(
        DocumentLeaves(content, LEAVES) for content in [CONTENT] if draw.random() < 0.2
    )
    bundle = replace(bundle, subjects=subjects, documents=documents)
    if draw.random() < 0.1:
        bundle = replace(bundle, tree=True)
    return Forgery(encode_bundle(bundle), block_hash(bundle), bundle.contract)


def _member(batch: bytes, index: int) -> bytes:
    return batch[:29] + index.to_bytes(3, "big")


# -- histories ---------------------------------------------------------------------------------

BIRTHS: Final[dict[str, Callable[[bytes], Payload]]] = {
    "asset": lambda name: Registered(ORG, ZERO_HASH, keccak(name), AssetKind.INSTANCE),
    "organisation": lambda name: Enrolled(f"did:web:{name.decode()}.example"),
    "world": lambda name: WorldOpened(keccak(name), ZERO_HASH, ZERO_HASH),
    "schema": lambda name: SchemaPublished(keccak(name), ZERO_HASH),
    "ledger": lambda name: Founded(keccak(name)[12:]),
}


def _begin(draw: Draw, paper: Paper, name: bytes) -> bytes:
    org = draw.choice((ORG, OTHER, ZERO_HASH))
    subject = paper.begin(BIRTHS[draw.choice(list(BIRTHS))](name), org)
    _go_on(draw, paper, subject)
    return subject


def _go_on(draw: Draw, paper: Paper, subject: bytes) -> None:
    for _ in range(draw.choice((0, 0, 1, 2, 3, 5, 9))):
        try:
            paper.append(subject, draw.choice(_acts(draw)), draw.choice((ORG, OTHER)))
        except LedgerError:
            paper.entries[subject].pop()  # Of another class.
            if not paper.entries[subject]:
                del paper.entries[subject]


def _acts(draw: Draw) -> list[Payload]:
    """An entry of each kind that begins nothing."""
    party, hashed = draw.choice(list(Party)), draw.choice((ORG, OTHER, REASON, ZERO_HASH, CONTENT))
    number = draw.choice((0, 1, 2, 2**40, 2**64 - 1))
    actor = draw.choice((ACTOR, OTHER_ACTOR))
    return [
        Accepted(party),
        Accepted(party),
        Offered(party, hashed, number),
        Offered(party, hashed, number),
        Released(draw.choice([Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER])),
        Withdrawn(party),
        Revised(hashed),
        Observed(hashed),
        Corrected(number, hashed),
        Staged(draw.choice(list(Stage))),
        Transferred(hashed),
        TitleForced(hashed, REASON),
        Mounted(hashed),
        Dismounted(hashed),
        PartAdded(hashed),
        PartRemoved(hashed),
        Attested(ZERO_HASH, hashed, number),
        AttestationRevoked(number, ZERO_HASH),
        Listed(hashed, hashed, hashed, number, hashed, number),
        Delisted(hashed),
        Erased((hashed, REASON)),
        Frozen(hashed),
        Unfrozen(hashed),
        AccountAdded(actor),
        AccountAdded(actor),
        AccountRemoved(actor),
        Suspended(hashed),
        Reinstated(hashed),
        CredentialIssued(ZERO_HASH, hashed, number),
        CredentialRevoked(number, ZERO_HASH),
        WorldClosed(hashed),
        Paused(hashed),
        Resumed(hashed),
        SuccessorNamed(actor, hashed),
    ]


def _changed(draw: Draw, told: list[BundleEntry]) -> list[BundleEntry]:
    """One entry of them changed; the first one's id cannot follow, so it is mostly a later one."""
    at = draw.randrange(len(told)) if draw.random() < 0.2 else len(told) - 1
    entry = told[at]
    match draw.randrange(6):
        case 0:
            kinds = [int(kind) for kind in Kind] + [0, 15, 255]
            changed = replace(entry, kind=draw.choice(kinds))
        case 1:
            other = draw.choice(_acts(draw))
            changed = replace(entry, kind=int(other.KIND), payload=other.encode())
        case 2:
            changed = replace(entry, org=draw.choice((ORG, OTHER, ZERO_HASH)))
        case _:
            changed = replace(entry, payload=_changed_payload(draw, entry.payload))
    return [*told[:at], changed, *told[at + 1 :]]


def _changed_payload(draw: Draw, payload: bytes) -> bytes:
    at = 32 * draw.randrange(len(payload) // 32)
    word = draw.choice(
        (
            bytes(32),
            b"\xff" * 32,
            *(n.to_bytes(32, "big") for n in (1, 3, 4, 5, 6, 32, 64, 2**24, 2**64, 2**160)),
        )
    )
    match draw.randrange(6):
        case 0:
            return payload[:-32]
        case 1:
            return payload + bytes(32)
        case 2:
            return payload[:-1]
        case 3:
            place = draw.randrange(len(payload))
            return payload[:place] + draw.randbytes(1) + payload[place + 1 :]
        case _:
            return payload[:at] + word + payload[at + 32 :]


# -- storage -----------------------------------------------------------------------------------


def _fitting(paper: Paper, subject: bytes, told: list[BundleEntry]) -> dict[bytes, int]:
    """What the contract would hold if it had taken these entries."""
    storage = paper.storage()
    head = subject
    for one in told:
        if one.position:
            assert one.actor is not None
            head = next_head(
                head, one.position, one.kind, one.org, one.actor, one.timestamp, one.payload
            )
    if any(one.position for one in told):
        storage[head_slot(subject)] = int.from_bytes(head, "big")
    return storage


def _change_storage(draw: Draw, storage: dict[bytes, int], subject: bytes) -> None:
    near = [word_slot(subject)] * 4 + [head_slot(subject), ledger_head_slot(), *storage]
    for _ in range(draw.choice((1, 1, 2))):
        slot = draw.choice(near)
        held = storage.get(slot, 0)
        match draw.randrange(4):
            case 0 | 1:
                # Most of a word's bits are its owner's; those above say more.
                held ^= 1 << draw.choice((0, draw.randrange(160, 256), draw.randrange(228, 256)))
            case 2:
                held = draw.choice((0, 1, 2**160 - 1, 2**256 - 1, draw.getrandbits(256)))
            case _:
                held = draw.choice(list(storage.values()))
        storage[slot] = held
        if held == 0:
            del storage[slot]
