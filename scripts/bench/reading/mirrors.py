"""Ledgers of different sizes to be read: mirrored from the replay node, named, with keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, insert, text
from sqlmodel import col, func, select

from ledger.database.engine import open_engine, reading, writing
from ledger.mirror.tables import AssetRow, OrganisationRow
from ledger.outbox.keys import issue_key
from ledger.outbox.tables import Registration, Tenant
from scripts.bench.scaling.indexing import fill, replaying
from scripts.bench.scaling.kept import Chain
from scripts.bench.scaling.searching import make_searchable, serial_of
from scripts.bench.scaling.shape import Shape
from tests.postgres import postgres

_ENTRIES: Final = 4
"""Of an asset, on average."""
_PORTION: Final = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """A database to be read: what it mirrors, an organisation's key to it, and the operator's."""

    assets: int
    url: str
    chain: Chain
    key: str
    operator_key: str


def prepare(assets: int, folder: Path, url: str, say: Callable[[str], None]) -> Read:
    """Fill the database at `url`, unless it is filled; the folder keeps the chain."""
    shape = Shape(entries=_ENTRIES * assets, assets=assets)
    engine = open_engine(url)
    if not _is_filled(engine):
        say(f"mirroring {assets:,} assets, {shape.entries:,} entries, into {engine.dialect.name}")
        with replaying(folder, shape) as replay:
            fill(replay, url)
        make_searchable(engine, assets)
        _name_all(engine)
    with writing(engine) as session:
        org = session.exec(select(OrganisationRow.id).limit(1)).one()
        keys = issue_key(session, org), issue_key(session, None)
    engine.dispose()
    return Read(assets, url, Chain(folder), *keys)


def _is_filled(engine: Engine) -> bool:
    """Whether all was done: the last thing is that the tenants are there."""
    if engine.dialect.name != "sqlite" or not Path(str(engine.url.database)).exists():
        return False
    with reading(engine) as session:
        return bool(session.exec(select(func.count()).select_from(Tenant)).one())


def _name_all(engine: Engine) -> None:
    """Give each asset the row that its registration over HTTP would have left, with its serial.

    Assets of batches have none.
    """
    after = b""
    while rows := _next(engine, after):
        with writing(engine) as session:
            made = [_registration(asset, org) for asset, org, alone in rows if alone]
            if made:
                session.connection().execute(insert(Registration), made)
        after = rows[-1][0]
    with writing(engine) as session:
        orgs = session.exec(select(OrganisationRow.id, OrganisationRow.did)).all()
        session.connection().execute(insert(Tenant), [_tenant(*each) for each in orgs])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))


def _next(engine: Engine, after: bytes) -> list[tuple[bytes, bytes, bytes | None]]:
    with reading(engine) as session:
        wanted = select(AssetRow.id, AssetRow.org, AssetRow.birth_content_hash)
        wanted = wanted.where(col(AssetRow.id) > after)
        return list(session.exec(wanted.order_by(col(AssetRow.id)).limit(_PORTION)))


def _registration(asset: bytes, org: bytes) -> dict[str, Any]:
    told: dict[str, Any] = {
        "org": org,
        "serial": serial_of(asset),
        "asset": asset,
        "operation": asset.hex()[:36],
    }
    return told | {"content_hash": asset, "digest": asset}


def _tenant(org: bytes, did: str) -> dict[str, Any]:
    return {"org": org, "did": did, "name": did, "operation": org.hex()[:36], "created_at": 0}


@contextmanager
def sqlite(folder: Path) -> Iterator[Callable[[int], str]]:
    """What tells the URL of a SQLite file for so many assets, in the folder."""
    yield lambda assets: f"sqlite:///{folder / f'{assets}.db'}"


@contextmanager
def postgresql(_: Path) -> Iterator[Callable[[int], str]]:
    """The same for databases of a PostgreSQL of our own, gone at the end."""
    with postgres() as make:
        yield lambda _: make()
