"""Opens all that is kept of documents in a data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.documents.batch_store import BatchStore
from ledger.documents.file_store import FileStore
from ledger.documents.store import DocumentStore
from ledger.documents.vault import Vault


@dataclass(frozen=True, slots=True)
class Stores:
    """Documents, lines of batches, files, the keys of all; and the folder of the first three."""

    folder: Path
    documents: DocumentStore
    batches: BatchStore
    files: FileStore
    vault: Vault


def open_stores(data: Path, master_file: Path | None = None) -> Stores:
    """The stores in a data folder; the master key is in it too, unless it lies elsewhere."""
    vault = Vault(data / "document-keys", master_file or data / "keys" / "documents")
    kept = data / "documents"
    return Stores(
        folder=kept,
        documents=DocumentStore(kept, vault),
        batches=BatchStore(kept / "batches", vault),
        files=FileStore(kept / "files", vault),
        vault=vault,
    )
