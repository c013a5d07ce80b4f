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


class Nodes:
    """The nodes of one or many proofs, each there once, in the order in which walks need them.

    A walk looks for a hash among the nodes that were taken before; if it is not there, the next
    node must have it. So each stands in one place only, and whatever is left was not needed.
    """

    def __init__(self, nodes: Sequence[bytes]) -> None:
        self._nodes = nodes
        self._taken: dict[Hash32, _Taken] = {}

    def find(self, root: Hash32, key: bytes) -> bytes | None:
        """What the trie of `root` holds under `key`, or None if it provably holds nothing there.

        Nothing is proven absent but by a node that turns away from the key; the trie that holds
        nothing at all is the single node 0x80.

        Raises:
            TrieError: a node is missing, malformed, or not the one its parent names.
            RlpError: a node is not canonical RLP.
        """
        path = bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))
        return _walk(path, self, self.take(root, is_root=True))

    def take(self, named: Hash32, *, is_root: bool = False) -> _Taken:
        """The node of that hash. Raises TrieError or RlpError."""
        known = self._taken.get(named)
        if known is None:
            known = self._taken[named] = self._next(named)
        if known.is_short and not is_root:
            raise TrieError("is short, so its parent had to embed it", known.number)
        return known

    def _next(self, named: Hash32) -> _Taken:
        number = len(self._taken)
        if number == len(self._nodes):
            raise TrieError("is missing", number, expected=to_hex(named), found="nothing")
        raw = self._nodes[number]
        found = keccak(raw)
        if found != named:
            raise TrieError(
                "has another hash than its parent names",
                number,
                expected=to_hex(named),
                found=to_hex(found),
            )
        return _Taken(decode(raw), number, len(raw) < 32)

    def verify_all_taken(self) -> None:
        """See that there is no node that no walk needed. Raises TrieError."""
        taken = len(self._taken)
        if taken != len(self._nodes):
            raise TrieError("is not needed", taken, expected=taken, found=len(self._nodes))


@dataclass(frozen=True, slots=True)
class _Taken:
    """An item that was read of a node, and which node that was."""

    item: Item
    number: int
    is_short: bool


def verify_path(root: Hash32, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """What the trie of `root` holds under `key`, or None if it provably holds nothing there.

    `nodes` are the encoded nodes from the root towards the key and no others, those shorter than 32
    bytes left out because their parents embed them.

    Raises:
        TrieError: a node is missing, superfluous, malformed, or not the one its parent names.
        RlpError: a node is not canonical RLP.
    """
    proof = Nodes(nodes)
    value = proof.find(root, key)
    proof.verify_all_taken()
    return value


def _walk(path: bytes, nodes: Nodes, at: _Taken) -> bytes | None:
    while True:
        match _node(at.item, len(path), at.number):
            case None:
                return None
            case _Leaf(end, value):
                return value if end == path else None
            case _Extension(shared, child):
                if not path.startswith(shared):
                    return None
                path, at = path[len(shared) :], _follow(nodes, at, child)
                _require(_is_branch(at.item), "is no branch, as below an extension", at.number)
            case _Branch(children):
                path, at = path[1:], _follow(nodes, at, children[path[0]])


def _follow(nodes: Nodes, parent: _Taken, reference: Item) -> _Taken:
    """The node a parent refers to: by hash, or embedded in it when shorter than 32 bytes."""
    if isinstance(reference, bytes) and reference:
        return nodes.take(reference)
    return _Taken(reference, parent.number, is_short=False)


def _is_branch(item: Item) -> bool:
    return isinstance(item, list) and len(item) == _BRANCH_SIZE


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
