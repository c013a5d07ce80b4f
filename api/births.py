"""What only the lines of batches tell of their assets: serials, documents, content hashes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.database.plain import changed
from ledger.documents.batch_files import BatchFile
from ledger.documents.batch_store import BatchStore
from ledger.documents.file_reading import FileReader
from ledger.documents.file_store import FileStore
from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed
from ledger.documents.store import DocumentStore
from ledger.domain.batch import batch_id_of, index_of, member_id
from ledger.errors import UnknownThing
from ledger.mirror.tables import AssetRow
from ledger.outbox.batches import find_batch, list_standing
from ledger.outbox.files import is_file
from ledger.outbox.registrations import find_documents, find_serial, find_serials
from ledger.outbox.tables import BatchRegistration, Document
from ledger.types import Hash32, to_hex

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a batch, from 1, and the asset that it became."""

    sent: BatchRegistration
    batch: BatchFile
    index: int

    @property
    def asset(self) -> Hash32:
        """The asset's id."""
        return member_id(self.sent.batch, self.index)


class Births:
    """Assets registered alone and in batches, under one roof; no row is kept of the latter."""

    def __init__(self, documents: DocumentStore, batches: BatchStore, files: FileStore) -> None:
        self._documents, self._files = documents, files
        self.batches = batches

    def complete(self, rows: Sequence[AssetRow]) -> Sequence[AssetRow]:
        """The rows, those of batches with the content hashes that their lines have."""
        return [row if row.birth_content_hash else self._complete(row) for row in rows]

    def _complete(self, row: AssetRow) -> AssetRow:
        line = self._line(row.id)
        if line is None:
            return row
        born_with = line[0].content_hash(line[1])
        content_hash = row.content_hash or born_with
        return changed(row, birth_content_hash=born_with, content_hash=content_hash)

    def find_serials(self, session: Session, assets: Collection[Hash32]) -> dict[Hash32, str]:
        """The serials of those assets that were registered here."""
        found = find_serials(session, assets)
        others = [asset for asset in assets if asset not in found]
        lines = {asset: line for asset in others if (line := self._line(asset))}
        told = {asset: batch.find(at) for asset, (batch, at) in lines.items()}
        return found | {asset: line.serial for asset, line in told.items() if line}

    def find_birth(self, asset: Hash32) -> tuple[Hash32, str | None] | None:
        """The content hash and the serial that an asset's line has, if it came in a batch."""
        found = self._line(asset)
        if found is None:
            return None
        batch, index = found
        line = batch.find(index)
        return batch.content_hash(index), line.serial if line else None

    def find_serial(self, session: Session, serial: str) -> dict[Hash32, Hash32]:
        """The assets registered under a serial, whoever gave it, and who did."""
        found = {each.asset: each.org for each in find_serial(session, serial)}
        for line in self.find_lines(list_standing(session), serial):
            found[line.asset] = line.sent.org
        return found

    def find_lines(self, among: Iterable[BatchRegistration], serial: str) -> Iterator[Line]:
        """The lines that have the serial, in these batches."""
        for sent in among:
            batch = self.batches.find(sent.batch)
            index = batch.find_serial(serial) if batch else None
            if batch is not None and index is not None:
                yield Line(sent, batch, index)

    def find_documents(
        self, session: Session, hashes: Collection[Hash32]
    ) -> dict[Hash32, Document]:
        """The documents of these content hashes; those of lines are in no pack."""
        found = find_documents(session, hashes)
        missing = [one for one in hashes if one not in found]
        for sent in list_standing(session) if missing else ():
            batch = self.batches.find(sent.batch)
            lines = {one: at for one in missing if batch and (at := batch.find_hash(one))}
            for one, at in lines.items():
                if batch and (line := batch.find(at)):
                    found[one] = _document(sent, one, at, len(line.document))
        return found

    def load(self, document: Document) -> Sealed:
        """A document's bytes, and what opens its content hash. Raises CorruptDocument."""
        if document.pack:
            return self._documents.load(document.content_hash, document.org, document.place)
        line = self._line(document.subject) if document.subject else None
        if line is None:
            raise UnknownThing(
                "document", field="content_hash", value=to_hex(document.content_hash)
            )
        return line[0].load(line[1])

    def open_file(self, document: Document, sealed: Sealed, name: str) -> FileReader:
        """The file that a document, which was loaded, describes. Raises CorruptDocument."""
        content_hash, seed = document.content_hash, sealed.commitment.seed
        return self._files.open(name, content_hash, document.org, seed, document.size)

    def erase(self, document: Document, file: str | None) -> None:
        """Destroy a document and the file that it describes, or a batch's line: first its key."""
        if file is not None:
            self._files.erase(file)
        if document.pack:
            self._documents.erase(document.place)
        elif document.subject and (index := index_of(document.subject)):
            self.batches.erase(batch_id_of(document.subject), index)

    def note_leaving(self, name: str, place: Place) -> None:
        """Note that a file is to be forgotten, and its description; it is destroyed afterwards."""
        self._files.leaving.note(name, place)

    def destroy_left(self, name: str, place: Place) -> None:
        """Destroy a file that is forgotten, and its description: first their keys."""
        self._erase_file(name, place)
        self._files.leaving.forget(name)

    def _erase_file(self, name: str, place: Place) -> None:
        self._files.erase(name)
        self._documents.erase(place)

    def clean(self, engine: Engine) -> None:
        """Remove lines of batches that a crash left without an operation, and files without a row.

        Files that have one get their place.
        """

        def is_known(batch: Hash32) -> bool:
            with reading(engine) as session:
                return find_batch(session, batch) is not None

        def is_kept(file: str) -> bool:
            with reading(engine) as session:
                return is_file(session, file)

        self.batches.clean(is_known)
        self._files.clean(is_kept)
        self._files.leaving.clean(is_kept, self._erase_file)

    def _line(self, asset: Hash32) -> tuple[BatchFile, int] | None:
        """The batch that an asset is of, and its line there, from 1."""
        index = index_of(asset)
        batch = self.batches.find(batch_id_of(asset)) if index else None
        return (batch, index) if batch and index <= batch.about.size else None


def _document(sent: BatchRegistration, content_hash: Hash32, index: int, size: int) -> Document:
    return Document(
        content_hash=content_hash,
        org=sent.org,
        subject=member_id(sent.batch, index),
        size=size,
        media_type=_JSON,
        pack="",
        pack_offset=0,
        pack_length=0,
        created_at=sent.created_at,
        data_class=sent.data_class,
        jurisdiction=sent.jurisdiction,
    )
