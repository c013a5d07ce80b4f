"""Where verbs write: results to standard output, all else to the error stream."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """A result, for whoever or whatever called the verb."""
    print(text, flush=True)  # noqa: T201


def fail(text: str) -> None:
    """A problem or a word on the way, for a person."""
    print(f"asset-ledger: {text}", file=sys.stderr, flush=True)  # noqa: T201
