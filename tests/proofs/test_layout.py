"""The layout that proofs assume is the one that the compiler gave the contract."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.proofs.layout import (
    APPROVALS,
    BALANCES,
    HOLDERS,
    LEDGER_HEAD,
    OFFERS,
    PARENTS,
    SUBJECTS,
    SubjectClass,
    Word,
    decode_word,
    encode_word,
)
from ledger.types import Party, Stage

ARTIFACT = Path(__file__).parents[2] / "contracts/artifacts/AssetLedger.json"


def bits(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**count - 1)


def parties(*those: Party) -> st.SearchStrategy[frozenset[Party]]:
    return st.frozensets(st.sampled_from(those))


def words(of: SubjectClass, **own: st.SearchStrategy[Any]) -> st.SearchStrategy[Word]:
    owners = st.binary(min_size=20, max_size=20)
    return st.builds(Word, owners, bits(36), bits(32), st.just(of), **own)


any_word = st.one_of(
    words(
        SubjectClass.ASSET,
        frozen=st.booleans(),
        approved=st.booleans(),
        stage=st.sampled_from(Stage),
        held=parties(Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER),
        offered=parties(*Party),
        mounted=st.booleans(),
    ),
    words(SubjectClass.BATCH, size=bits(24)),
    words(SubjectClass.SCHEMA),
    words(SubjectClass.WORLD, closed=st.booleans()),
    words(SubjectClass.ORGANISATION, accounts=bits(16), suspended=st.booleans()),
    words(SubjectClass.LEDGER),
)


def test_slots_are_those_of_the_compiled_contract() -> None:
    layout = json.loads(ARTIFACT.read_text())["storageLayout"]["storage"]
    slots = {one["label"].lstrip("_"): (int(one["slot"]), one["offset"]) for one in layout}
    for name, slot in (
        ("subjects", SUBJECTS),
        ("ledgerHead", LEDGER_HEAD),
        ("holders", HOLDERS),
        ("balances", BALANCES),
        ("approvals", APPROVALS),
        ("offers", OFFERS),
        ("parents", PARENTS),
    ):
        assert slots[name] == (slot, 0)


@given(any_word)
def test_a_word_comes_back(word: Word) -> None:
    assert encode_word(word) < 2**256
    assert decode_word(encode_word(word)) == word


def test_each_bit_stands_where_the_contract_draws_it() -> None:
    owner = 20 * b"\xff"
    asset = Word(owner, 0, 0, SubjectClass.ASSET)
    bare = encode_word(asset)
    assert bare == 2**160 - 1 | 1 << 228
    others = frozenset({Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER})
    drawn: list[tuple[dict[str, Any], int]] = [
        ({"opened_at": 1}, 1 << 160),
        ({"count": 1}, 1 << 196),
        ({"frozen": True}, 1 << 232),
        ({"approved": True}, 1 << 233),
        ({"stage": Stage.RETIRED}, 5 << 234),
        ({"held": others}, 7 << 237),
        ({"offered": frozenset(Party)}, 15 << 240),
        ({"mounted": True}, 1 << 244),
    ]
    for change, at in drawn:
        assert encode_word(replace(asset, **change)) == bare | at
    assert encode_word(Word(bytes(20), 0, 0, SubjectClass.BATCH, size=3)) == 2 << 228 | 3 << 232
    assert (
        encode_word(Word(bytes(20), 0, 0, SubjectClass.WORLD, closed=True)) == 4 << 228 | 1 << 232
    )
    org = Word(bytes(20), 0, 0, SubjectClass.ORGANISATION, accounts=2, suspended=True)
    assert encode_word(org) == 5 << 228 | 2 << 232 | 1 << 248


@given(st.sampled_from(SubjectClass), bits(228), bits(24))
def test_a_word_that_is_read_has_no_bit_without_meaning(
    of: SubjectClass, common: int, own: int
) -> None:
    raw = common | of << 228 | own << 232
    try:
        word = decode_word(raw)
    except VerificationError:
        return
    assert encode_word(word) == raw


@pytest.mark.parametrize(
    "raw",
    [
        0,
        *(number << 228 for number in range(7, 16)),
        *(1 << 228 | stage << 234 for stage in (6, 7)),
        *(1 << 228 | 1 << unused for unused in range(251, 256)),
        *(3 << 228 | 1 << unused for unused in range(232, 256)),
        *(4 << 228 | 1 << unused for unused in range(233, 256)),
        *(5 << 228 | 1 << unused for unused in range(249, 256)),
        *(6 << 228 | 1 << unused for unused in range(232, 256)),
    ],
)
def test_unknown_classes_stages_and_flags_are_refused(raw: int) -> None:
    with pytest.raises(VerificationError):
        decode_word(raw)
