"""Bundles of chains that hold malformed tries: faults that verifiers of tries are known to have.

Each forges a whole chain, so that all hashes are right and only the fault itself can be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import rlp

from ledger.hashing import keccak
from ledger.proofs.bundle import Bundle, BundleSubject
from ledger.proofs.layout import head_slot, ledger_head_slot, word_slot
from ledger.types import ZERO_HASH
from tests.proofs.paper import CHAIN_ID, CONTRACT, Paper, an_asset, bundle_entry, header
from tests.proofs.tries import Trie, hex_prefix, nibbles

FAR: Final = keccak(b"elsewhere")
KEY: Final = nibbles(keccak(ledger_head_slot()))
VALUE: Final = rlp.encode(b"\7" * 32)

Node = Any


def _branch(children: Mapping[int, Node], value: bytes = b"") -> Node:
    return [children.get(nibble, b"") for nibble in range(16)] + [value]


def _leaf(path: tuple[int, ...], value: Node = VALUE) -> Node:
    return [hex_prefix(path, True), value]


def _raw_leaf(first: int, value: bytes = VALUE) -> Node:
    """A leaf of the whole key whose path begins with another byte than it must."""
    return [bytes([first]) + hex_prefix(KEY, True)[1:], value]


# Each is the storage's root, where the ledger head is looked for first.
ROOTS: Final[dict[str, tuple[str, Node]]] = {
    "a branch that holds a value": (
        "No key ends at a branch, so its seventeenth item is empty.",
        _branch({KEY[0]: FAR, KEY[0] ^ 1: FAR}, VALUE),
    ),
    "a branch of one child": (
        "A branch of fewer than two children would not have been made.",
        _branch({KEY[0]: FAR}),
    ),
    "a branch that names a child by no hash": (
        "A child that is a string is empty or 32 bytes.",
        _branch({KEY[0]: b"\7" * 31, KEY[0] ^ 1: FAR}),
    ),
    "an embedded node that is not short": (
        "A node of 32 bytes or more is named by its hash, and not embedded.",
        _branch({KEY[0]: _leaf(KEY[1:]), KEY[0] ^ 1: FAR}),
    ),
    "a short key": (
        "A leaf that ends before the key does is no leaf of this trie, nor a sign of absence.",
        _leaf(KEY[:-1]),
    ),
    "a long key": ("A leaf that goes on where the key has ended.", _leaf((*KEY, 1))),
    "a short key elsewhere": (
        "A leaf that turns aside proves absence only if it has the length of a key.",
        _leaf((KEY[0] ^ 1, *KEY[1:-2])),
    ),
    "padding that is not zero": (
        "The low nibble of an even path's first byte is zero.",
        _raw_leaf(0x21),
    ),
    "a flag that there is not": ("The flag of a path is 0 to 3.", _raw_leaf(0x60)),
    "a leaf without a value": ("A value is never empty.", _leaf(KEY, b"")),
    "a leaf that holds a list": ("A value is a string.", _leaf(KEY, [b"\7"])),
    "an extension to nowhere": (
        "An extension leads to a branch.",
        [hex_prefix(KEY[:4], False), b""],
    ),
    "an extension of no length": (
        "An extension is of one nibble at least.",
        [hex_prefix((), False), FAR],
    ),
    "an extension over the whole key": (
        "An extension cannot take up all of a key, as no branch could follow.",
        [hex_prefix(KEY, False), FAR],
    ),
    "three items": ("A node has 17 items or two.", [hex_prefix(KEY, True), VALUE, b""]),
    "a string": ("A node is a list, but for the empty trie.", b"\1\2\3"),
    "a slot of zero": ("A slot that holds zero is not in the trie.", _leaf(KEY, b"\x80")),
    "a slot with leading zeros": ("Numbers have no leading zeros.", _leaf(KEY, b"\x82\0\1")),
    "a slot of 33 bytes": ("A slot holds 32 bytes.", _leaf(KEY, b"\xa1" + b"\1" * 33)),
    "a slot that is not its RLP": (
        "A byte below 0x80 is written as itself.",
        _leaf(KEY, b"\x81\7"),
    ),
    "a slot with more behind it": ("A value is one item.", _leaf(KEY, VALUE + b"\0")),
}


_TRUE: Final = rlp.encode(_leaf(KEY))

# The same where the fault is in how a node is written.
RAW_ROOTS: Final[dict[str, tuple[str, bytes]]] = {
    "a length that is not minimal": (
        "A list of fewer than 256 bytes has a length of one byte.",
        b"\xf9\0" + _TRUE[1:],
    ),
    "a long form for a short list": (
        "A list of at most 55 bytes has its length in its first byte.",
        b"\xf8\x03\xc2\x20\x07",
    ),
    "bytes behind the node": ("A node takes up all of its bytes.", _TRUE + b"\0"),
    "a node that ends too early": ("All of a node's bytes are there.", _TRUE[:-1]),
    "an empty node": ("There is no node without bytes.", b""),
}


def bundle_of_root(node: Node, *more: bytes) -> Bundle:
    """A bundle of a chain whose contract's storage has this node for its root."""
    return bundle_of_raw_root(rlp.encode(node), *more)


