"""Files that were uploaded: remembered once, and bound to the subject that first points at one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from ledger.errors import Conflict, UnknownThing
from ledger.outbox.classes import label_values
from ledger.outbox.clock import now
from ledger.outbox.file_tables import FileRow
from ledger.outbox.once import Asked, find_request, outlast_races, request_values
from ledger.outbox.operations import SentDocument
from ledger.outbox.tables import Document, Request
from ledger.types import Hash32, parse_hash, to_hex


class FileTaken(Conflict):
    """Another subject's entry points at the file already; it is to be uploaded again."""

    code = "file_taken"

    def __init__(self, file: Hash32, subject: Hash32) -> None:
        super().__init__(
            f"file: {to_hex(file)} is a document of {to_hex(subject)}; upload it again for another",
            file=to_hex(file),
            subject=to_hex(subject),
        )


class DocumentGone(Conflict):
    """What the request was about was destroyed since: taken back, or erased."""

    code = "document_gone"

    def __init__(self, what: str, content_hash: Hash32) -> None:
        super().__init__(
            f"{what} was about document {to_hex(content_hash)}, which was destroyed since",
            content_hash=to_hex(content_hash),
        )


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """A file that is kept; `existing` if the request had been answered before."""

    content_hash: Hash32
    existing: bool


def accept_file(session: Session, asked: Asked, sent: SentDocument, name: str) -> AcceptedFile:
    """Remember an uploaded file, which no entry points at yet; the caller commits.

    Raises:
        IdempotencyConflict: the key stands for another request.
        DocumentGone: the key stands for an upload that was destroyed.
    """

    labelled = label_values(sent.label)

    def attempt() -> AcceptedFile:
        known = find_request(session, asked)
        if known is not None:
            return _find_again(session, known)
        session.add(
            Document(
                content_hash=sent.content_hash,
                org=asked.org,
                size=sent.size,
                media_type=sent.media_type,
                pack=sent.place.pack,
                pack_offset=sent.place.offset,
                pack_length=sent.place.length,
                created_at=now(),
                data_class=labelled["data_class"],
                jurisdiction=labelled["jurisdiction"],
            )
        )
        session.add(FileRow(content_hash=sent.content_hash, name=name))
        if asked.key is not None:
            session.add(Request(**request_values(asked, to_hex(sent.content_hash))))
        session.flush()
        return AcceptedFile(sent.content_hash, existing=False)

    return outlast_races(session, attempt)


def _find_again(session: Session, known: Request) -> AcceptedFile:
    file = parse_hash(known.operation)
    if find_file(session, file) is None:
        # A key stands for one request for ever: under it, nothing is uploaded a second time.
        raise DocumentGone(f"Idempotency-Key {known.key}", file)
    return AcceptedFile(file, existing=True)


def find_file(session: Session, content_hash: Hash32) -> FileRow | None:
    """The file that a document describes; None if the document is no file's."""
    return session.get(FileRow, content_hash)


def find_files(session: Session, hashes: Collection[Hash32]) -> dict[Hash32, FileRow]:
    """Those of these documents that describe files, in one query."""
    wanted = select(FileRow).where(col(FileRow.content_hash).in_(hashes))
    return {found.content_hash: found for found in session.exec(wanted)}


def is_file(session: Session, name: str) -> bool:
    """Whether a file of that name in the store is remembered."""
    return session.exec(select(FileRow).where(FileRow.name == name)).first() is not None


def get_own_file(session: Session, org: Hash32, file: Hash32) -> Document:
    """A file that an organisation uploaded. Raises UnknownThing."""
    found = session.get(Document, file) if find_file(session, file) else None
    if found is None or found.org != org:
        raise unknown_file(file)
    return found


def unknown_file(file: Hash32) -> UnknownThing:
    """The error of a file that is not there, or somebody else's."""
    return UnknownThing("file", field="file", value=to_hex(file))


def require_free_file(session: Session, org: Hash32, file: Hash32, subject: Hash32) -> None:
    """See that a file can be a document about a subject. Raises as `bind_file`."""
    about = get_own_file(session, org, file).subject
    if about not in (None, subject):
        raise FileTaken(file, about or subject)


def lock_file(session: Session, file: Hash32) -> Document | None:
    """The document of a file, which nobody binds or takes back until the transaction ends.

    None: it is gone.
    """
    return session.get(Document, file, with_for_update=True, populate_existing=True)


def bind_file(session: Session, org: Hash32, file: Hash32, subject: Hash32) -> None:
    """Have a file be a document about a subject; the caller commits.

    Raises:
        UnknownThing: the organisation uploaded no such file, or it is gone.
        FileTaken: it is about another subject.
    """
    document = lock_file(session, file)
    if document is None:
        raise unknown_file(file)
    if get_own_file(session, org, file).subject not in (None, subject):
        raise FileTaken(file, document.subject or subject)
    document.subject = subject
    session.add(document)
    session.flush()


def hold_files(session: Session, org: Hash32, subject: Hash32, named: Collection[Hash32]) -> None:
    """Bind those files of an organisation that are free, and that its entry names by their hash.

    What else it names may be kept anywhere.
    """
    if not named:
        return
    free = select(Document).where(
        col(Document.content_hash).in_(named),
        col(Document.content_hash).in_(select(FileRow.content_hash)),
        Document.org == org,
        col(Document.subject).is_(None),
    )
    # In one order, or two requests could wait for each other.
    ordered = free.order_by(col(Document.content_hash)).with_for_update()
    for document in session.exec(ordered).all():
        document.subject = subject
        session.add(document)
    session.flush()


def forget_files(session: Session, hashes: Collection[Hash32]) -> None:
    """Remove what is remembered of files whose bytes were destroyed."""
    session.exec(delete(FileRow).where(col(FileRow.content_hash).in_(hashes)))
