"""A trie's nodes prove what it holds and what it does not; nothing else is taken for a proof."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.hashing import keccak
from ledger.proofs.rlp import encode
from ledger.proofs.trie import (
    EMPTY_ROOT,
    TrieError,
    decode_account,
    decode_slot,
    verify_path,
)
from tests.proofs.tries import Trie, hex_prefix

# Short keys and small values make every shape likely: embedded nodes, extensions, full branches.
keys = st.binary(min_size=3, max_size=3)
values = st.one_of(st.binary(min_size=1, max_size=3), st.binary(min_size=28, max_size=40))
tries = st.dictionaries(keys, values, min_size=1, max_size=30)


@given(tries, keys)
def test_proves_every_value_and_every_absence(held: dict[bytes, bytes], other: bytes) -> None:
    trie = Trie(held)
    for key in [*held, other]:
        assert verify_path(trie.root, key, trie.prove(key)) == held.get(key)


@given(tries, st.data())
def test_no_change_to_the_nodes_gives_another_answer(
    held: dict[bytes, bytes], data: st.DataObject
) -> None:
    trie = Trie(held)
    key = data.draw(st.sampled_from(sorted(held)) | keys)
    nodes = list(trie.prove(key))
    change = data.draw(st.sampled_from(["drop", "double", "swap", "byte", "cut", "borrow"]))
    at = data.draw(st.integers(0, len(nodes) - 1))
    match change:
        case "drop":
            del nodes[at]
        case "double":
            nodes.insert(at, nodes[at])
        case "swap":
            nodes.reverse()
        case "byte":
            raw = bytearray(nodes[at])
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
            nodes[at] = bytes(raw)
        case "cut":
            nodes[at] = nodes[at][:-1]
        case "borrow":
            nodes = list(trie.prove(data.draw(st.sampled_from(sorted(held)))))
    with suppress(VerificationError):
        assert verify_path(trie.root, key, nodes) == held.get(key)


@given(tries, keys)
def test_a_missing_node_never_means_absence(held: dict[bytes, bytes], key: bytes) -> None:
    trie = Trie(held)
    nodes = trie.prove(key)
    for length in range(len(nodes)):
        with pytest.raises(TrieError, match="is missing"):
            verify_path(trie.root, key, nodes[:length])


@given(tries, keys, st.binary(min_size=1, max_size=40))
def test_a_node_too_many_is_refused(held: dict[bytes, bytes], key: bytes, more: bytes) -> None:
    trie = Trie(held)
    with pytest.raises(TrieError, match="is not needed"):
        verify_path(trie.root, key, [*trie.prove(key), more])


def test_embedded_nodes_are_walked_and_never_listed() -> None:
    trie = Trie({b"\x11\x11\x11": b"\1", b"\x11\x11\x12": b"\2"})
    nodes = trie.prove(b"\x11\x11\x12")
    assert len(nodes) == 1
    assert verify_path(trie.root, b"\x11\x11\x12", nodes) == b"\2"
    assert verify_path(trie.root, b"\x11\x11\x13", nodes) is None
    embedded = rlp.encode(rlp.decode(nodes[0])[1])
    with pytest.raises(TrieError, match="is not needed"):
        verify_path(trie.root, b"\x11\x11\x12", [*nodes, embedded])


def test_a_short_root_is_still_named_by_its_hash() -> None:
    trie = Trie({b"\x11": b"\1"})
    assert len(trie.prove(b"\x11")[0]) < 32
    assert verify_path(trie.root, b"\x11", trie.prove(b"\x11")) == b"\1"
    with pytest.raises(TrieError, match="another hash"):
        verify_path(keccak(b"other"), b"\x11", trie.prove(b"\x11"))


def test_the_empty_trie_is_one_node_and_no_nodes_prove_nothing() -> None:
    assert Trie({}).root == EMPTY_ROOT
    assert verify_path(EMPTY_ROOT, b"\x11", [b"\x80"]) is None
    for root in (EMPTY_ROOT, keccak(b"some other root")):
        with pytest.raises(TrieError, match="is missing"):
            verify_path(root, b"\x11", [])


def branch(children: dict[int, object], value: bytes = b"") -> list[object]:
    return [children.get(nibble, b"") for nibble in range(16)] + [value]


FAR = b"\7" * 32


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (b"\1\2", "is a string"),
        ([], "has 0 items"),
        ([b"\x20", b"a", b"b"], "has 3 items"),
        ([b"", b"value"], "has no path"),
        ([[b"\x20"], b"value"], "has no path"),
        ([b"\x40\x11\x11", b"value"], "malformed path"),
        ([b"\x20\x11", b"value"], "does not end the key"),
        ([b"\x20\x11\x11\x11", b"value"], "does not end the key"),
        ([b"\x2f\x11\x11", b"value"], "malformed path"),
        ([b"\x20\x11\x11", b""], "without a value"),
        ([b"\x20\x11\x11", [b"\x31", b"a"]], "without a value"),
        ([b"\x00", FAR], "impossible length"),
        ([b"\x00\x11\x11", FAR], "impossible length"),
        ([b"\x00\x11", b""], "to nowhere"),
        ([b"\x00\x11", b"\7" * 31], "by no hash"),
        ([b"\x00\x11", [b"\x20\x11", b"\7" * 40]], "is not short"),
        (branch({1: FAR}), "without branches"),
        (branch({1: FAR, 2: FAR}, b"value"), "with a value"),
        (branch({1: FAR, 2: b"\7"}), "by no hash"),
        (branch({1: FAR, 2: [b"\x31" + b"\x11" * 16, b"\7" * 30]}), "is not short"),
    ],
)
def test_names_what_is_wrong_with_a_node(node: object, reason: str) -> None:
    raw = rlp.encode(node)
    with pytest.raises(TrieError, match=reason):
        verify_path(keccak(raw), b"\x11\x11", [raw])


def test_a_child_below_the_key_s_end_is_refused() -> None:
    inner = branch({1: [b"\x31", b"a"], 2: [b"\x31", b"b"]})
    nodes: Sequence[bytes] = [rlp.encode([hex_prefix((1, 1), False), keccak(rlp.encode(inner))])]
    with pytest.raises(TrieError, match="impossible length"):
        verify_path(keccak(nodes[0]), b"\x11", [*nodes, rlp.encode(inner)])


def test_a_node_that_had_to_be_embedded_is_refused_by_hash() -> None:
    leaf = rlp.encode([b"\x31", b"a"])
    top = rlp.encode(branch({1: keccak(leaf), 2: FAR}))
    with pytest.raises(TrieError, match="had to embed it"):
        verify_path(keccak(top), b"\x11", [top, leaf])


def test_an_account_is_four_canonical_fields() -> None:
    raw = encode([b"\1", b"", FAR, FAR])
    assert decode_account(raw).nonce == 1
    for wrong in ([b"\1", b"", FAR], [b"\0", b"", FAR, FAR], [b"\1", b"", FAR, FAR[1:]], b"abc"):
        with pytest.raises(VerificationError):
            decode_account(encode(wrong))
    with pytest.raises(VerificationError):
        decode_account(raw + b"\0")


@given(st.integers(1, 2**256 - 1))
def test_a_slot_is_a_canonical_number(value: int) -> None:
    assert decode_slot(rlp.encode(value)) == value


@pytest.mark.parametrize("raw", [b"\x80", b"\0", b"\x82\0\1", b"\xc0", b"\xa1" + b"\1" * 33, b""])
def test_a_slot_written_otherwise_is_refused(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        decode_slot(raw)
