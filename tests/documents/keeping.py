"""What tests of documents at rest do alike: keep, copy, damage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.documents.opening import Stores
from ledger.documents.packs import Place
from ledger.documents.sealing import Sealed

ORG = b"\x05" * 32
BATCH = b"\x07" * 29 + bytes(3)


def keep(stores: Stores, *documents: Sealed, org: bytes = ORG) -> list[Place]:
    """Keep documents in one pack."""
    return stores.documents.save(documents, [org] * len(documents))


def keep_batch(stores: Stores, body: bytes, batch: bytes = BATCH, org: bytes = ORG) -> None:
    """Keep the lines of a batch under that id."""
    writer = stores.batches.begin(org)
    try:
        writer.feed(body)
        writer.finish()
        writer.keep(batch)
        writer.release()
    finally:
        writer.discard()


def key_files(data: Path) -> list[Path]:
    """The files of keys in a data folder."""
    return sorted((data / "document-keys").rglob("*.keys"))


@contextmanager
def changed(path: Path, at: int) -> Iterator[None]:
    """A file with one byte of it changed."""
    raw = path.read_bytes()
    path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    yield
    path.write_bytes(raw)
