"""What a verified bundle proves, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.organisation import Organisation
from ledger.domain.subjects import Subject
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.layout import Word
from ledger.proofs.trie import Account
from ledger.types import Address, Hash32, to_hex


@dataclass(frozen=True, slots=True)
class Header:
    """What is needed of a block's header; `timestamp` in seconds since 1970."""

    hash: Hash32
    state_root: Hash32
    number: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What a bundle proves: the subject as of the block, and every entry that made it so.

    `not_proven` says, a sentence each, what must not be read into it.
    """

    chain_id: int
    contract: Address
    code_hash: Hash32
    subject: Hash32
    block: Header
    word: Word
    ledger_head: Hash32
    entries: tuple[BundleEntry, ...]
    state: Subject
    not_proven: tuple[str, ...]


def not_proven(block: Header, account: Account, state: Subject, word: Word) -> tuple[str, ...]:
    """What must not be read into a verified bundle, a sentence each."""
    sentences = [
        f"That block {block.number} belongs to the chain: its hash was taken on trust.",
        "That nothing happened after that block.",
        "That the contract does what it should: compare its code, of hash "
        f"{to_hex(account.code_hash)}, with the published source.",
        "Which account sent the first entry: no head binds it.",
        "In which transactions the entries were sent.",
    ]
    sentences += _not_proven_of(state)
    if word.approved:
        sentences.append("Whom the owner has approved to transfer title (ERC-721): no entry.")
    return tuple(sentences)


def _not_proven_of(state: Subject) -> list[str]:
    documents = "What the documents say: only their content hashes are bound."
    others = "Who the organisations are: prove each by a bundle of its own."
    lapsing = "That what expires has not: times are told, and compared with none."
    match state:
        case Asset():
            return [documents, others, lapsing]
        case Batch():
            return [
                documents,
                others,
                "Which birth records the batch's root is over: compare it with the manifest's.",
                "What became of the batch's assets: each has a history of its own.",
            ]
        case Schema() | World():
            return [documents, others]
        case Organisation():
            return [
                f"That whoever controls {state.did} is this organisation.",
                lapsing,
            ]
        case Founding():
            return ["Who governs: the authority is a contract of its own."]
