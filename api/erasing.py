"""Erases documents for good: their bytes, and the seeds that open what commits to them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from api.births import Births
from api.deps import Service
from api.errors import Problem, invalid
from ledger.domain.batch import batch_id_of
from ledger.domain.payloads import decode_payload
from ledger.domain.telling import documents_of
from ledger.mirror.queries import EntryFilter, find_asset, list_entries
from ledger.outbox.files import find_files, forget_files
from ledger.outbox.registrations import forget_documents
from ledger.outbox.tables import Document
from ledger.types import Hash32, to_hex

_PAGE = 200


def require_erasable(
    service: Service, session: Session, org: Hash32, asset: Hash32, hashes: Sequence[Hash32]
) -> None:
    """See that an organisation may have these documents destroyed.

    Those that are gone already may be named again, for after a crash, or if the entry was refused,
    the same is asked once more.

    Raises:
        Problem: a document is named by no entry of the asset, or was sent by somebody else, or is a
            line of a batch that is from before lines were encrypted.
    """
    births = service.births
    _require_named(session, births, asset, hashes)
    for document in births.find_documents(session, hashes).values():
        _require_own(document, org)
        if not document.pack:
            _require_encrypted(births, asset)


def erase(service: Service, session: Session, hashes: Sequence[Hash32]) -> None:
    """Destroy what is kept of documents; first the bytes, for nobody could find them afterwards."""
    kept = service.births.find_documents(session, hashes)
    files = find_files(session, list(kept))
    for content_hash, document in kept.items():
        file = files.get(content_hash)
        service.births.erase(document, file.name if file else None)
    forget_documents(session, list(kept))
    forget_files(session, list(files))


def _require_named(
    session: Session, births: Births, asset: Hash32, hashes: Sequence[Hash32]
) -> None:
    named = _named(session, births, asset)
    for one in hashes:
        if one not in named:
            raise invalid("documents", to_hex(one), "no entry of the asset names it")


def _named(session: Session, births: Births, asset: Hash32) -> set[Hash32]:
    """The documents that the asset was born with, and that entries of its own name."""
    row = find_asset(session, asset)
    rows = births.complete([row] if row else [])
    found = {each.birth_content_hash for each in rows if each.birth_content_hash}
    page = list_entries(session, EntryFilter(subject=asset), limit=_PAGE)
    while True:
        for entry in page.items:
            found |= documents_of(decode_payload(entry.kind, entry.payload))
        if page.cursor is None:
            return found
        page = list_entries(session, EntryFilter(subject=asset), cursor=page.cursor, limit=_PAGE)


def _require_own(document: Document, org: Hash32) -> None:
    if document.org != org:
        raise Problem(
            "forbidden",
            f"document {to_hex(document.content_hash)} was sent by another organisation",
        )


def _require_encrypted(births: Births, asset: Hash32) -> None:
    batch = births.batches.find(batch_id_of(asset))
    if batch is not None and not batch.is_encrypted:
        raise Problem(
            "conflict",
            "the lines of its batch are not encrypted, and none can be erased alone; the operator "
            "has to encrypt them first (`keys encrypt`)",
        )
