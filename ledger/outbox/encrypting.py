"""Encrypts what was accepted before documents were encrypted; while nothing else runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, update
from sqlmodel import col, select

from ledger.database.engine import reading, writing
from ledger.documents.batch_files import ABOUT
from ledger.documents.opening import Stores
from ledger.documents.packs import CorruptDocument
from ledger.documents.plain import encrypt_batch, is_empty, walk_frames, walk_plain_packs
from ledger.documents.private import destroy_file
from ledger.documents.sealing import Sealed
from ledger.outbox.failpoints import reach
from ledger.outbox.registrations import find_documents
from ledger.outbox.tables import BatchRegistration, Document

_PORTION: Final = 500


@dataclass(slots=True)
class Encrypted:
    """How much was encrypted; `left` names what is still plain, and why."""

    documents: int
    batches: int
    left: list[str]


def encrypt_all(engine: Engine, kept: Stores) -> Encrypted:
    """Encrypt all documents and lines that are plain, and overwrite what they were.

    What no row of the database names stays: the database may be another one. Asked again after a
    crash, it goes on.

    Raises:
        BadMasterKey: no key can be wrapped.
    """
    done = Encrypted(0, 0, [])
    for pack in walk_plain_packs(kept.folder, kept.vault):
        _encrypt_pack(engine, kept, pack, done)
    with reading(engine) as session:
        batches = [(one.batch, one.org) for one in session.exec(select(BatchRegistration))]
    for batch, org in batches:
        lines = kept.folder / "batches" / batch.hex()
        if (lines / ABOUT).exists():
            done.batches += encrypt_batch(lines, kept.vault, org)
    return done


def _encrypt_pack(engine: Engine, kept: Stores, pack: Path, done: Encrypted) -> None:
    framed = list(walk_frames(pack))
    for at in range(0, len(framed), _PORTION):
        portion = framed[at : at + _PORTION]
        with reading(engine) as session:
            rows = find_documents(session, [content_hash for content_hash, _ in portion])
        read = list(_read(kept, [row for row in rows.values() if row.pack == pack.stem], done.left))
        _move(engine, kept, read)
        done.documents += len(read)
        moved = {row.content_hash for row, _ in read}
        # A crash may have come between the move of a document and the end of what was plain.
        moved |= {row.content_hash for row in rows.values() if row.pack != pack.stem}
        for content_hash, place in portion:
            if content_hash in moved:
                kept.documents.erase(place)
    if is_empty(pack):
        destroy_file(pack)
    else:
        done.left.append(f"{pack}: it holds what no row names, or what is damaged")


def _read(
    kept: Stores, rows: Sequence[Document], left: list[str]
) -> Iterator[tuple[Document, Sealed]]:
    for row in rows:
        try:
            yield row, kept.documents.load(row.content_hash, row.org, row.place)
        except CorruptDocument as error:
            left.append(str(error))


def _move(engine: Engine, kept: Stores, read: Sequence[tuple[Document, Sealed]]) -> None:
    places = kept.documents.save([one for _, one in read], [row.org for row, _ in read])
    reach("documents are encrypted")
    with writing(engine) as session:
        for (row, _), place in zip(read, places, strict=True):
            session.exec(
                update(Document)
                .where(col(Document.content_hash) == row.content_hash)
                .values(pack=place.pack, pack_offset=place.offset, pack_length=place.length)
            )
    reach("rows name what is encrypted")
