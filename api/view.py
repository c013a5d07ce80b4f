"""What a caller may see of a snapshot, and the one way in which documents leave the service."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from api.births import Births
from api.diary import Diary
from api.export_gate import require_leave
from ledger.documents.file_reading import FileReader
from ledger.documents.files import FileDescription, read_description
from ledger.documents.sealing import Sealed
from ledger.outbox.clock import now
from ledger.outbox.keys import Credential
from ledger.outbox.reads import Reading
from ledger.outbox.tables import Document
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot of the database, who looks at it, and by which route.

    `home` is the jurisdiction of the service, and of its operator; empty: nobody said.
    """

    session: Session
    who: Credential
    births: Births
    diary: Diary
    route: str
    home: str

    def may_see(self, *orgs: Hash32) -> bool:
        """Whether the caller may read what is private to one of these organisations."""
        return self.who.reads is None or self.who.reads in orgs

    def may_follow(self, *orgs: Hash32) -> bool:
        """Whether the caller is of one of these organisations, whatever its roles; or operator."""
        return self.who.org is None or self.who.org in orgs

    def hand_out(self, document: Document) -> Sealed:
        """A document that the caller may read; its organisation can see that it was read.

        Raises:
            Problem: it would leave its jurisdiction.
            CorruptDocument, ErasedDocument: it is not there any more.
            DatabaseBusy: the read cannot be noted.
        """
        require_leave(self.session, self.who, self.home, document)
        sealed = self.births.load(document)
        self.diary.note_read(
            Reading(
                org=document.org,
                content_hash=document.content_hash,
                subject=document.subject,
                reader=self.who.org,
                prefix=self.who.prefix,
                route=self.route,
                read_at=now(),
            )
        )
        return sealed

    def hand_out_file(self, document: Document, name: str) -> tuple[FileDescription, FileReader]:
        """A file that the caller may read, by its name in the store. Raises as `hand_out`."""
        sealed = self.hand_out(document)
        return read_description(sealed), self.births.open_file(document, sealed, name)
