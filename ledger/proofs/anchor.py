"""Proves that a `CheckpointLog` on another chain holds a checkpoint, as its witnesses signed it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import JsonValue
from ledger.errors import NodeUnavailable, VerificationError
from ledger.hashing import keccak, mapping_slot
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.header import ReadHeader, encode_header, read_header
from ledger.proofs.members import read_all_bytes, read_bytes, read_list, read_object
from ledger.proofs.source import StateSource, needed_nodes
from ledger.proofs.storage import find_slot, find_storage_root
from ledger.proofs.witness import count_witnesses, verify_threshold
from ledger.types import Address, Hash32, to_hex

MOST_WITNESSES: Final = 256
"""Witnesses whose words an anchor or a checkpoint can hold."""

MOST_NODES: Final = 64
"""Nodes of one path through a trie: as many as a key has nibbles."""

_DIGESTS: Final = 0


class WrongAnchor(VerificationError):
    """The other chain's state does not hold the checkpoint as claimed."""

    code = "wrong_anchor"


class Contradiction(WrongAnchor):
    """A witness signed one checkpoint of a block, and the log holds another of the same block."""

    code = "contradiction"

    def __init__(self, witness: Address, block: int, expected: Hash32, found: Hash32) -> None:
        super().__init__(
            f"{to_hex(witness)} signed another checkpoint of block {block}: the log holds"
            f" {to_hex(found)}, not {to_hex(expected)}",
            witness=to_hex(witness),
            block=block,
            expected=to_hex(expected),
            found=to_hex(found),
        )


@dataclass(frozen=True, slots=True)
class AnchorSlot:
    """What the log holds of a witness: the nodes from its storage root to the digest's slot."""

    witness: Address
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A proof about the log at `log`, as of the block that `header` is of (RLP)."""

    log: Address
    header: bytes
    account_proof: tuple[bytes, ...]
    slots: tuple[AnchorSlot, ...]

    def value(self) -> dict[str, JsonValue]:
        """The proof as JSON."""
        return {
            "log": to_hex(self.log),
            "header": to_hex(self.header),
            "account_proof": [to_hex(node) for node in self.account_proof],
            "slots": [
                {"witness": to_hex(one.witness), "nodes": [to_hex(node) for node in one.nodes]}
                for one in self.slots
            ],
        }


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchor proved: that so many witnesses' words stood in the log at that block."""

    witnesses: tuple[Address, ...]
    block_number: int
    block_hash: Hash32
    timestamp: int


def digest_slot(domain: Hash32, witness: Address, block_number: int) -> Hash32:
    """Where the log keeps `digestOf[domain][witness][blockNumber]`."""
    of_domain = mapping_slot(domain, _DIGESTS)
    of_witness = mapping_slot(witness.rjust(32, b"\0"), int.from_bytes(of_domain, "big"))
    return mapping_slot(block_number.to_bytes(32, "big"), int.from_bytes(of_witness, "big"))


def read_anchor(value: JsonValue, field: str) -> Anchor:
    """Read a proof strictly. Raises MalformedValue."""
    members = read_object(value, {"log", "header", "account_proof", "slots"}, field)
    slots = read_list(members["slots"], f"{field}.slots", most=MOST_WITNESSES)
    return Anchor(
        log=read_bytes(members["log"], 20, f"{field}.log"),
        header=read_bytes(members["header"], None, f"{field}.header"),
        account_proof=read_all_bytes(
            members["account_proof"], None, f"{field}.account_proof", most=MOST_NODES
        ),
        slots=tuple([_read_slot(one, f"{field}.slots[{at}]") for at, one in enumerate(slots)]),
    )


def _read_slot(value: JsonValue, field: str) -> AnchorSlot:
    members = read_object(value, {"witness", "nodes"}, field)
    return AnchorSlot(
        witness=read_bytes(members["witness"], 20, f"{field}.witness"),
        nodes=read_all_bytes(members["nodes"], None, f"{field}.nodes", most=MOST_NODES),
    )


def verify_anchor(
    anchor: Anchor,
    checkpoint: Checkpoint,
    *,
    log: Address,
    block_hash: Hash32,
    trusted: Collection[Address],
    threshold: int,
) -> Anchored:
    """Check that the log holds a checkpoint of enough trusted witnesses.

    `log` and `block_hash`, of the other chain, are what the auditor brings.

    Raises:
        WrongAnchor: the proof is of another log or block, or proves nothing.
        Contradiction: the log holds another checkpoint of that block by a trusted witness.
        UnknownWitness, TooFewWitnesses: the log holds too few trusted witnesses' words.
        RlpError, TrieError: the nodes are none, or lead elsewhere.
    """
    verify_threshold(trusted, threshold)
    header = _verify_header(anchor.header, block_hash)
    if anchor.log != log:
        raise WrongAnchor(
            f"the proof is about {to_hex(anchor.log)}, not the log {to_hex(log)}",
            expected=to_hex(log),
            found=to_hex(anchor.log),
        )
    root = find_storage_root(header.state_root, log, anchor.account_proof)
    if root is None:
        raise WrongAnchor(f"the other chain has no account {to_hex(log)}", found="nothing")
    signed = [slot.witness for slot in anchor.slots if _holds(root, checkpoint, slot, trusted)]
    counted = count_witnesses(signed, trusted, threshold)
    return Anchored(counted, header.number, block_hash, header.timestamp)


def _verify_header(raw: bytes, block_hash: Hash32) -> ReadHeader:
    found = keccak(raw)
    if found != block_hash:
        raise WrongAnchor(
            f"the proof is of block {to_hex(found)} of the other chain, not {to_hex(block_hash)}",
            expected=to_hex(block_hash),
            found=to_hex(found),
        )
    return read_header(raw)


def _holds(
    root: Hash32, checkpoint: Checkpoint, slot: AnchorSlot, trusted: Collection[Address]
) -> bool:
    """Whether the log holds a witness's word for this checkpoint. Raises Contradiction."""
    number = checkpoint.block_number
    key = digest_slot(checkpoint.domain, slot.witness, number)
    held = find_slot(root, key, slot.nodes)
    if held is None:
        return False
    found = held.to_bytes(32, "big")
    if found != checkpoint.digest():
        if slot.witness not in trusted:
            return False
        raise Contradiction(slot.witness, number, checkpoint.digest(), found)
    return True


# -- building ----------------------------------------------------------------------------------


def fetch_anchor(
    source: StateSource,
    log: Address,
    checkpoint: Checkpoint,
    witnesses: Sequence[Address],
    block: int | str | bytes = "latest",
) -> Anchor:
    """Fetch the proof of what the log holds of these witnesses; it is to be verified.

    Raises:
        UnknownHeader, NodeUnavailable: the node's answer cannot be used.
    """
    pinned = source.fetch_block(block)
    slots = {one: digest_slot(checkpoint.domain, one, checkpoint.block_number) for one in witnesses}
    proof = source.fetch_proof(log, tuple(slots.values()), pinned.number)
    proven = {one.slot: one.nodes for one in proof.slots}
    if not set(slots.values()) <= proven.keys():
        raise NodeUnavailable("eth_getProof left slots out", method="eth_getProof")
    return Anchor(
        log=log,
        header=encode_header(pinned.header),
        account_proof=needed_nodes(proof.nodes),
        slots=tuple([AnchorSlot(one, needed_nodes(proven[slot])) for one, slot in slots.items()]),
    )
