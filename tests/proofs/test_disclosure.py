"""One field of a document is proven, and that field alone; or what its content hash is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.canonical import MAX_DEPTH, JsonValue, canonical, load_document
from ledger.documents.commitment import commit_document, field_leaf
from ledger.domain.payloads import Observed, Registered
from ledger.hashing import hmac_sha256, keccak, leaf_hash, merkle_root
from ledger.proofs.bundle import Bundle, DisclosedLeaf, DocumentLeaves, Sibling
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.steps import StepFailed, WrongDocuments, WrongForm
from ledger.proofs.verified import Place, Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH, AssetKind
from tests.proofs.paper import CONTRACT, ORG, Paper, block_hash

SEED = bytes(range(32))
SERIAL = "AM-GBX-1"
PASSPORT: dict[str, JsonValue] = {
    "mass_kg": 1840.5,
    "name": "Getriebe „Ω“",
    "ratio": {"of": [1, 97]},
    "secret": None,
    "tested": True,
    "\u4e2d": "国",
}


def leaves_of(document: dict[str, JsonValue]) -> list[bytes]:
    salt = hmac_sha256(SEED, b'["serial"]')[:16].hex()
    serial = f'["serial","{salt}","{SERIAL}"]'.encode()
    names = sorted(document, key=lambda name: name.encode("utf-16-be"))
    return [serial, *[field_leaf(SEED, name, document[name]) for name in names]]


def sibling_path(leaves: Sequence[bytes], index: int) -> tuple[Sibling, ...]:
    """By RFC 6962's own recursion (2.1.1), which the code does not use."""
    if len(leaves) == 1:
        return ()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return (*sibling_path(leaves[:half], index), Sibling(False, merkle_root(leaves[half:])))
    return (*sibling_path(leaves[half:], index - half), Sibling(True, merkle_root(leaves[:half])))


LEAVES = leaves_of(PASSPORT)
CONTENT = commit_document(PASSPORT, SEED, SERIAL).content_hash


def disclosed(index: int) -> DisclosedLeaf:
    return DisclosedLeaf(CONTENT, LEAVES[index].decode(), sibling_path(LEAVES, index))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    paper = Paper()
    asset = paper.begin(Registered(ORG, ZERO_HASH, CONTENT, AssetKind.INSTANCE), ORG)
    paper.append(asset, Observed(keccak(b"other")), ORG)
    return paper.bundle(asset)


def verified(bundle: Bundle) -> Verified:
    return verify_bundle(encode_bundle(bundle), block_hash=block_hash(bundle), contract=CONTRACT)


def failing(step: type[StepFailed], bundle: Bundle) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        verified(bundle)
    assert type(caught.value) is step, caught.value
    return caught.value


@pytest.mark.parametrize("index", range(len(LEAVES)))
def test_one_field_is_proven_and_no_other_is_in_the_bundle(bundle: Bundle, index: int) -> None:
    shown = replace(bundle, fields=(disclosed(index),))
    [field] = verified(shown).fields
    names = [None, *sorted(PASSPORT, key=lambda name: name.encode("utf-16-be"))]
    name = names[index]
    assert field.name == name
    assert field.value == (SERIAL if name is None else PASSPORT[name])
    assert field.places == (Place(bundle.subject, 0),)
    raw = encode_bundle(shown)
    hidden = [leaf for at, leaf in enumerate(LEAVES) if at != index]
    assert not any(leaf in raw or leaf[10:42] in raw for leaf in hidden)


def test_a_commitment_is_opened_to_the_hashes_of_its_fields(bundle: Bundle) -> None:
    leaves = tuple(leaf_hash(leaf) for leaf in LEAVES)
    document = DocumentLeaves(CONTENT, leaves)
    [found] = verified(replace(bundle, documents=(document,))).documents
    assert (found.content_hash, found.leaves) == (CONTENT, leaves)
    assert found.places == (Place(bundle.subject, 0),)
    for false in (leaves[:-1], leaves[::-1], (*leaves, ZERO_HASH), ()):
        failing(WrongDocuments, replace(bundle, documents=(replace(document, leaves=false),)))


