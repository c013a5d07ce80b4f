"""A service that keeps documents beside a chain, for tests of search."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import SQLModel, select

from ledger.database.engine import reading, writing
from ledger.documents.opening import open_stores
from ledger.documents.sealing import Sealed, seal
from ledger.documents.store import DocumentStore
from ledger.domain.payloads import Erased, Registered, Revised
from ledger.mirror.queries import AssetFilter, list_assets
from ledger.mirror.search.asking import Search, list_best
from ledger.mirror.search.indexer import TextIndexer
from ledger.mirror.search.tables import ASSET, SearchTextRow
from ledger.mirror.store import Store
from ledger.outbox.library import Library
from ledger.outbox.tables import Document, Registration, Tenant
from ledger.types import ZERO_HASH, AssetKind, Hash32
from tests.mirror.chain import Chain
from tests.mirror.mirroring import catch_up


@dataclass
class Desk:
    """Accepts documents, sends what points at them, mirrors it, and makes texts of it."""

    chain: Chain
    store: Store
    folder: Path
    documents: DocumentStore = field(init=False)
    indexer: TextIndexer = field(init=False)

    def __post_init__(self) -> None:
        self.documents = open_stores(self.folder).documents
        self.indexer = self.new_indexer()

    @property
    def engine(self) -> Engine:
        return self.store.engine

    def new_indexer(self, portion: int = 500) -> TextIndexer:
        return TextIndexer(self.engine, Library(self.documents), portion)

    # -- sending ---------------------------------------------------------------------------

    def enrol(self, name: str) -> Hash32:
        org = self.chain.enrol()
        self._add(Tenant(org=org, did=f"did:{name}", name=name, operation="", created_at=0))
        return org

    def register(
        self, org: Hash32, serial: str, document: Any, owner: Hash32 | None = None
    ) -> Hash32:
        sealed = _seal(document, serial)
        born = Registered(owner or org, ZERO_HASH, sealed.content_hash, AssetKind.INSTANCE)
        entry = self.chain.birth(org, born)
        self._keep(org, entry.subject, sealed)
        self._add(
            Registration(
                org=org,
                serial=serial,
                asset=entry.subject,
                content_hash=sealed.content_hash,
                digest=sealed.digest,
                operation="",
            )
        )
        self.chain.append(entry)
        return entry.subject

    def revise(self, org: Hash32, asset: Hash32, document: Any) -> Hash32:
        sealed = _seal(document)
        self._keep(org, asset, sealed)
        self.chain.act(org, asset, Revised(sealed.content_hash))
        return sealed.content_hash

    def begin(self, org: Hash32, document: Any, make: Any) -> Hash32:
        """Begin a schema or a world: `make` gives the payload of a content hash."""
        sealed = _seal(document)
        entry = self.chain.birth(org, make(sealed.content_hash))
        self._keep(org, entry.subject, sealed)
        self.chain.append(entry)
        return entry.subject

    def erase(self, org: Hash32, asset: Hash32, *hashes: Hash32) -> None:
        self.chain.act(org, asset, Erased(hashes))

    def _keep(self, org: Hash32, subject: Hash32, sealed: Sealed) -> None:
        [place] = self.documents.save([sealed], [org])
        self._add(
            Document(
                content_hash=sealed.content_hash,
                org=org,
                subject=subject,
                size=len(sealed.raw),
                media_type="application/json",
                pack=place.pack,
                pack_offset=place.offset,
                pack_length=place.length,
                created_at=0,
            )
        )

    def _add(self, row: SQLModel) -> None:
        with writing(self.engine) as session:
            session.add(row)

    # -- following -------------------------------------------------------------------------

    def mirror(self) -> None:
        """Mine what was sent and mirror it."""
        self.chain.mine()
        catch_up(self.chain, self.store)

    def follow(self) -> None:
        """Mirror what was sent and bring the texts there, too."""
        self.mirror()
        self.indexer.catch_up(threading.Event())

    def found(self, query: str, reader: Hash32 | None = None) -> set[Hash32]:
        with reading(self.engine) as session:
            search = Search(query, ASSET, reader)
            found = [row.id for row in list_assets(session, AssetFilter(search=search)).items]
            assert len(found) == len(set(found)), "one is found twice"
            assert set(list_best(session, search, 100)) == set(found)
            return set(found)

    def texts(self) -> list[dict[str, Any]]:
        with reading(self.engine) as session:
            rows = session.exec(select(SearchTextRow).order_by(SearchTextRow.id))
            return [row.model_dump() for row in rows]


def _seal(document: Any, serial: str | None = None) -> Sealed:
    return seal(json.dumps(document, ensure_ascii=False).encode(), serial)
