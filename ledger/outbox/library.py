"""What the outbox knows of subjects beside the ledger: documents, serials, names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from ledger.documents.kept import Kept
from ledger.documents.store import DocumentStore
from ledger.outbox.registrations import find_assets, find_documents, find_tenants
from ledger.outbox.tables import Document
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class Library:
    """Documents that were accepted here, and what organisations call their assets."""

    documents: DocumentStore

    def find_documents(self, session: Session, hashes: Collection[Hash32]) -> dict[Hash32, Kept]:
        """The documents of these content hashes; those of batches' lines are not among them."""
        found = find_documents(session, hashes)
        return {content_hash: self._kept(document) for content_hash, document in found.items()}

    def find_names(
        self, session: Session, subjects: Collection[Hash32]
    ) -> dict[Hash32, tuple[Hash32, str]]:
        """Serials of assets and names of organisations, each with the organisation it is of."""
        serials = find_assets(session, subjects)
        names = find_tenants(session, subjects)
        return {asset: (each.org, each.serial) for asset, each in serials.items()} | {
            org: (org, each.name) for org, each in names.items()
        }

    def _kept(self, document: Document) -> Kept:
        content_hash, org, place = document.content_hash, document.org, document.place
        return Kept(
            org, document.subject, lambda: self.documents.load(content_hash, org, place).raw
        )
