"""Proves that a ledger knew no such subject as of a block: nothing of what was promised came.

As a file it is one JSON object: `format`, `chain_id`, `contract`, `subject`, a block's `header`
(RLP), the `account_proof` from its state root, and the `nodes` from the account's storage root to
where the subject's word would be. An asset of a batch has no word until something is written to it,
so that `batch_nodes` lead to the word of the batch that it would be of, too; they are left out of
an id that ends in three zero bytes, which can be a batch's alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import MAX_INTEGER, JsonValue
from ledger.domain.batch import batch_id_of, index_of
from ledger.errors import NodeUnavailable, VerificationError
from ledger.hashing import keccak
from ledger.proofs.header import ReadHeader, encode_header, read_header
from ledger.proofs.layout import SubjectClass, decode_word, word_slot
from ledger.proofs.members import load_file, read_all_bytes, read_bytes, read_integer, read_object
from ledger.proofs.source import StateSource, needed_nodes
from ledger.proofs.storage import find_slot, find_storage_root
from ledger.types import Address, Hash32, to_hex

FORMAT: Final = "asset-ledger-absence/2"
"""How such a file calls itself."""

_MOST_NODES: Final = 64
_MEMBERS: Final = frozenset(
    {"format", "chain_id", "contract", "subject", "header", "account_proof", "nodes"}
)


class NotAbsent(VerificationError):
    """It is not proven that the ledger knew no such subject."""

    code = "not_absent"


class Known(NotAbsent):
    """The ledger knows the subject: it has entries, or was born with its batch."""

    code = "known"


@dataclass(frozen=True, slots=True)
class Absence:
    """The nodes that turn away from a subject's word, in the right form, with nothing verified."""

    chain_id: int
    contract: Address
    subject: Hash32
    header: bytes
    account_proof: tuple[bytes, ...]
    nodes: tuple[bytes, ...]
    batch_nodes: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """What is proven: as of this block, there was no such subject.

    `batch_size` says how many assets the batch has that the id would be of; None: there is none.
    """

    header: ReadHeader
    batch_size: int | None


def encode_absence(absence: Absence) -> bytes:
    """Write a file."""
    value: dict[str, JsonValue] = {
        "format": FORMAT,
        "chain_id": absence.chain_id,
        "contract": to_hex(absence.contract),
        "subject": to_hex(absence.subject),
        "header": to_hex(absence.header),
        "account_proof": [to_hex(one) for one in absence.account_proof],
        "nodes": [to_hex(one) for one in absence.nodes],
    }
    if absence.batch_nodes is not None:
        value["batch_nodes"] = [to_hex(one) for one in absence.batch_nodes]
    return (json.dumps(value, indent=2) + "\n").encode()


def decode_absence(raw: bytes) -> Absence:
    """Read a file strictly.

    Raises:
        DocumentError: it is no strict JSON.
        MalformedValue: a member is missing, unknown or malformed.
    """
    value = load_file(raw, FORMAT, "absence")
    subject = read_bytes(value.get("subject"), 32, "subject")
    of_batch = frozenset({"batch_nodes"} if index_of(subject) else ())
    members = read_object(value, _MEMBERS | of_batch, "absence")
    return Absence(
        chain_id=read_integer(members["chain_id"], MAX_INTEGER, "chain_id"),
        contract=read_bytes(members["contract"], 20, "contract"),
        subject=subject,
        header=read_bytes(members["header"], None, "header"),
        account_proof=read_all_bytes(
            members["account_proof"], None, "account_proof", most=_MOST_NODES
        ),
        nodes=read_all_bytes(members["nodes"], None, "nodes", most=_MOST_NODES),
        batch_nodes=read_all_bytes(members["batch_nodes"], None, "batch_nodes", most=_MOST_NODES)
        if of_batch
        else None,
    )


def verify_absence(
    absence: Absence, *, block_hash: Hash32, contract: Address, subject: Hash32
) -> Absent:
    """Check that the ledger knew no such subject as of a block, be it of its own or of a batch.

    Raises:
        NotAbsent: the proof is of something else.
        Known: the subject is there.
        TrieError, RlpError: nodes are missing, are none, or lead elsewhere.
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
    if find_slot(root, word_slot(subject), absence.nodes) is not None:
        raise Known(f"the ledger knows {to_hex(subject)}: bring a bundle of it")
    return Absent(header, _verify_no_member(root, subject, absence.batch_nodes))


def _verify_no_member(root: Hash32, subject: Hash32, nodes: tuple[bytes, ...] | None) -> int | None:
    """See that no batch has the asset; returns the size of the batch that it would be of."""
    index, batch = index_of(subject), batch_id_of(subject)
    if index == 0:
        return None
    if nodes is None:
        raise NotAbsent(f"whether {to_hex(batch)} is a batch, which has it, is not proven")
    held = find_slot(root, word_slot(batch), nodes)
    word = None if held is None else decode_word(held)
    if word is None or word.subject_class is not SubjectClass.BATCH:
        return None
    if index <= word.size:
        raise Known(
            f"{to_hex(subject)} is asset {index} of {word.size} of the batch {to_hex(batch)}, and"
            " was born with it: bring a bundle of it",
            expected=f"an index beyond {word.size}",
            found=index,
        )
    return word.size


def fetch_absence(
    source: StateSource, contract: Address, subject: Hash32, block: int | str = "latest"
) -> Absence:
    """Fetch what a node says of a subject's word; it is to be verified.

    Raises:
        NodeError: the node's answer cannot be used.
    """
    pinned = source.fetch_block(block)
    own, of_batch = word_slot(subject), word_slot(batch_id_of(subject))
    wanted = (own, of_batch) if index_of(subject) else (own,)
    proof = source.fetch_proof(contract, wanted, pinned.number)
    found = {one.slot: needed_nodes(one.nodes) for one in proof.slots}
    if found.keys() != set(wanted):
        raise NodeUnavailable("eth_getProof left slots out", method="eth_getProof")
    return Absence(
        source.chain_id(),
        contract,
        subject,
        encode_header(pinned.header),
        needed_nodes(proof.nodes),
        found[own],
        found[of_batch] if index_of(subject) else None,
    )
