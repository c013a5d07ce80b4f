"""A contract's storage as it is proven: by nodes of its own, or out of a bundle's one pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.domain.batch import batch_id_of, index_of
from ledger.errors import VerificationError
from ledger.hashing import keccak
from ledger.proofs.layout import SubjectClass, Word, decode_word, word_slot
from ledger.proofs.trie import Nodes, decode_account, decode_slot, verify_path
from ledger.types import Address, Hash32, to_hex


def find_storage_root(
    state_root: Hash32, address: Address, nodes: Sequence[bytes]
) -> Hash32 | None:
    """The root of an account's storage; None if there provably is no such account.

    Raises:
        TrieError, RlpError: the nodes do not prove it.
        VerificationError: what they prove is no account.
    """
    account = verify_path(state_root, keccak(address), nodes)
    return None if account is None else decode_account(account).storage_root


def find_slot(root: Hash32, slot: Hash32, nodes: Sequence[bytes]) -> int | None:
    """What a slot holds; None if it provably holds nothing. Raises TrieError or RlpError."""
    held = verify_path(root, keccak(slot), nodes)
    return None if held is None else decode_slot(held)


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage of a contract, under the root that its account names."""

    root: Hash32
    nodes: Nodes

    def find(self, slot: Hash32) -> int | None:
        """What a slot holds; None if it provably holds nothing. Raises TrieError or RlpError."""
        held = self.nodes.find(self.root, keccak(slot))
        return None if held is None else decode_slot(held)

    def find_word(self, subject: Hash32) -> Word | None:
        """A subject's word, None if nothing was written to it.

        Raises:
            TrieError, RlpError: the nodes do not prove it.
            VerificationError: it is no word.
        """
        held = self.find(word_slot(subject))
        if held is None:
            return None
        word = decode_word(held)
        if word.count == 0:
            raise VerificationError("a subject without entries", expected="at least 1", found=0)
        return word


def member_word(asset: Hash32, batch: Word | None) -> Word:
    """The word of an asset that nothing was written to, by its batch's.

    Raises:
        VerificationError: that is no batch's, or of too few assets.
    """
    is_member = (
        batch is not None
        and batch.subject_class is SubjectClass.BATCH
        and 0 < index_of(asset) <= batch.size
    )
    if batch is None or not is_member:
        raise VerificationError(
            "the contract knows no such subject",
            expected=f"its word, or a batch {to_hex(batch_id_of(asset))} that it is of",
            found="nothing",
        )
    return Word(batch.owner, batch.opened_at, 1, SubjectClass.ASSET)
