"""Proves that a ledger knew no such subject as of a block: nothing of what was promised came.

As a file it is one JSON object: `format`, `chain_id`, `contract`, `subject`, a block's `header`
(RLP), the `account_proof` from its state root, and the `nodes` from the account's storage root to
where the subject's word would be.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import MAX_INTEGER
from ledger.errors import NodeUnavailable, VerificationError
from ledger.hashing import keccak
from ledger.proofs.header import ReadHeader, encode_header, read_header
from ledger.proofs.layout import word_slot
from ledger.proofs.members import load_file, read_all_bytes, read_bytes, read_integer, read_object
from ledger.proofs.source import StateSource, needed_nodes
from ledger.proofs.storage import find_storage_root
from ledger.proofs.trie import verify_path
from ledger.types import Address, Hash32, to_hex

FORMAT: Final = "asset-ledger-absence/1"
"""How such a file calls itself."""

_MOST_NODES: Final = 64
_MEMBERS: Final = frozenset(
    {"format", "chain_id", "contract", "subject", "header", "account_proof", "nodes"}
)


class NotAbsent(VerificationError):
    """It is not proven that the ledger knew no such subject."""

    code = "not_absent"


@dataclass(frozen=True, slots=True)
class Absence:
    """The nodes that turn away from a subject's word, in the right form, with nothing verified."""

    chain_id: int
    contract: Address
    subject: Hash32
    header: bytes
    account_proof: tuple[bytes, ...]
    nodes: tuple[bytes, ...]


def encode_absence(absence: Absence) -> bytes:
    """Write a file."""
    value = {
        "format": FORMAT,
        "chain_id": absence.chain_id,
        "contract": to_hex(absence.contract),
        "subject": to_hex(absence.subject),
        "header": to_hex(absence.header),
        "account_proof": [to_hex(one) for one in absence.account_proof],
        "nodes": [to_hex(one) for one in absence.nodes],
    }
    return (json.dumps(value, indent=2) + "\n").encode()


def decode_absence(raw: bytes) -> Absence:
    """Read a file strictly.

    Raises:
        DocumentError: it is no strict JSON.
        MalformedValue: a member is missing, unknown or malformed.
    """
    value = load_file(raw, FORMAT, "absence")
    members = read_object(value, _MEMBERS, "absence")
    return Absence(
        chain_id=read_integer(members["chain_id"], MAX_INTEGER, "chain_id"),
        contract=read_bytes(members["contract"], 20, "contract"),
        subject=read_bytes(members["subject"], 32, "subject"),
        header=read_bytes(members["header"], None, "header"),
        account_proof=read_all_bytes(
            members["account_proof"], None, "account_proof", most=_MOST_NODES
        ),
        nodes=read_all_bytes(members["nodes"], None, "nodes", most=_MOST_NODES),
    )


def verify_absence(
    absence: Absence, *, block_hash: Hash32, contract: Address, subject: Hash32
) -> ReadHeader:
    """Check that the ledger had no entry of a subject as of a block; returns that block's header.

    It says nothing of an asset of a batch to which nothing was written: that has no word.

    Raises:
        NotAbsent: the proof is of something else, or the subject is there.
        TrieError, RlpError: the nodes are none, or lead elsewhere.
    """
    for what, expected, found in (
        ("contract", contract, absence.contract),
        ("subject", subject, absence.subject),
        ("block", block_hash, keccak(absence.header)),
    ):
        if expected != found:
            raise NotAbsent(
                f"the proof is of another {what}: {to_hex(found)}, not {to_hex(expected)}",
                expected=to_hex(expected),
                found=to_hex(found),
            )
    header = read_header(absence.header)
    root = find_storage_root(header.state_root, contract, absence.account_proof)
    if root is None:
        raise NotAbsent(f"the block's state has no account {to_hex(contract)}", found="nothing")
    if verify_path(root, keccak(word_slot(subject)), absence.nodes) is not None:
        raise NotAbsent(f"the ledger knows {to_hex(subject)}: bring a bundle of it")
    return header


def fetch_absence(
    source: StateSource, contract: Address, subject: Hash32, block: int | str = "latest"
) -> Absence:
    """Fetch what a node says of a subject's word; it is to be verified.

    Raises:
        NodeError: the node's answer cannot be used.
    """
    pinned = source.fetch_block(block)
    proof = source.fetch_proof(contract, (word_slot(subject),), pinned.number)
    if len(proof.slots) != 1:
        raise NodeUnavailable("eth_getProof left slots out", method="eth_getProof")
    return Absence(
        source.chain_id(),
        contract,
        subject,
        encode_header(pinned.header),
        needed_nodes(proof.nodes),
        needed_nodes(proof.slots[0].nodes),
    )
