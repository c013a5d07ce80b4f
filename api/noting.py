"""What a request's line of the log tells besides: noted where it is known, wherever that is."""

from __future__ import annotations

from contextvars import ContextVar

_notes: ContextVar[dict[str, str] | None] = ContextVar("notes", default=None)


def begin_notes() -> dict[str, str]:
    """Begin a request's notes; what is noted from here on, in worker threads too, is in them."""
    notes: dict[str, str] = {}
    _notes.set(notes)
    return notes


def note(**told: str) -> None:
    """Add to the notes of the request that is being answered, if one is."""
    notes = find_notes()
    if notes is not None:
        notes.update(told)


def find_notes() -> dict[str, str] | None:
    """The notes of the request that is being answered; None if none is."""
    return _notes.get()
