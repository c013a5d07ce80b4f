"""Takes back uploaded files that nothing points at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from ledger.documents.packs import Place
from ledger.errors import Conflict
from ledger.outbox.files import find_file, forget_files, get_own_file, lock_file, unknown_file
from ledger.outbox.positions import lock_subjects
from ledger.outbox.registrations import forget_documents
from ledger.outbox.tables import Operation, State
from ledger.types import Hash32, to_hex


class FileNamed(Conflict):
    """An entry points at the file, or an operation on its way does."""

    code = "file_named"

    def __init__(self, file: Hash32, subject: Hash32, by: str) -> None:
        super().__init__(
            f"{by} names file {to_hex(file)} as a document of {to_hex(subject)}: what stands on "
            "the ledger is destroyed by an entry `erased` of that subject, and what waits can be "
            "cancelled first",
            file=to_hex(file),
            subject=to_hex(subject),
            by=by,
        )


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A file that is forgotten: its name in the store, and where its description lies."""

    name: str
    place: Place


def take_back(session: Session, org: Hash32, file: Hash32) -> TakenBack:
    """Forget an uploaded file that no operation names; the caller commits, then destroys it.

    What the mirror alone knows to name it, the caller has looked for.

    Raises:
        UnknownThing: the organisation uploaded no such file, or it is gone.
        FileNamed: an operation names it that may come to stand, or stands.
    """
    seen = get_own_file(session, org, file).subject
    if seen is not None:
        lock_subjects(session, {seen})  # before the file, as those do who append
    document, row = lock_file(session, file), find_file(session, file)
    if document is None or row is None:
        raise unknown_file(file)
    _require_unnamed(session, file, seen, document.subject)
    found = TakenBack(row.name, document.place)
    forget_files(session, [file])
    forget_documents(session, [file])
    return found


def _require_unnamed(
    session: Session, file: Hash32, seen: Hash32 | None, subject: Hash32 | None
) -> None:
    if subject is None:
        return
    by = _find_naming(session, subject, file)
    if by is not None or subject != seen:  # else it was bound while we waited for it
        raise FileNamed(file, subject, f"operation {by}" if by else "an operation")


def _find_naming(session: Session, subject: Hash32, file: Hash32) -> str | None:
    """An operation about the subject that names the file, and was not rejected."""
    wanted = select(Operation.id, Operation.payload).where(
        Operation.subject == subject, col(Operation.state) != State.REJECTED
    )
    return next((id for id, payload in session.exec(wanted) if file in payload), None)
