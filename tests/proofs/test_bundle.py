"""A bundle has one spelling: what differs from it by a byte is another bundle or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.canonical import canonical
from ledger.errors import InputError
from ledger.proofs.anchor import Anchor, AnchorSlot
from ledger.proofs.bundle import (
    Birth,
    Bundle,
    BundleEntry,
    BundleSubject,
    ClaimedHoldings,
    DisclosedLeaf,
    DocumentLeaves,
    ManifestClaim,
    Sibling,
)
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.signed import SignedCheckpoint
from tests.proofs.paper import Paper, a_history

nodes = st.lists(st.binary(max_size=40), max_size=4).map(tuple)


def entries(position: int) -> st.SearchStrategy[BundleEntry]:
    return st.builds(
        BundleEntry,
        org=st.binary(min_size=32, max_size=32),
        kind=st.integers(0, 2**16 - 1),
        position=st.just(position),
        payload=st.binary(max_size=100),
        actor=st.binary(min_size=20, max_size=20) if position else st.none(),
        timestamp=st.integers(0, 2**40 - 1),
    )


hashes = st.binary(min_size=32, max_size=32)
lists = st.lists(hashes, max_size=3).map(tuple)
ascending = st.lists(hashes, max_size=3, unique=True).map(sorted).map(tuple)
texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Cc"]), max_size=9)
subjects = st.lists(
    st.builds(
        BundleSubject,
        id=hashes,
        entries=st.lists(st.integers(0, 5).flatmap(entries), max_size=5).map(tuple),
        birth=st.none() | st.builds(Birth, hashes, lists),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.id,
).map(tuple)
signed = st.builds(
    SignedCheckpoint,
    st.builds(Checkpoint, hashes, st.integers(0, 2**53 - 1), hashes, hashes),
    st.lists(st.binary(min_size=65, max_size=65), max_size=2).map(tuple),
    nodes,
    st.none()
    | st.builds(
        Anchor,
        st.binary(min_size=20, max_size=20),
        st.binary(max_size=9),
        nodes,
        st.lists(st.builds(AnchorSlot, st.binary(min_size=20, max_size=20), nodes)).map(tuple),
    ),
)
bundles = subjects.flatmap(
    lambda some: st.builds(
        Bundle,
        chain_id=st.integers(0, 2**53 - 1),
        contract=st.binary(min_size=20, max_size=20),
        header=st.binary(max_size=100),
        subject=st.sampled_from([one.id for one in some]),
        subjects=st.just(some),
        nodes=nodes,
        holdings=st.none() | st.builds(ClaimedHoldings, hashes, ascending),
        tree=st.booleans(),
        documents=st.lists(
            st.builds(DocumentLeaves, hashes, lists),
            max_size=3,
            unique_by=lambda one: one.content_hash,
        ).map(lambda found: tuple(sorted(found, key=lambda one: one.content_hash))),
        fields=st.lists(
            st.builds(
                DisclosedLeaf,
                hashes,
                texts,
                st.lists(st.builds(Sibling, st.booleans(), hashes), max_size=3).map(tuple),
            ),
            max_size=3,
            unique_by=lambda one: one.content_hash,
        ).map(lambda found: tuple(sorted(found, key=lambda one: one.content_hash))),
        manifest=st.none() | st.builds(ManifestClaim, texts, hashes),
        checkpoints=st.lists(signed, max_size=2, unique_by=lambda one: one.checkpoint.block_number)
        .map(lambda found: sorted(found, key=lambda one: one.checkpoint.block_number))
        .map(tuple),
    )
)


@given(bundles)
def test_comes_back_and_is_canonical(bundle: Bundle) -> None:
    raw = encode_bundle(bundle)
    assert decode_bundle(raw) == bundle
    assert raw == canonical(json.loads(raw))


@pytest.fixture(scope="module")
def value() -> dict[str, Any]:
    paper = Paper()
    return dict(json.loads(encode_bundle(paper.bundle(a_history(paper)))))


def changed(value: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> bytes:
    copy = json.loads(json.dumps(value))
    change(copy)
    return canonical(copy)


HASH = "0x" + "aa" * 32
CHECKPOINT: dict[str, Any] = {
    "domain": HASH,
    "block_number": 7,
    "block_hash": HASH,
    "ledger_head": HASH,
    "signatures": ["0x" + "bb" * 65],
}


def entries_in(value: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = value["subjects"][0]["entries"]
    return found


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "version": lambda b: b.update(version=2),
    "version ": lambda b: b.update(version=True),
    "bundle: .* exactly": lambda b: b.update(comment="hello"),
    "bundle: .* exactly ": lambda b: b.pop("chain_id"),
    "chain_id": lambda b: b.update(chain_id="31337"),
    "chain_id ": lambda b: b.update(chain_id=-1),
    "chain_id  ": lambda b: b.update(chain_id=True),
    "contract": lambda b: b.update(contract=b["contract"].upper().replace("X", "x")),
    "contract ": lambda b: b.update(contract=b["contract"][:-2]),
    "subject": lambda b: b.update(subject=b["subject"] + "00"),
    "subject ": lambda b: b.update(subject=" " + b["subject"]),
    "header": lambda b: b.update(header=b["header"][:-1]),
    "nodes": lambda b: b.update(nodes="0x"),
    r"nodes\[0\]": lambda b: b["nodes"].__setitem__(0, 5),
    r"nodes\[1\]": lambda b: b["nodes"].insert(1, None),
    "subjects": lambda b: b.update(subjects={}),
    "subject  ": lambda b: b.update(subjects=[]),
    "subject   ": lambda b: b.update(subject="0x" + "11" * 32),
    "subjects ": lambda b: b["subjects"].append(b["subjects"][0]),
    r"subjects\[0\]": lambda b: b["subjects"][0].update(name="mine"),
    r"subjects\[0\].id": lambda b: b["subjects"][0].update(id="0x"),
    r"subjects\[0\].entries": lambda b: b["subjects"][0].update(entries={}),
    r"subjects\[0\].entries\[1\]": lambda b: entries_in(b)[1].pop("actor"),
    r"subjects\[0\].entries\[0\]": lambda b: entries_in(b)[0].update(actor="0x" + "00" * 20),
    r"entries\[2\].kind": lambda b: entries_in(b)[2].update(kind=65536),
    r"entries\[2\].position": lambda b: entries_in(b)[2].update(position=2.5),
    r"entries\[2\].timestamp": lambda b: entries_in(b)[2].update(timestamp=2**40),
    r"entries\[3\].payload": lambda b: entries_in(b)[3].update(payload="0xABCD"),
    r"entries\[3\]": lambda b: entries_in(b).__setitem__(3, []),
    r"subjects\[0\].birth": lambda b: b["subjects"][0].update(birth=None),
    "birth.content_hash": lambda b: b["subjects"][0].update(birth={"content_hash": 1, "path": []}),
    "birth.path": lambda b: b["subjects"][0].update(
        birth={"content_hash": HASH, "path": [HASH] * 25}
    ),
    "holdings": lambda b: b.update(holdings={"organisation": HASH}),
    "holdings.organisation": lambda b: b.update(holdings={"organisation": "0x", "assets": []}),
    r"holdings.assets\[1\]": lambda b: b.update(
        holdings={"organisation": HASH, "assets": [HASH, HASH]}
    ),
    "tree": lambda b: b.update(tree=False),
    "tree ": lambda b: b.update(tree=1),
    "documents": lambda b: b.update(documents=[]),
    r"documents\[0\].leaves": lambda b: b.update(
        documents=[{"content_hash": HASH, "leaves": None}]
    ),
    r"documents\[1\]": lambda b: b.update(documents=[{"content_hash": HASH, "leaves": []}] * 2),
    "fields": lambda b: b.update(fields=[]),
    r"fields\[0\].leaf": lambda b: b.update(
        fields=[{"content_hash": HASH, "leaf": [], "path": []}]
    ),
    r"fields\[0\].path\[0\]": lambda b: b.update(
        fields=[{"content_hash": HASH, "leaf": "", "path": [{"left": HASH, "right": HASH}]}]
    ),
    "checkpoints": lambda b: b.update(checkpoints=[]),
    r"checkpoints\[0\]": lambda b: b.update(checkpoints=[{**CHECKPOINT, "format": "x"}]),
    r"checkpoints\[0\].domain": lambda b: b.update(checkpoints=[{**CHECKPOINT, "domain": "0x"}]),
    r"checkpoints\[0\].headers": lambda b: b.update(checkpoints=[{**CHECKPOINT, "headers": []}]),
    r"checkpoints\[0\].anchor": lambda b: b.update(checkpoints=[{**CHECKPOINT, "anchor": {}}]),
    r"checkpoints\[1\]": lambda b: b.update(checkpoints=[CHECKPOINT, CHECKPOINT]),
    "manifest": lambda b: b.update(manifest={"compiler": "solc"}),
    "manifest.source_hash": lambda b: b.update(manifest={"compiler": "", "source_hash": None}),
}


@pytest.mark.parametrize("named", CHANGES)
def test_names_the_field_that_is_not_as_it_must(value: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named.strip()):
        decode_bundle(changed(value, CHANGES[named]))


@pytest.mark.parametrize(
    ("spell", "reason"),
    [
        (lambda raw: raw + b"\n", "canonical"),
        (lambda raw: b" " + raw, "canonical"),
        (lambda raw: raw.replace(b'":', b'": ', 1), "canonical"),
        (lambda raw: raw.replace(b'"chain_id"', b'"\\u0063hain_id"'), "canonical"),
        (lambda raw: raw.replace(b"31337", b"31337.0"), "canonical"),
        (lambda raw: raw.replace(b'"version":1', b'"version":1,"version":1'), "stands twice"),
        (lambda raw: b"\xef\xbb\xbf" + raw, "byte order mark"),
        (lambda raw: json.dumps(json.loads(raw), indent=1).encode(), "canonical"),
        (lambda raw: raw[:-1], "bundle"),
        (lambda raw: raw + b"{}", "bundle"),
        (lambda _: b"", "bundle"),
        (lambda _: b"[]", "an object"),
        (lambda _: b"\xff", "UTF-8"),
    ],
)
def test_another_spelling_is_refused(
    value: dict[str, Any], spell: Callable[[bytes], bytes], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        decode_bundle(spell(canonical(value)))
