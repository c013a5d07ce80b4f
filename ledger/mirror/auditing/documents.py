"""Rehashes all documents that the service keeps against what the ledger says of them.

What an `erased` entry names should be gone: then it is erased, and not missing. Rows of documents
are read a portion at a time, and a batch's lines one by one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final, Protocol, TypeAlias

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from ledger.database.engine import reading
from ledger.documents.kept import Kept
from ledger.documents.packs import CorruptDocument
from ledger.domain.batch import member_id
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Erased, decode_payload
from ledger.mirror.rows import chunks
from ledger.mirror.tables import BatchRow, EntryRow
from ledger.types import Hash32, to_hex

Rehash: TypeAlias = Callable[[Callable[[int], None], Callable[[int, Hash32], None]], Hash32]
"""Rehashes a batch's lines, telling how many more are done, and which were erased, with its content
hash; returns their root."""

_TELL_EVERY: Final = 500


class Shelves(Protocol):
    """What this service keeps beside the ledger."""

    def count(self, session: Session) -> int:
        """How many documents and lines should be kept."""

    def walk_documents(self, session: Session) -> Iterable[Sequence[tuple[Hash32, Kept]]]:
        """All documents, a portion at a time."""

    def find_kept(
        self, session: Session, subject: Hash32, hashes: Collection[Hash32]
    ) -> Mapping[Hash32, Kept]:
        """Those of these documents about a subject that should be kept, or are."""

    def walk_unkept(self, session: Session) -> Iterable[tuple[Hash32, Hash32]]:
        """Subjects of requests whose document is not remembered, and its content hash."""

    def walk_batches(self, session: Session) -> Iterable[tuple[Hash32, Rehash]]:
        """The batches whose lines should be kept."""


@dataclass(frozen=True, slots=True)
class BadDocument:
    """A document that is not what its commitment says, and the entry that commits to it.

    `position` and `sequence` are None where no entry on the ledger names it (yet).
    """

    content_hash: Hash32
    subject: Hash32 | None
    position: int | None
    sequence: int | None
    reason: str

    def __str__(self) -> str:
        whose = "no subject" if self.subject is None else to_hex(self.subject)
        entry = (
            "no entry on the ledger names it"
            if self.position is None
            else f"entry {self.position}, sequence {self.sequence}"
        )
        return f"document {to_hex(self.content_hash)} of {whose} ({entry}): {self.reason}"


@dataclass(slots=True)
class Rehashed:
    """What rehashing found; `documents` and batches' `lines` are those that are kept.

    `erased` are documents that the ledger says were erased, and that are gone; those
    `kept_though_erased` can still be read.
    """

    documents: int = 0
    lines: int = 0
    erased: int = 0
    kept_though_erased: int = 0
    bad: int = 0
    first: BadDocument | None = None
    seconds: float = 0.0


def rehash_documents(
    engine: Engine, shelves: Shelves, progress: Callable[[int, int], None] | None = None
) -> Rehashed:
    """Rehash all that is kept; `progress` hears how many of how many are done."""
    with reading(engine) as session:
        return _Rehashing(session, shelves, progress or (lambda _done, _total: None)).run()


@dataclass(slots=True)
class _Rehashing:
    """One pass over everything, as of one snapshot."""

    session: Session
    shelves: Shelves
    progress: Callable[[int, int], None]
    found: Rehashed = field(default_factory=Rehashed)
    done: int = 0
    total: int = 0

    def run(self) -> Rehashed:
        started = time.monotonic()
        self.total = self.shelves.count(self.session)
        for portion in self.shelves.walk_documents(self.session):
            for content_hash, kept in portion:
                self.rehash(content_hash, kept)
            self.tell(len(portion))
        for subject, content_hash in self.shelves.walk_unkept(self.session):
            self.note(content_hash, subject, "it is missing")
        for batch, rehash in self.shelves.walk_batches(self.session):
            self.rehash_lines(batch, rehash)
        self.count_erased()
        self.found.seconds = time.monotonic() - started
        return self.found

    def rehash(self, content_hash: Hash32, kept: Kept) -> None:
        try:
            kept.read()
        except CorruptDocument as error:
            self.note(content_hash, kept.subject, str(error.fields["reason"]))
        else:
            self.found.documents += 1

    def rehash_lines(self, batch: Hash32, rehash: Rehash) -> None:
        """Rehash a batch; the root that its entry commits to is told by its row, if it has one."""
        gone: dict[int, Hash32] = {}
        try:
            root = rehash(self.count_lines, gone.__setitem__)
        except CorruptDocument as error:
            line = bytes.fromhex(str(error.fields["content_hash"])[2:])
            self.note(line, batch, str(error.fields["reason"]), at=batch)
            return
        self.found.lines -= len(gone)
        for number, content_hash in gone.items():
            if not self.is_erased(content_hash, member_id(batch, number)):
                reason = f"line {number}: it was erased, and no entry says so"
                self.note(content_hash, batch, reason, at=batch)
        row = self.session.get(BatchRow, batch)
        if row is not None and row.root != root:
            reason = f"its lines hash to {to_hex(root)}, the ledger has {to_hex(row.root)}"
            self.note(batch, batch, reason, at=batch)

    def count_lines(self, more: int) -> None:
        self.found.lines += more
        self.tell(more)

    def tell(self, more: int) -> None:
        self.done += more
        self.progress(self.done, self.total)

    # -- what is bad ---------------------------------------------------------------------------

    def note(
        self, content_hash: Hash32, subject: Hash32 | None, reason: str, at: Hash32 | None = None
    ) -> None:
        """Note a document as bad, unless it was erased; `at`: the first entry of that one is it."""
        if self.is_erased(content_hash, subject):
            return
        entry = self.find_entry(subject, content_hash if at is None else None)
        position, sequence = entry or (None, None)
        self.found.bad += 1
        bad = BadDocument(content_hash, subject, position, sequence, reason)
        if self.found.first is None or _place(bad) < _place(self.found.first):
            self.found.first = bad

    def find_entry(
        self, subject: Hash32 | None, content_hash: Hash32 | None
    ) -> tuple[int, int] | None:
        """Position and sequence of the subject's first entry that names a document (None: any)."""
        rows = (
            select(EntryRow.position, EntryRow.sequence, EntryRow.payload)
            .where(EntryRow.subject == subject, EntryRow.kind != int(Kind.ERASED))
            .order_by(col(EntryRow.position))
        )
        found = self.session.exec(rows)
        try:
            for position, sequence, payload in found:
                if content_hash is None or content_hash in payload:
                    return position, sequence
        finally:
            found.close()
        return None

    # -- what was erased -----------------------------------------------------------------------

    def is_erased(self, content_hash: Hash32, subject: Hash32 | None) -> bool:
        rows = select(EntryRow.payload).where(
            EntryRow.subject == subject, EntryRow.kind == int(Kind.ERASED)
        )
        return any(content_hash in payload for payload in self.session.exec(rows))

    def count_erased(self) -> None:
        for subject, hashes in self.walk_erased():
            for portion in chunks(hashes):
                kept = self.shelves.find_kept(self.session, subject, portion)
                readable = sum([_is_readable(one) for one in kept.values()])
                self.found.kept_though_erased += readable
                self.found.erased += len(portion) - readable

    def walk_erased(self) -> Iterator[tuple[Hash32, list[Hash32]]]:
        """The documents that the ledger says were erased, a subject at a time, none twice."""
        rows = (
            select(EntryRow.subject, EntryRow.payload)
            .where(EntryRow.kind == int(Kind.ERASED))
            .order_by(col(EntryRow.subject))
            .execution_options(yield_per=_TELL_EVERY)
        )
        for subject, entries in groupby(self.session.exec(rows), itemgetter(0)):
            named = dict.fromkeys(one for _, raw in entries for one in _documents(raw))
            yield subject, list(named)


def _documents(payload: bytes) -> tuple[Hash32, ...]:
    told = decode_payload(Kind.ERASED, payload)
    return told.documents if isinstance(told, Erased) else ()


def _is_readable(kept: Kept) -> bool:
    try:
        kept.read()
    except CorruptDocument:
        return False
    return True


def _place(bad: BadDocument) -> tuple[float, bytes]:
    return (float("inf") if bad.sequence is None else bad.sequence, bad.content_hash)
