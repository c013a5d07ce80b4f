"""Tries that lie: one node is changed, and every hash above it, up to the block's, with it."""

from __future__ import annotations

import random
from dataclasses import replace

import rlp

from ledger.hashing import keccak
from ledger.proofs.anchor import Anchor
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.encoding import encode_bundle
from tests.verifier.forging import Forgery

Draw = random.Random


def relink(draw: Draw, raw: bytes) -> Forgery:
    """A bundle one node of which is changed, and every hash above it with it."""
    bundle = decode_bundle(raw)
    nodes = list(bundle.nodes)
    at = draw.randrange(len(nodes))
    nodes[at] = _changed_node(draw, nodes[at])
    top = bundle.header
    for number in range(at, -1, -1):
        old, new = keccak(bundle.nodes[number]), keccak(nodes[number])
        nodes[:number] = [node.replace(old, new) for node in nodes[:number]]
        top = top.replace(old, new)
    bundle = replace(bundle, nodes=tuple(dict.fromkeys(nodes)), header=top)
    return Forgery(encode_bundle(bundle), keccak(top), bundle.contract)


def reanchor(draw: Draw, raw: bytes) -> tuple[bytes, bytes]:
    """A bundle whose proof of another chain lies so; and the hash of that chain's block.

    Either a node of it is changed, and every hash above it with it, or its header.
    """
    bundle = decode_bundle(raw)
    [one] = bundle.checkpoints
    anchor = one.anchor
    assert anchor is not None
    if draw.random() < 0.3:
        anchor = replace(anchor, header=_changed_header(draw, anchor.header))
    else:
        nodes = {*anchor.account_proof, *(node for slot in anchor.slots for node in slot.nodes)}
        first = draw.choice(sorted(nodes))
        anchor = _relinked(anchor, {first: _changed_node(draw, first)})
    changed = replace(bundle, checkpoints=(replace(one, anchor=anchor),))
    return encode_bundle(changed), keccak(anchor.header)


def _relinked(anchor: Anchor, changes: dict[bytes, bytes]) -> Anchor:
    """With nodes changed, wherever they stand, and with the hashes of all above them."""
    while changes:
        pairs = [(keccak(old), keccak(new)) for old, new in changes.items()]
        before = {*anchor.account_proof, *(node for slot in anchor.slots for node in slot.nodes)}
        anchor = _with(anchor, changes)
        above: dict[bytes, bytes] = {}
        for node in before - changes.keys():
            new = _replaced(node, pairs)
            if new != node:
                above[node] = new
        anchor = replace(anchor, header=_replaced(anchor.header, pairs))
        changes = above
    return anchor


def _with(anchor: Anchor, changes: dict[bytes, bytes]) -> Anchor:
    def changed(nodes: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return tuple(changes.get(node, node) for node in nodes)

    slots = tuple(replace(slot, nodes=changed(slot.nodes)) for slot in anchor.slots)
    return replace(anchor, account_proof=changed(anchor.account_proof), slots=slots)


def _replaced(raw: bytes, pairs: list[tuple[bytes, bytes]]) -> bytes:
    for old, new in pairs:
        raw = raw.replace(old, new)
    return raw


def _changed_node(draw: Draw, raw: bytes) -> bytes:
    node = rlp.decode(raw)
    at = draw.randrange(len(node))
    match draw.randrange(9):
        case 0:
            place = draw.randrange(len(raw))
            return raw[:place] + draw.randbytes(1) + raw[place + 1 :]
        case 1:
            return raw + draw.randbytes(1)
        case 2:
            return raw[:-1]
        case 3:
            node[at] = b""
        case 4:
            node[at] = node[at][:-1]
        case 5:
            node[at] = draw.choice(
                (b"\1", b"\0", bytes(32), [b"\x20", b"\1"], [b"\x31", b"\1" * 40])
            )
        case 6:
            node.insert(at, b"")
        case 7:
            del node[at]
        case _:
            node[0] = bytes([draw.randrange(256)]) + node[0][1:]
    return bytes(rlp.encode(node))


def rehead(draw: Draw, raw: bytes) -> Forgery:
    """A bundle whose header is changed, and trusted so."""
    bundle = decode_bundle(raw)
    top = _changed_header(draw, bundle.header)
    return Forgery(encode_bundle(replace(bundle, header=top)), keccak(top), bundle.contract)


def _changed_header(draw: Draw, raw: bytes) -> bytes:
    header = rlp.decode(raw)
    at = draw.choice((0, 3, 8, 8, 11, 11, draw.randrange(len(header))))
    match draw.randrange(7):
        case 0:
            return raw + b"\0"
        case 1:
            return raw[:-1]
        case 2:
            header = header[: draw.randrange(10, len(header) + 1)]
        case 3:
            header[at] = draw.choice(
                ([], [b"\1"], b"", b"\0", b"\0\1", b"\xff" * 8, b"\1" + bytes(8))
            )
        case 4:
            header[at] = draw.choice((b"\x7f", b"\xff" * 6, b"\xff" * 7, b"\1" * 31, b"\1" * 33))
        case 5:
            header.append(b"\1")
        case _:
            header[at] = header[at][:-1]
    return bytes(rlp.encode(header))
