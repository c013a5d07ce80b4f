"""The layout that proofs assume is the one that the compiler gave the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.proofs.layout import (
    HEADS,
    LEDGER_HEAD,
    WORDS,
    SubjectClass,
    Word,
    decode_word,
    encode_word,
)

ARTIFACT = Path(__file__).parents[2] / "contracts/artifacts/AssetLedger.json"

words = st.builds(
    Word,
    owner=st.binary(min_size=20, max_size=20),
    opened_at=st.integers(0, 2**40 - 1),
    count=st.integers(0, 2**32 - 1),
    subject_class=st.sampled_from(SubjectClass),
    frozen=st.booleans(),
    suspended=st.booleans(),
    approved=st.booleans(),
    accounts=st.integers(0, 2**16 - 1),
)


def test_slots_are_those_of_the_compiled_contract() -> None:
    layout = json.loads(ARTIFACT.read_text())["storageLayout"]["storage"]
    slots = {one["label"].lstrip("_"): (int(one["slot"]), one["offset"]) for one in layout}
    assert slots["words"] == (WORDS, 0)
    assert slots["heads"] == (HEADS, 0)
    assert slots["ledgerHead"] == (LEDGER_HEAD, 0)


@given(words)
def test_a_word_comes_back(word: Word) -> None:
    assert encode_word(word) < 2**256
    assert decode_word(encode_word(word)) == word


@given(st.integers(0, 2**256 - 1))
def test_a_word_that_is_read_has_no_bit_without_meaning(raw: int) -> None:
    try:
        word = decode_word(raw)
    except VerificationError:
        return
    assert encode_word(word) == raw


@pytest.mark.parametrize("raw", [0, 6 << 232, 7 << 232, 1 << 232 | 1 << 238, 1 << 232 | 1 << 239])
def test_unknown_classes_and_flags_are_refused(raw: int) -> None:
    with pytest.raises(VerificationError):
        decode_word(raw)
