"""Gives the assets of a mirror names to be searched by: a serial, and the word for its model."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from ledger.documents.kept import Kept
from ledger.mirror.search.indexer import TextIndexer
from ledger.mirror.tables import AssetRow
from ledger.types import Hash32

_PORTION: Final = 20_000
_OF_A_MODEL: Final = 100  # assets, however many there are in all


def serial_of(asset: Hash32) -> str:
    """The serial of an asset, which no other has."""
    return f"SN{asset.hex()[:12]}"


def model_of(asset: Hash32, assets: int) -> str:
    """The model of an asset, of which there are a hundred among so many assets."""
    return f"model{int.from_bytes(asset[16:24]) % max(1, assets // _OF_A_MODEL)}"


@dataclass(frozen=True, slots=True)
class Library:
    """Names of assets, as many as there are, made of their ids; and no documents."""

    assets: int

    def find_documents(self, _: Session, __: Collection[Hash32]) -> dict[Hash32, Kept]:
        """None: the generated entries point at nothing."""
        return {}

    def find_names(
        self, session: Session, subjects: Collection[Hash32]
    ) -> dict[Hash32, tuple[Hash32, str]]:
        """What whoever registered an asset calls it."""
        wanted = select(AssetRow.id, AssetRow.org).where(col(AssetRow.id).in_(subjects))
        return {
            asset: (org, f"{serial_of(asset)} {model_of(asset, self.assets)}")
            for asset, org in session.exec(wanted)
        }


def make_searchable(engine: Engine, assets: int) -> None:
    """Bring the texts to where the mirror is."""
    TextIndexer(engine, Library(assets), _PORTION).catch_up(threading.Event())
