"""Opens all that is kept of documents in a data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.documents.batch_store import BatchStore
from ledger.documents.store import DocumentStore
from ledger.documents.vault import Vault


@dataclass(frozen=True, slots=True)
class Stores:
    """Documents, lines of batches, the keys of both; and the folder of the first two."""

    folder: Path
    documents: DocumentStore
    batches: BatchStore
    vault: Vault


def open_stores(data: Path, master_file: Path | None = None) -> Stores:
    """The stores in a data folder; the master key is in it too, unless it lies elsewhere."""
    vault = Vault(data / "document-keys", master_file or data / "keys" / "documents")
    kept = data / "documents"
    return Stores(kept, DocumentStore(kept, vault), BatchStore(kept / "batches", vault), vault)
