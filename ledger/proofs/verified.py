"""What a verified bundle proves, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ledger.domain.asset import Asset
from ledger.domain.organisation import Organisation
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.layout import Word
from ledger.proofs.trie import Account
from ledger.types import Address, Hash32, to_hex

Subject: TypeAlias = Asset | Organisation


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
    match state:
        case Asset():
            sentences += [
                "What the documents say: only their content hashes are bound.",
                "Who the organisations are: prove each by a bundle of its own.",
            ]
        case Organisation():
            sentences.append(f"That whoever controls {state.did} is this organisation.")
    if word.approved:
        sentences.append("Whom the owner has approved to transfer title (ERC-721): no entry.")
    return tuple(sentences)
