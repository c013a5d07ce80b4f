"""Where verbs write: results to standard output, all else to the error stream."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """A result, for whoever or whatever called the verb."""
    print(text, flush=True)  # noqa: T201


def count(number: int, of_one: str, of_many: str | None = None) -> str:
    """So many things in words: of many, unless it is told, by the word of one and an s."""
    return f"{number:,} {of_one if number == 1 else of_many or f'{of_one}s'}"


def fail(text: str) -> None:
    """A problem or a word on the way, for a person."""
    print(f"asset-ledger: {text}", file=sys.stderr, flush=True)  # noqa: T201
