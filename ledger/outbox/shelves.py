"""All that the service keeps of documents, walked a portion at a time for an audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import func
from sqlmodel import Session, col, select

from ledger.documents.batch_files import BatchFile
from ledger.documents.batch_rehash import rehash_batch
from ledger.documents.batch_store import BatchStore
from ledger.documents.file_store import FileStore
from ledger.documents.files import read_description
from ledger.documents.kept import Kept
from ledger.documents.packs import CorruptDocument
from ledger.documents.sealing import Sealed
from ledger.documents.store import DocumentStore
from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.kinds import Kind
from ledger.domain.payloads import decode_payload
from ledger.outbox.file_tables import FileRow
from ledger.outbox.files import find_files
from ledger.outbox.registrations import find_documents
from ledger.outbox.tables import BatchRegistration, Document, Operation, State
from ledger.types import ZERO_HASH, Hash32, to_hex

PORTION: Final = 500

Rehash: TypeAlias = Callable[[Callable[[int], None], Callable[[int, Hash32], None]], Hash32]
"""Rehashes a batch's lines to their root; tells of how many more, and which were erased."""

_WITH_DOCUMENT: Final = tuple(
    [
        int(kind)
        for kind in (
            *(Kind.REGISTERED, Kind.BATCH_REGISTERED, Kind.REVISED, Kind.OBSERVED),
            *(Kind.CORRECTED, Kind.FROZEN, Kind.UNFROZEN),
        )
    ]
)
"""The kinds of requests that are taken in with a document, and never without."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where documents lie, lines of batches, and files."""

    documents: DocumentStore
    batches: BatchStore
    files: FileStore

    def count(self, session: Session) -> int:
        """How many documents and lines should be kept."""
        documents = session.exec(select(func.count()).select_from(Document)).one()
        lines = session.exec(select(func.sum(BatchRegistration.size))).one()
        return int(documents) + int(lines or 0)

    def walk_documents(self, session: Session) -> Iterator[Sequence[tuple[Hash32, Kept]]]:
        """All documents, by content hash."""
        after = b""
        wanted = select(Document).order_by(col(Document.content_hash)).limit(PORTION)
        while rows := session.exec(wanted.where(Document.content_hash > after)).all():
            files = find_files(session, [row.content_hash for row in rows])
            yield [(row.content_hash, self._kept(row, files)) for row in rows]
            after = rows[-1].content_hash
            session.expunge_all()

    def find_kept(
        self, session: Session, subject: Hash32, hashes: Collection[Hash32]
    ) -> dict[Hash32, Kept]:
        """Those of these documents about a subject that should be kept here, or are."""
        files = find_files(session, hashes)
        rows = find_documents(session, hashes)
        found = {one: self._kept(row, files) for one, row in rows.items()}
        line = self._find_line(session, subject)
        return found | {one: kept for one, kept in line.items() if one in hashes}

    def walk_unkept(self, session: Session) -> Iterator[tuple[Hash32, Hash32]]:
        """Subjects of requests of whose document nothing is remembered, with its hash.

        Of what was rejected it may have been taken back, and what a wallet signed came with none.
        """
        after = 0
        wanted = (
            select(Operation.sequence, Operation.subject, Operation.kind, Operation.payload)
            .where(
                col(Operation.kind).in_(_WITH_DOCUMENT),
                Operation.state != State.REJECTED,
                col(Operation.signature).is_(None),
            )
            .order_by(col(Operation.sequence))
            .limit(PORTION)
        )
        while rows := session.exec(wanted.where(col(Operation.sequence) > after)).all():
            told = [(row[1], _document_of(row[2], row[3])) for row in rows]
            kept = find_documents(session, [content_hash for _, content_hash in told])
            yield from (one for one in told if one[1] not in kept)
            after = rows[-1][0] or 0
            session.expunge_all()

    def walk_batches(self, session: Session) -> Iterator[tuple[Hash32, Rehash]]:
        """The batches, each with what rehashes its lines to its root.

        That tells how many it did, and which were erased; it raises CorruptDocument where a line is
        not what was sent, or all are gone.
        """
        ids = select(BatchRegistration.batch).order_by(BatchRegistration.batch)  # type: ignore[arg-type]
        for batch in session.exec(ids.execution_options(yield_per=PORTION)):
            yield batch, self._rehasher(batch)

    def _rehasher(self, batch: Hash32) -> Rehash:
        return lambda told, gone: rehash_batch(self._open(batch), told, gone)

    def _find_line(self, session: Session, asset: Hash32) -> dict[Hash32, Kept]:
        """The document that an asset of a batch was born with, by its content hash."""
        index, sent = index_of(asset), session.get(BatchRegistration, batch_id_of(asset))
        if not index or sent is None or index > sent.size:
            return {}
        try:
            batch = self._open(sent.batch)
        except CorruptDocument:
            return {}
        kept = Kept(sent.org, asset, lambda: batch.load(index).raw)
        return {batch.content_hash(index): kept}

    def _open(self, batch: Hash32) -> BatchFile:
        try:
            found = self.batches.find(batch)
        except (OSError, ValueError, KeyError, msgspec.MsgspecError) as error:
            raise CorruptDocument(batch, f"its files cannot be read: {error}") from None
        if found is None:
            raise CorruptDocument(batch, "its lines are missing")
        return found

    def _kept(self, row: Document, files: Mapping[Hash32, FileRow]) -> Kept:
        content_hash, org, place, size = row.content_hash, row.org, row.place, row.size
        file = files[content_hash].name if content_hash in files else None

        def read() -> bytes:
            sealed = self.documents.load(content_hash, org, place)
            if file is not None:
                self._rehash_file(sealed, file, org, size)
            return sealed.raw

        return Kept(org, row.subject, read)

    def _rehash_file(self, sealed: Sealed, name: str, org: Hash32, size: int) -> None:
        """See that a file is what its description says. Raises CorruptDocument."""
        content_hash, seed = sealed.content_hash, sealed.commitment.seed
        with self.files.open(name, content_hash, org, seed, size) as file:
            if (found := file.digest()) != read_description(sealed).sha256:
                raise CorruptDocument(content_hash, f"its file's SHA-256 is {to_hex(found)}")


def _document_of(kind: int, payload: bytes) -> Hash32:
    told = decode_payload(kind, payload)
    found = getattr(told, "content_hash", None) or getattr(told, "reason", None)
    return found or ZERO_HASH
