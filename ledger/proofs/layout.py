"""How `AssetLedger` lays out its storage: slots, and the word it keeps for each subject."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ledger.errors import VerificationError
from ledger.hashing import mapping_slot
from ledger.types import Address, Hash32

WORDS: Final = 0
HEADS: Final = 1
LEDGER_HEAD: Final = 2


class SubjectClass(IntEnum):
    """What a subject is; the numbers are the contract's."""

    ASSET = 1
    BATCH = 2
    SCHEMA = 3
    WORLD = 4
    ORGANISATION = 5


@dataclass(frozen=True, slots=True)
class Word:
    """The storage word of a subject, lowest bits first:

        0        160       200      232       235 236 237 238   240       256
        | owner   | opened  | count  | class   | f | s | a | 0   | accounts |

    `owner` is an organisation's address; `opened_at` seconds since 1970; `frozen`, `suspended`
    and `approved` (an ERC-721 approval is set) single bits; `accounts` counts an organisation's.
    """

    owner: Address
    opened_at: int
    count: int
    subject_class: SubjectClass
    frozen: bool
    suspended: bool
    approved: bool
    accounts: int


def decode_word(word: int) -> Word:
    """Read a subject's storage word.

    Raises:
        VerificationError: its class is unknown, or a bit without meaning is set.
    """
    try:
        subject_class = SubjectClass(word >> 232 & 0b111)
    except ValueError:
        raise VerificationError("a word of no known class", found=hex(word)) from None
    if word >> 238 & 0b11:
        raise VerificationError("a word with bits that mean nothing", found=hex(word))
    return Word(
        owner=(word & (1 << 160) - 1).to_bytes(20, "big"),
        opened_at=word >> 160 & (1 << 40) - 1,
        count=word >> 200 & (1 << 32) - 1,
        subject_class=subject_class,
        frozen=bool(word >> 235 & 1),
        suspended=bool(word >> 236 & 1),
        approved=bool(word >> 237 & 1),
        accounts=word >> 240,
    )


def encode_word(word: Word) -> int:
    """Write a subject's storage word."""
    return (
        int.from_bytes(word.owner, "big")
        | word.opened_at << 160
        | word.count << 200
        | word.subject_class << 232
        | word.frozen << 235
        | word.suspended << 236
        | word.approved << 237
        | word.accounts << 240
    )


def word_slot(subject: Hash32) -> Hash32:
    """Slot of a subject's word."""
    return mapping_slot(subject, WORDS)


def head_slot(subject: Hash32) -> Hash32:
    """Slot of a subject's head; empty while only its first entry exists."""
    return mapping_slot(subject, HEADS)


def ledger_head_slot() -> Hash32:
    """Slot of the ledger head."""
    return LEDGER_HEAD.to_bytes(32, "big")
