"""Headers and states of a generated chain, so that its blocks' hashes prove its ledger heads.

The state holds the contract and nothing else, its storage the ledger head and nothing else: each
trie is a single leaf (Yellow Paper, appendix D).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.hashing import keccak
from ledger.proofs.layout import ledger_head_slot
from ledger.proofs.rlp import encode, encode_number
from ledger.proofs.trie import EMPTY_ROOT
from ledger.types import ZERO_HASH, Address, Hash32

NO_UNCLES: Final = keccak(b"\xc0")
GAS_LIMIT: Final = 30_000_000
GAS_USED: Final = 15_000_000
BASE_FEE: Final = 7
_LEAF_OF_EVEN_PATH: Final = b"\x20"
_SLOT_KEY: Final = keccak(ledger_head_slot())


class Leaves(NamedTuple):
    """The only node of the state trie, and that of the contract's storage."""

    state: bytes
    storage: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """What a block's header says beside its number and time; `root` is of its state."""

    hash: Hash32
    parent: Hash32
    root: Hash32


def leaves_of(contract: Address, code_hash: Hash32, ledger_head: Hash32) -> Leaves:
    """The tries' nodes where the contract holds a ledger head."""
    storage = _leaf(_SLOT_KEY, encode(encode_number(int.from_bytes(ledger_head))))
    account = encode([encode_number(1), b"", keccak(storage), code_hash])
    return Leaves(_leaf(keccak(contract), account), storage)


def seal(contract: Address, code_hash: Hash32, blocks: Sequence[tuple[int, Hash32]]) -> list[Seal]:
    """Seal blocks that follow one another from 0 on, told by their times and ledger heads.

    Before there is a ledger head, there is no contract.
    """
    seals: list[Seal] = []
    parent = ZERO_HASH
    for number, (timestamp, head) in enumerate(blocks):
        founded = head != ZERO_HASH
        root = keccak(leaves_of(contract, code_hash, head).state) if founded else EMPTY_ROOT
        hash_ = keccak(encode(_fields(number, timestamp, parent, root)))
        seals.append(Seal(hash_, parent, root))
        parent = hash_
    return seals


def _leaf(key: Hash32, value: bytes) -> bytes:
    return encode([_LEAF_OF_EVEN_PATH + key, value])


def _fields(number: int, timestamp: int, parent: Hash32, root: Hash32) -> list[bytes]:
    """A header of London's, in its order (EIP-1559); what is not of the state is empty."""
    return [
        *(parent, NO_UNCLES, bytes(20), root, EMPTY_ROOT, EMPTY_ROOT, bytes(256), b""),
        *map(encode_number, (number, GAS_LIMIT, GAS_USED, timestamp)),
        *(b"", bytes(32), bytes(8), encode_number(BASE_FEE)),
    ]
