"""Words are the same however they are written, and whatever is asked for as it stands is found."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.mirror.search.words import MOST, Phrase, fold, parse_query, tokenise

SCRIPTS = st.characters(codec="utf-8", exclude_categories=("Cs", "Co"))
SOME = st.sampled_from("aAéßİΣς1٣½ﬁ_-./:变速箱変ガがｶﾞ기어ー、　ท\u0300\u3099\u0327")
TEXTS = st.text(SCRIPTS | SOME, max_size=40)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Gearbox AM-GBX-000417", ["gearbox", "am", "gbx", "000417"]),
        ("Café MÜLLER straße", ["cafe", "muller", "strasse"]),
        ("\uff27\uff22\uff38\uff0d\uff10\uff11", ["gbx", "01"]),
        ("变速箱", ["变速", "速箱", "箱", "变", "速"]),
        ("箱", ["箱"]),
        ("齿轮、箱体", ["齿轮", "轮", "箱体", "体", "齿", "箱"]),
        ("GBX变速01", ["gbx", "变速", "速", "01", "变"]),
        ("ガｶﾞ가", ["ガガ", "ガ가", "가", "ガ"]),
        ("snake_case 1:97 12.50", ["snake", "case", "1", "97", "12", "50"]),
        ("a" * 100, ["a" * 32]),
        (" …!?_ ", []),
    ],
)
def test_texts_are_parted_into_tokens(text: str, tokens: list[str]) -> None:
    assert tokenise([text]) == tokens


@pytest.mark.parametrize(
    ("query", "phrases"),
    [
        ("GBX-0001", [Phrase(("gbx", "0001"))]),
        ("gearbox, GBX", [Phrase(("gearbox",)), Phrase(("gbx",))]),
        ("变速箱", [Phrase(("变速", "速箱"))]),
        ("变速", [Phrase(("变速",))]),
        ("箱", [Phrase(("箱",))]),
        ("GBX变速-01", [Phrase(("gbx",)), Phrase(("变速",)), Phrase(("01",))]),
        ("pump pump", [Phrase(("pump",))]),
        ("--", []),
    ],
)
def test_queries_are_parted_likewise(query: str, phrases: list[Phrase]) -> None:
    assert list(parse_query(query)) == phrases


@given(TEXTS)
def test_tokens_are_fit_for_every_database(text: str) -> None:
    """Blanks part them and quotation marks enclose them; nothing else may have a meaning."""
    for token in tokenise([text]):
        assert re.fullmatch(r"[^\W_]{1,32}", token)
        assert len(token.encode()) <= 128
        assert fold(token) == token


@given(TEXTS, TEXTS, TEXTS)
def test_what_stands_in_a_text_is_found_by_it(before: str, asked: str, behind: str) -> None:
    kept = tokenise([f"{before} {asked} {behind}"])
    assert matches(kept, asked) or not parse_query(asked)


@given(st.text("变速箱体齿轮", min_size=1, max_size=9), st.data())
def test_every_part_of_a_run_of_characters_finds_it(run: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(run) - 1))
    end = data.draw(st.integers(start + 1, len(run)))
    assert matches(tokenise([run]), run[start:end])


@given(st.text("变速箱", min_size=2, max_size=6), st.text("变速箱", min_size=2, max_size=6))
def test_what_does_not_stand_in_a_run_is_not_found(run: str, asked: str) -> None:
    assert matches(tokenise([run]), asked) == (asked in run)


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1))
def test_case_and_width_do_not_count(word: str) -> None:
    wide = "".join(chr(ord(one) + 0xFEE0) for one in word)
    assert tokenise([word.upper()]) == tokenise([word.lower()]) == tokenise([wide])


@given(TEXTS)
def test_accents_do_not_count(text: str) -> None:
    assume("\u0345" not in text)
    plain = fold(text)
    assert not re.search("[\u0300-\u036f]", plain)


def test_long_texts_are_cut() -> None:
    assert len(tokenise([" ".join(f"w{n}" for n in range(2 * MOST))])) == MOST
    assert tokenise(["so " * 1000, "end"]) == ["so"] * 255 + ["end"]
    assert len(tokenise(["变速" * MOST])) == 2 * 255 + 2


def matches(tokens: list[str], query: str) -> bool:
    """What every database is to answer, said plainly."""
    phrases = parse_query(query)
    return bool(phrases) and all(_stands(tokens, phrase) for phrase in phrases)


def _stands(tokens: list[str], phrase: Phrase) -> bool:
    length = len(phrase.tokens)
    return any(
        tuple(tokens[at : at + length]) == phrase.tokens for at in range(len(tokens) - length + 1)
    )
