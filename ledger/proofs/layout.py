"""How `AssetLedger` lays out its storage: slots, and the word it keeps for each subject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ledger.errors import VerificationError
from ledger.hashing import mapping_slot
from ledger.types import (
    Address,
    Hash32,
    Labelled,
    Party,
    Stage,
    decode_parties,
    encode_parties,
)

SUBJECTS: Final = 0
LEDGER_HEAD: Final = 1
HOLDERS: Final = 4
BALANCES: Final = 5
APPROVALS: Final = 6
OFFERS: Final = 10
PARENTS: Final = 11


class SubjectClass(Labelled):
    """What a subject is; the numbers are the contract's."""

    ASSET = 1
    BATCH = 2
    SCHEMA = 3
    WORLD = 4
    ORGANISATION = 5
    LEDGER = 6


@dataclass(frozen=True, slots=True)
class Word:
    """The storage word of a subject, highest bits first; what is above 232 is each class's own:

        255          232 231  228 227      196 195        160 159                0
        |      own       | class  |   count    |   opened at  |       owner       |

        255              245 244 243   240 239  237 236  234 233 232
        |         -          | M | offered |  held  | stage  | A | F |   asset
        |                            size                            |   batch
        |                             -                          | C |   world
        |     -     | S |                accounts                    |   organisation
        255     249 248 247                                       232

    `owner` is the address of the organisation that holds title to an asset or batch, or that
    published a schema or opened a world; `opened_at` seconds since 1970. `held` are the parties
    but the owner that somebody is, `offered` those of which there is an open offer. The letters
    stand for frozen, approved (an ERC-721 approval is set), mounted, closed and suspended.
    """

    owner: Address
    opened_at: int
    count: int
    subject_class: SubjectClass
    frozen: bool = False
    approved: bool = False
    stage: Stage = Stage.PLANNED
    held: frozenset[Party] = frozenset()
    offered: frozenset[Party] = frozenset()
    mounted: bool = False
    size: int = 0
    closed: bool = False
    accounts: int = 0
    suspended: bool = False


def decode_word(word: int) -> Word:
    """Read a subject's storage word.

    Raises:
        VerificationError: its class or stage is unknown, or a bit without meaning is set.
    """
    try:
        bare = Word(
            owner=(word & (1 << 160) - 1).to_bytes(20, "big"),
            opened_at=word >> 160 & (1 << 36) - 1,
            count=word >> 196 & (1 << 32) - 1,
            subject_class=SubjectClass(word >> 228 & 0b1111),
        )
        found = _decode_own(bare, word >> 232)
    except ValueError:
        raise VerificationError("a word of no known class or stage", found=hex(word)) from None
    if encode_word(found) != word:
        raise VerificationError("a word with bits that mean nothing", found=hex(word))
    return found


def _decode_own(bare: Word, own: int) -> Word:
    match bare.subject_class:
        case SubjectClass.ASSET:
            return replace(
                bare,
                frozen=bool(own & 1),
                approved=bool(own >> 1 & 1),
                stage=Stage(own >> 2 & 0b111),
                held=decode_parties(own >> 4 & 0b1110),
                offered=decode_parties(own >> 8 & 0b1111),
                mounted=bool(own >> 12 & 1),
            )
        case SubjectClass.BATCH:
            return replace(bare, size=own)
        case SubjectClass.WORLD:
            return replace(bare, closed=bool(own & 1))
        case SubjectClass.ORGANISATION:
            return replace(bare, accounts=own & 0xFFFF, suspended=bool(own >> 16 & 1))
        case SubjectClass.SCHEMA | SubjectClass.LEDGER:
            return bare


def encode_word(word: Word) -> int:
    """Write a subject's storage word."""
    return (
        int.from_bytes(word.owner, "big")
        | word.opened_at << 160
        | word.count << 196
        | word.subject_class << 228
        | _encode_own(word) << 232
    )


def _encode_own(word: Word) -> int:
    match word.subject_class:
        case SubjectClass.ASSET:
            return (
                word.frozen
                | word.approved << 1
                | word.stage << 2
                | encode_parties(word.held) << 4
                | encode_parties(word.offered) << 8
                | word.mounted << 12
            )
        case SubjectClass.BATCH:
            return word.size
        case SubjectClass.WORLD:
            return int(word.closed)
        case SubjectClass.ORGANISATION:
            return word.accounts | word.suspended << 16
        case SubjectClass.SCHEMA | SubjectClass.LEDGER:
            return 0


def word_slot(subject: Hash32) -> Hash32:
    """Slot of a subject's word."""
    return mapping_slot(subject, SUBJECTS)


def head_slot(subject: Hash32) -> Hash32:
    """Slot of a subject's head, the one after its word's; empty while only entry 0 exists."""
    return (int.from_bytes(word_slot(subject), "big") + 1).to_bytes(32, "big")


def ledger_head_slot() -> Hash32:
    """Slot of the ledger head."""
    return LEDGER_HEAD.to_bytes(32, "big")


def balance_slot(organisation: Address) -> Hash32:
    """Slot of how many assets an organisation's address holds title to."""
    return mapping_slot(organisation.rjust(32, b"\0"), BALANCES)


def holder_slot(asset: Hash32, party: Party) -> Hash32:
    """Slot of the address of a party but the owner; it counts while the word says it is held."""
    return _party_slot(asset, party, HOLDERS)


def approval_slot(asset: Hash32) -> Hash32:
    """Slot of the account approved for an asset; it counts while the word says there is one."""
    return mapping_slot(asset, APPROVALS)


def offer_slot(asset: Hash32, party: Party) -> Hash32:
    """Slot of a party's offer; it counts while the word says that it is offered."""
    return _party_slot(asset, party, OFFERS)


def parent_slot(asset: Hash32) -> Hash32:
    """Slot of the asset that one is mounted on; it counts while the word says that it is."""
    return mapping_slot(asset, PARENTS)


def encode_offer(to: Address, expires: int) -> int:
    """Write an offer as its slot holds it: the address, and above it when it lapses."""
    return int.from_bytes(to, "big") | expires << 160


def _party_slot(asset: Hash32, party: Party, mapping: int) -> Hash32:
    of_asset = int.from_bytes(mapping_slot(asset, mapping), "big")
    return mapping_slot(party.to_bytes(32, "big"), of_asset)
