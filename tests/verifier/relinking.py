"""Tries that lie: one node is changed, and every hash above it, up to the block's, with it."""

from __future__ import annotations

import random
from dataclasses import replace

import rlp

from ledger.hashing import keccak
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
