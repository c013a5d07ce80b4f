"""What every fold shares: the next entry is the one at the next position, and moves the head."""

from __future__ import annotations

from typing import Protocol

from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.errors import VerificationError
from ledger.hashing import is_paused, next_head, next_ledger_head
from ledger.types import Hash32


class Begun(Protocol):
    """A subject after `count` entries."""

    @property
    def id(self) -> Hash32: ...
    @property
    def count(self) -> int: ...
    @property
    def head(self) -> Hash32: ...


def head_after(subject: Begun, entry: Appended) -> Hash32:
    """The subject's head after its next entry.

    Raises:
        VerificationError: the entry is not the subject's next.
    """
    if entry.position != subject.count or entry.subject != subject.id:
        raise VerificationError(
            f"entry {entry.position} of 0x{entry.subject.hex()} is not the next, {subject.count}",
            expected=subject.count,
            found=entry.position,
        )
    return next_head(
        subject.head,
        entry.position,
        entry.kind,
        entry.org,
        entry.actor,
        entry.timestamp,
        entry.payload,
    )


def ledger_head_after(ledger_head: Hash32, head: Hash32, entry: Appended) -> Hash32:
    """The ledger head after an entry that left its subject at `head`.

    An entry that pauses or resumes the ledger says so in the head; all others carry it over.
    """
    match entry.kind:
        case Kind.PAUSED:
            paused = True
        case Kind.RESUMED:
            paused = False
        case _:
            paused = is_paused(ledger_head)
    return next_ledger_head(ledger_head, head, entry.actor, entry.timestamp, paused=paused)


def misplaced(entry: Appended, what: str) -> VerificationError:
    """The refusal of an entry that says nothing of such a subject, or not where it stands."""
    return VerificationError(
        f"an entry {entry.kind.label} cannot stand at position {entry.position} of {what}",
        kind=entry.kind.label,
        position=entry.position,
    )