def bundle_of_raw_root(raw: bytes, *more: bytes) -> Bundle:
    """The same of a node as it is written."""
    paper = Paper()
    asset = an_asset(paper)
    entries = tuple(bundle_entry(entry) for entry in paper.entries[asset])
    account_proof, top = _state(keccak(raw))
    return Bundle(
        chain_id=CHAIN_ID,
        contract=CONTRACT,
        header=top,
        subject=asset,
        subjects=(BundleSubject(asset, entries),),
        nodes=(*account_proof, raw, *more),
    )


def _state(storage_root: bytes, fields: int = 4) -> tuple[tuple[bytes, ...], bytes]:
    """The account's proof and the header of a block whose contract has this storage."""
    account = [b"\1", b"", storage_root, keccak(b"code"), b""][:fields]
    others = {keccak(bytes([n]) * 20): rlp.encode([n, n, ZERO_HASH, ZERO_HASH]) for n in b"abc"}
    state = Trie(others | {keccak(CONTRACT): rlp.encode(account)})
    return state.prove(keccak(CONTRACT)), header(state.root)


def in_an_account_of(fields: int) -> Bundle:
    """A bundle of a chain whose accounts have more or fewer fields than four."""
    paper = Paper()
    bundle = paper.bundle(an_asset(paper))
    nodes, top = _state(keccak(b"storage"), fields)
    return Bundle(CHAIN_ID, CONTRACT, top, bundle.subject, bundle.subjects, nodes)


def by_extension() -> Bundle:
    """An extension below which there is a leaf: two nodes where one would do."""
    leaf = rlp.encode(_leaf(KEY[4:]))
    return bundle_of_root([hex_prefix(KEY[:4], False), keccak(leaf)], leaf)


def short_by_hash() -> Bundle:
    """A node shorter than 32 bytes that its parent names by its hash, rather than embed it."""
    leaf = rlp.encode([hex_prefix(KEY[-1:], True), b"\7"])
    over = _branch({KEY[-2]: keccak(leaf), KEY[-2] ^ 1: FAR})
    top = [hex_prefix(KEY[:-2], False), keccak(rlp.encode(over))]
    return bundle_of_root(top, rlp.encode(over), leaf)


def embedded() -> tuple[Bundle, bytes]:
    """A true bundle of storage in which a leaf is embedded in its branch; and that leaf."""
    paper = Paper()
    asset = an_asset(paper)
    values = {keccak(slot): rlp.encode(value) for slot, value in paper.storage().items()}
    key = keccak(ledger_head_slot())
    # A key that differs in its last nibbles alone, as no slot has it, leaves little of either.
    storage = Trie(values | {key: b"\7", key[:-4] + bytes([key[-4] ^ 1]) + key[-3:]: b"\1"})
    leaf: bytes = rlp.encode([hex_prefix(KEY[-6:], True), b"\7"])
    account_proof, top = _state(storage.root)
    nodes = dict.fromkeys(account_proof)
    for slot in (ledger_head_slot(), word_slot(asset), head_slot(asset)):
        nodes |= dict.fromkeys(storage.prove(keccak(slot)))
    bundle = paper.bundle(asset)
    return replace(bundle, header=top, nodes=tuple(nodes)), leaf
