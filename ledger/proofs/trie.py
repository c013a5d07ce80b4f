"""What a Merkle-Patricia trie holds under a key, or that it holds nothing, proven by its nodes.

Ethereum's state and storage tries are meant (Yellow Paper, appendix D; EIP-1186): all keys have
the same length, so a value never sits in a branch and a leaf always ends the key exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.errors import VerificationError
from ledger.hashing import keccak
from ledger.proofs.rlp import Item, decode, decode_hash, decode_number, encode
from ledger.types import Hash32, to_hex

EMPTY_ROOT: Final = keccak(b"\x80")
"""Root of a trie that holds nothing: hash of the RLP of the empty string."""

_BRANCH_SIZE: Final = 17


class TrieError(VerificationError):
    """Nodes do not prove what a trie holds under a key; `node` is the number of the faulty one."""

    code = "bad_trie_proof"

    def __init__(self, reason: str, node: int, **fields: object) -> None:
        super().__init__(f"trie node {node}: {reason}", reason=reason, node=node, **fields)


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class _Extension:
    path: bytes
    child: Item


@dataclass(frozen=True, slots=True)
class _Branch:
    children: list[Item]


_Node: TypeAlias = _Leaf | _Extension | _Branch | None


class _Nodes:
    """The nodes of a proof, each taken once, in order, against the hash that names it."""

    def __init__(self, nodes: Sequence[bytes]) -> None:
        self._nodes = nodes
        self.taken = 0

    def take(self, named: Hash32) -> Item:
        if self.taken == len(self._nodes):
            raise TrieError("is missing", self.taken, expected=to_hex(named), found="nothing")
        raw = self._nodes[self.taken]
        found = keccak(raw)
        if found != named:
            raise TrieError(
                "has another hash than its parent names",
                self.taken,
                expected=to_hex(named),
                found=to_hex(found),
            )
        if self.taken > 0 and len(raw) < 32:
            raise TrieError("is short, so its parent had to embed it", self.taken)
        self.taken += 1
        return decode(raw)

    def follow(self, reference: Item) -> Item:
        """The node a parent refers to: by hash, or embedded in it when shorter than 32 bytes."""
        if isinstance(reference, bytes):
            return self.take(reference) if reference else b""
        return reference

    def verify_all_taken(self) -> None:
        if self.taken != len(self._nodes):
            raise TrieError(
                "is not needed", self.taken, expected=self.taken, found=len(self._nodes)
            )


def verify_path(root: Hash32, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """What the trie of `root` holds under `key`, or None if it provably holds nothing there.

    `nodes` are the encoded nodes from the root towards the key, those shorter than 32 bytes left
    out because their parents embed them. Nothing is proven absent but by a node that turns away
    from the key; the trie that holds nothing at all is the single node 0x80.

    Raises:
        TrieError: a node is missing, superfluous, malformed, or not the one its parent names.
        RlpError: a node is not canonical RLP.
    """
    path = bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))
    proof = _Nodes(nodes)
    value = _walk(path, proof, proof.take(root))
    proof.verify_all_taken()
    return value


def _walk(path: bytes, proof: _Nodes, item: Item) -> bytes | None:
    while True:
        match _node(item, len(path), proof.taken - 1):
            case None:
                return None
            case _Leaf(end, value):
                return value if end == path else None
            case _Extension(shared, child):
                if not path.startswith(shared):
                    return None
                path, item = path[len(shared) :], proof.follow(child)
            case _Branch(children):
                path, item = path[1:], proof.follow(children[path[0]])


def _node(item: Item, left: int, number: int) -> _Node:
    """Read a node under which keys have `left` nibbles to go."""
    if isinstance(item, bytes):
        _require(item == b"", "is a string", number)
        return None
    if len(item) == _BRANCH_SIZE:
        _require(left > 0, "branches after the key's end", number)
        _require(item[16] == b"", "is a branch with a value, where no key ends", number)
        _require(sum(child != b"" for child in item) > 1, "is a branch without branches", number)
        for child in item[:16]:
            _verify_reference(child, number)
        return _Branch(item[:16])
    _require(len(item) == 2, f"has {len(item)} items", number)
    path, is_leaf = _read_path(item[0], number)
    if is_leaf:
        _require(len(path) == left, "is a leaf that does not end the key", number)
        value = item[1]
        if not isinstance(value, bytes) or not value:
            raise TrieError("is a leaf without a value", number)
        return _Leaf(path, value)
    _require(0 < len(path) < left, "is an extension of impossible length", number)
    _require(item[1] != b"", "is an extension to nowhere", number)
    _verify_reference(item[1], number)
    return _Extension(path, item[1])


def _read_path(item: Item, number: int) -> tuple[bytes, bool]:
    """The nibbles of a leaf's or extension's path (hex-prefix encoding), and whether of a leaf."""
    if not isinstance(item, bytes) or not item:
        raise TrieError("has no path", number)
    flag, low = item[0] >> 4, item[0] & 15
    _require(flag < 4 and (flag % 2 == 1 or low == 0), "has a malformed path", number)
    rest = bytes(nibble for byte in item[1:] for nibble in (byte >> 4, byte & 15))
    return (bytes([low]) if flag % 2 else b"") + rest, flag >= 2


def _verify_reference(child: Item, number: int) -> None:
    if isinstance(child, bytes):
        _require(len(child) in (0, 32), "names a node by no hash", number)
    else:
        _require(len(encode(child)) < 32, "embeds a node that is not short", number)


def _require(condition: bool, reason: str, number: int) -> None:
    if not condition:
        raise TrieError(reason, number)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the state trie holds it (Yellow Paper, 4.1)."""

    nonce: int
    balance: int
    storage_root: Hash32
    code_hash: Hash32


def decode_account(raw: bytes) -> Account:
    """Read an account: a list of nonce, balance, storage root and code hash.

    Raises:
        RlpError: it is not canonical RLP.
        VerificationError: it is not such a list.
    """
    item = decode(raw)
    if isinstance(item, bytes) or len(item) != 4:
        raise VerificationError("an account is no list of four", found=to_hex(raw))
    nonce, balance, storage_root, code_hash = item
    return Account(
        nonce=decode_number(nonce, 8),
        balance=decode_number(balance, 32),
        storage_root=decode_hash(storage_root),
        code_hash=decode_hash(code_hash),
    )


def decode_slot(raw: bytes) -> int:
    """Read a storage slot's value; a slot of zero is never in the trie.

    Raises:
        RlpError: it is not a canonical number of at most 32 bytes.
        VerificationError: it is zero.
    """
    value = decode_number(decode(raw), 32)
    if value == 0:
        raise VerificationError("a slot that holds zero stands in the trie", found=to_hex(raw))
    return value
