"""How text becomes words: one way for what is kept and for what is asked, on every database.

A run of Chinese, Japanese or Korean characters has no blanks between its words: each pair of
neighbours is a token, and the last character one more, which keeps the pairs of two runs apart. So
that a lone character is found as quickly, each other one is a token behind all those. All else is
split where neither letter nor digit is. Case, accents, full-width and other compatibility forms do
not count; simplified and traditional characters differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

MOST: Final = 4000
"""Tokens that a text is cut to, before its characters follow one by one."""

_SIGN: Final = "·"  # neither letter nor digit, and no blank of any database
_MOST_OF_ONE: Final = 255  # PostgreSQL keeps no more places of a token
_LONGEST: Final = 32  # characters of a token: more tell nothing apart

_PAIRED: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(rf"((?:(?!\W)[{_PAIRED}])+)|[^\W_{_PAIRED}]+")
_PAIR: Final = re.compile(rf"[{_PAIRED}]")
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_APART: Final = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow one another."""

    tokens: tuple[str, ...]


def fold(text: str) -> str:
    """The text in the form in which what people take for the same is the same."""
    if text.isascii():
        return text.lower()
    parted = normalize("NFKD", normalize("NFKC", text).casefold())
    # Only the accents of European scripts: other scripts' marks are what sets words apart.
    return normalize("NFKC", _ACCENTS.sub("", parted))


def tokenise(texts: Iterable[str]) -> list[str]:
    """The tokens of texts, in order, cut to what is kept, and then the characters of pairs."""
    kept: list[str] = []
    seen: Counter[str] = Counter()
    for token in (token for text in texts for token in _tokens(fold(text))):
        seen[token] += 1
        if seen[token] <= _MOST_OF_ONE:
            kept.append(token)
        if len(kept) == MOST:
            break
    return kept + [one for one in _characters(seen) if one not in seen]


def sign(mark: str) -> str:
    """A token that no text has: it marks texts of a kind, and for a reader."""
    return f"{_SIGN}{mark}"


def parse_query(text: str) -> tuple[Phrase, ...]:
    """What must all be found: the words of a query, of which a part number is one."""
    phrases: dict[Phrase, None] = {}
    for word in _APART.split(fold(text)):
        plain: list[str] = []
        for run in _RUN.finditer(word):
            if run[1] is None:
                plain.append(run[0][:_LONGEST])
                continue
            phrases |= _phrase(plain)
            plain = []
            phrases[Phrase(tuple(_pairs(run[1])) or (run[1],))] = None
        phrases |= _phrase(plain)
    return tuple(phrases)


def _phrase(plain: list[str]) -> dict[Phrase, None]:
    return {Phrase(tuple(plain)): None} if plain else {}


def _tokens(folded: str) -> Iterator[str]:
    for run in _RUN.finditer(folded):
        if run[1] is None:
            yield run[0][:_LONGEST]
        else:
            yield from _pairs(run[1])
            yield run[1][-1]


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _characters(tokens: Iterable[str]) -> dict[str, None]:
    """Each character that is half of a pair, once."""
    pairs = (token for token in tokens if len(token) == 2 and _PAIR.match(token))
    return dict.fromkeys("".join(pairs))
