"""A content hash commits to every field, to the serial, and shows nothing of them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.documents.canonical import canonical
from ledger.documents.commitment import Commitment, commit_document, field_leaf, new_seed
from ledger.errors import InputError, MalformedValue
from ledger.hashing import EMPTY_TREE, leaf_hash, node_hash

SEED = bytes(range(32))
documents = st.dictionaries(
    st.text(st.characters(codec="ascii"), max_size=8),
    st.integers(0, 9) | st.text(st.characters(codec="ascii"), max_size=4),
    max_size=6,
)


def test_the_tree_is_the_one_that_is_specified() -> None:
    def salt(of: str) -> str:
        return hmac.new(SEED, of.encode(), hashlib.sha256).digest()[:16].hex()

    leaves = [
        canonical(["serial", salt('["serial"]'), "S-1"]),
        canonical(["field", salt('["field","a"]'), "a", {"x": [1, 2]}]),
        canonical(["field", salt('["field","b"]'), "b", None]),
    ]
    first, second, third = (leaf_hash(leaf) for leaf in leaves)
    found = commit_document({"b": None, "a": {"x": [1, 2]}}, SEED, "S-1")
    assert found.content_hash == node_hash(node_hash(first, second), third)
    assert found == Commitment(found.content_hash, SEED, "S-1", ("a", "b"))


def test_fields_come_in_the_order_of_rfc_8785() -> None:
    names = {"\ufb33": 1, "\U0001f600": 2, "b": 3, "a": 4}
    assert commit_document(names, SEED).fields == ("a", "b", "\U0001f600", "\ufb33")


def test_an_empty_document_without_serial_is_the_empty_tree() -> None:
    assert commit_document({}, SEED).content_hash == EMPTY_TREE


@given(documents, st.text(st.characters(codec="ascii"), max_size=5) | st.none())
def test_spelling_does_not_matter(value: dict[str, Any], serial: str | None) -> None:
    again = json.loads(canonical(value))
    assert commit_document(value, SEED, serial) == commit_document(again, SEED, serial)


@given(documents, documents, st.none() | st.just(""), st.none() | st.just("") | st.just("s"))
def test_another_document_or_serial_has_another_hash(
    one: dict[str, Any], two: dict[str, Any], first: str | None, second: str | None
) -> None:
    assume((one, first) != (two, second))
    assume(canonical(one) != canonical(two) or first != second)
    assert (
        commit_document(one, SEED, first).content_hash
        != commit_document(two, SEED, second).content_hash
    )


def test_equal_documents_differ_by_serial_and_by_seed() -> None:
    hashes = {
        commit_document({"a": 1}, seed, serial).content_hash
        for seed in (SEED, new_seed(), new_seed())
        for serial in (None, "1", "2")
    }
    assert len(hashes) == 9


def test_a_field_named_as_a_serial_cannot_pass_for_one() -> None:
    as_serial = commit_document({}, SEED, "x").content_hash
    as_field = commit_document({"serial": "x"}, SEED).content_hash
    assert as_serial != as_field


def test_salts_are_equal_for_equal_names_only() -> None:
    one, other = (json.loads(field_leaf(SEED, name, 1))[1] for name in ("a", "b"))
    assert one != other
    assert json.loads(field_leaf(SEED, "a", 2))[1] == one


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_is_32_bytes(seed: bytes) -> None:
    with pytest.raises(MalformedValue, match="seed"):
        commit_document({}, seed)


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": 2**53}, {"\ud800": 1}, {"a": "\ud800"}]
)
def test_what_has_no_canonical_form_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        commit_document(value, SEED)
