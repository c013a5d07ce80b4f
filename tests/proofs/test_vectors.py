"""The vectors that verifiers in any language run: each has the verdict that is written down."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger.proofs.steps import STEPS
from ledger.proofs.trust import CAUSES
from ledger.types import parse_address, parse_hash, parse_hex
from tests.vectors import archives, trusting
from tests.vectors.archives import archive_verdict
from tests.vectors.making import FOLDER, INDEX, make, make_archives, make_trust, verdict
from tests.vectors.trusting import trust_verdict

VECTORS: list[dict[str, Any]] = json.loads((FOLDER / INDEX).read_bytes())
BY_NAME = {vector["name"]: vector for vector in VECTORS}


def edited(vector: dict[str, Any], folder: Path = FOLDER) -> bytes:
    """The bytes that are to be verified."""
    raw = (folder / vector["bundle"]).read_bytes()
    for edit in vector["edits"]:
        at, insert = edit["at"], parse_hex(edit["insert"])
        raw = raw[:at] + insert + raw[at + edit["remove"] :]
    return raw


@pytest.mark.parametrize("bundle", sorted({vector["bundle"] for vector in VECTORS}))
def test_each_vector_has_its_verdict(bundle: str) -> None:
    for vector in VECTORS:
        if vector["bundle"] == bundle:
            block_hash, contract = vector["block_hash"], vector["contract"]
            found = verdict(edited(vector), parse_hash(block_hash), parse_address(contract))
            assert json.loads(json.dumps(found)) == vector["verdict"], vector["name"]


def test_the_vectors_are_those_of_the_chain_as_it_is_told_now() -> None:
    """Otherwise `python -m tests.vectors` writes them anew."""
    kept = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    made = make()
    assert made.keys() == kept.keys()
    for name, raw in made.items():
        assert raw == kept[name], name


ARCHIVES: list[dict[str, Any]] = json.loads((archives.FOLDER / INDEX).read_bytes())


@pytest.mark.parametrize("vector", ARCHIVES, ids=lambda vector: vector["name"])
def test_each_archive_has_its_verdict(vector: dict[str, Any]) -> None:
    raw = edited(vector, archives.FOLDER)
    trusted = parse_hash(vector["block_hash"]), parse_address(vector["contract"])
    assert archive_verdict(raw, *trusted) == vector["verdict"]


def test_archives_are_tampered_with_in_vain() -> None:
    codes = {vector["name"]: vector["verdict"].get("code") for vector in ARCHIVES}
    whole = {"documents", "documents left out"}
    assert {name for name, code in codes.items() if code is None} == whole
    for name in ("another document", "another serial", "under another name"):
        assert codes[name] == "wrong_documents"
    for name in ("another time", "no opening", "another spelling of the document"):
        assert codes[name] == "wrong_form"
    assert {path.name: path.read_bytes() for path in archives.FOLDER.iterdir()} == make_archives()


TRUST: list[dict[str, Any]] = json.loads((trusting.FOLDER / INDEX).read_bytes())


@pytest.mark.parametrize("vector", TRUST, ids=lambda vector: vector["name"])
def test_each_vector_of_trust_has_its_verdict(vector: dict[str, Any]) -> None:
    raw, contract = edited(vector, trusting.FOLDER), parse_address(vector["contract"])
    assert trust_verdict(raw, contract, vector["trust"]) == vector["verdict"]


def test_vectors_of_trust_are_those_that_are_made_now() -> None:
    """Otherwise `python -m tests.vectors` writes them anew."""
    kept = {path.name: path.read_bytes() for path in trusting.FOLDER.iterdir()}
    assert kept == make_trust()


def test_every_cause_is_one_of_some_vector_of_trust() -> None:
    assert {vector["verdict"].get("cause") for vector in TRUST} == CAUSES | {None}


def test_words_that_were_tampered_with_vouch_for_nothing() -> None:
    """But for what nobody needed: a word twice, in another order, or of nobody trusted."""
    found = {
        vector["name"].split("checkpoints[0].")[-1]
        for vector in TRUST
        if "checkpoints[0]" in vector["name"] and vector["verdict"]["verified"]
    }
    unneeded = {"with its last one twice", "with its first two in the other order"}
    assert found == {
        *(f"{words} {change}" for words in ("signatures", "anchor.slots") for change in unneeded),
        "anchor.slots without its last",
        "anchor.slots[2].witness with its last bit turned",
    }


def test_every_step_fails_for_some_vector() -> None:
    failed = Counter(vector["verdict"].get("step") for vector in VECTORS)
    assert {step.number for step in STEPS} <= failed.keys()


def test_what_is_tampered_with_is_refused_or_claims_less() -> None:
    """A claim that may be left out can be taken away; nothing can be added, or told otherwise."""
    for vector in VECTORS:
        whole, found = BY_NAME[vector["bundle"][:-5]]["verdict"], vector["verdict"]
        if not vector["edits"] or not found["verified"]:
            continue
        assert " without" in vector["name"]
        for claim in ("holdings", "tree"):
            assert found[claim] in (None, whole[claim])
        for claim in ("documents", "fields"):
            assert all(one in whole[claim] for one in found[claim])
        claims = ("holdings", "tree", "documents", "fields")
        assert {name: it for name, it in found.items() if name not in claims} == {
            name: it for name, it in whole.items() if name not in claims
        }


EXPECTED = {
    "asset: another block is trusted": "wrong_header",
    "asset: another contract is trusted": "wrong_account",
    "asset: chain_id counted up": "wrong_birth",
    "asset: contract with its last bit turned": "wrong_account",
    "asset: header with its last bit turned": "wrong_header",
    "asset: subject with its last bit turned": "wrong_form",
    "asset: subjects[0].entries without its last": "wrong_history",
    "asset: subjects[0].entries without its first": "wrong_birth",
    "asset: subjects[0].entries without its second": "wrong_history",
    "asset: subjects[0].entries[0].org with its last bit turned": "wrong_birth",
    "asset: subjects[0].entries[0].payload with its last bit turned": "wrong_birth",
    "asset: subjects[0].entries[0].kind counted up": "wrong_birth",
    "asset: subjects[0].entries[0].timestamp counted up": "wrong_state",
    "asset: subjects[0].entries[1].org with its last bit turned": "wrong_history",
    "asset: subjects[0].entries[1].kind counted up": "wrong_history",
    "asset: subjects[0].entries[1].actor with its last bit turned": "wrong_history",
    "asset: subjects[0].entries[1].payload with its last bit turned": "wrong_history",
    "asset: subjects[0].entries[1].timestamp counted up": "wrong_history",
    "asset: subjects[0].entries[1].position counted up": "wrong_history",
    "asset: nodes without its first": "wrong_account",
    "asset: nodes with its last one twice": "wrong_rest",
    "asset-new: nodes without its last": "wrong_head",
    "member: subjects[1].birth.content_hash with its last bit turned": "wrong_birth",
    "member: subjects[1].birth.path without its last": "wrong_birth",
    "member: subjects with its first two in the other order": "wrong_word",
    "holdings: it without holdings": "wrong_rest",
    "holdings: holdings.organisation with its last bit turned": "wrong_holdings",
    "tree: subjects without its last": "wrong_tree",
    "fields: fields[0].path without its first": "wrong_documents",
    "fields: fields[0].leaf a character longer": "wrong_documents",
    "fields: documents[0].leaves without its last": "wrong_documents",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_step_that_must_fail_fails(name: str) -> None:
    assert BY_NAME[name]["verdict"].get("code") == EXPECTED[name]