@given(st.integers(1, 20), st.data())
def test_every_leaf_of_a_tree_of_any_size_is_proven(size: int, data: st.DataObject) -> None:
    document: dict[str, JsonValue] = {f"{number:02}": number for number in range(size)}
    leaves = leaves_of(document)
    index = data.draw(st.integers(0, size))
    content = commit_document(document, SEED, SERIAL).content_hash
    paper = Paper()
    asset = paper.begin(Registered(ORG, ZERO_HASH, content, AssetKind.INSTANCE), ORG)
    leaf = DisclosedLeaf(content, leaves[index].decode(), sibling_path(leaves, index))
    [field] = verified(paper.bundle(asset, fields=(leaf,))).fields
    assert field.value == (document[f"{index - 1:02}"] if index else SERIAL)


def changed(leaf: DisclosedLeaf, old: str, new: str) -> DisclosedLeaf:
    assert old in leaf.leaf
    return replace(leaf, leaf=leaf.leaf.replace(old, new))


def test_a_field_with_anything_changed_is_refused(bundle: Bundle) -> None:
    leaf = disclosed(1)
    turned = tuple(replace(one, is_left=not one.is_left) for one in leaf.path)
    for false in (
        changed(leaf, "1840.5", "1840.6"),
        changed(leaf, "mass_kg", "mass_lb"),
        changed(leaf, '","mass', ' ","mass'),
        replace(leaf, path=leaf.path[:-1]),
        replace(leaf, path=leaf.path[::-1]),
        replace(leaf, path=turned),
        replace(leaf, path=()),
        replace(leaf, path=(*leaf.path, Sibling(True, ZERO_HASH))),
        replace(leaf, content_hash=keccak(b"other")),
    ):
        failing(WrongDocuments, replace(bundle, fields=(false,)))


def test_a_document_that_no_entry_names_is_refused() -> None:
    paper = Paper()
    asset = paper.begin(Registered(ORG, ZERO_HASH, keccak(b"x"), AssetKind.INSTANCE), ORG)
    document = DocumentLeaves(CONTENT, tuple(leaf_hash(leaf) for leaf in LEAVES))
    for shown in ({"fields": (disclosed(0),)}, {"documents": (document,)}):
        failure = failing(WrongDocuments, paper.bundle(asset, **shown))
        assert "no entry names" in failure.reason


@pytest.mark.parametrize(
    "leaf",
    [
        '["field","00112233445566778899aabbccddeeff","a"]',
        '["field","00112233445566778899AABBCCDDEEFF","a",1]',
        '["field", "00112233445566778899aabbccddeeff","a",1]',
        '["field","00112233445566778899aabbccddeeff","a",1.0]',
        '["field","00112233445566778899aabbccddeeff",null,1]',
        '["serial","00112233445566778899aabbccddeeff",7]',
        '["other","00112233445566778899aabbccddeeff","a",1]',
        '1,"more":2',
        '["field","00112233445566778899aabbccddeeff","a",1',
        "",
    ],
)
def test_a_leaf_of_another_form_is_no_field_though_it_was_committed_to(leaf: str) -> None:
    content = merkle_root([leaf.encode()])
    paper = Paper()
    asset = paper.begin(Registered(ORG, ZERO_HASH, content, AssetKind.INSTANCE), ORG)
    failing(WrongDocuments, paper.bundle(asset, fields=(DisclosedLeaf(content, leaf, ()),)))


def test_the_deepest_field_that_a_document_may_have_can_be_disclosed() -> None:
    """It could be committed to, but not shown."""
    deepest: JsonValue = 1
    for _ in range(MAX_DEPTH - 1):
        deepest = [deepest]
    load_document(canonical({"deep": deepest}))
    [_, leaf] = leaves = leaves_of({"deep": deepest})
    content, paper = merkle_root(leaves), Paper()
    asset = paper.begin(Registered(ORG, ZERO_HASH, content, AssetKind.INSTANCE), ORG)
    shown = DisclosedLeaf(content, leaf.decode(), sibling_path(leaves, 1))
    [field] = verified(paper.bundle(asset, fields=(shown,))).fields
    assert field.value == deepest


def test_fields_stand_in_order_each_once(bundle: Bundle) -> None:
    found = sorted([disclosed(1), disclosed(2)], key=lambda one: one.leaf.encode())
    assert len(verified(replace(bundle, fields=tuple(found))).fields) == 2
    failing(WrongForm, replace(bundle, fields=tuple(found[::-1])))
    failing(WrongForm, replace(bundle, fields=(found[0], found[0])))
