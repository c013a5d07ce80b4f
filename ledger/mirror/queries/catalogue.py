"""Schemas with their versions, worlds, and the ledger itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn
from ledger.mirror.queries.states import begun, list_begun, row_at, rows_at
from ledger.mirror.rows import chunks
from ledger.mirror.tables import FoundingRow, SchemaRow, WorldRow
from ledger.types import ZERO_HASH, Hash32


def find_schema(session: Session, schema: Hash32, *, at: Moment | None = None) -> SchemaRow | None:
    """Fetch a schema."""
    wanted = select(SchemaRow).where(SchemaRow.id == schema, *begun(SchemaRow, at))
    return session.exec(wanted).one_or_none()


def list_schemas(
    session: Session,
    *,
    organisation: Hash32 | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[SchemaRow]:
    """Fetch a page of schemas (of their publisher), in the order of publication."""
    wanted = [] if organisation is None else [col(SchemaRow.org) == organisation]
    return list_begun(session, SchemaRow, wanted, at, Turn(cursor, limit, newest_first))


def list_versions(
    session: Session, schema: Hash32, *, at: Moment | None = None, limit: int = 1000
) -> Sequence[SchemaRow]:
    """Fetch all versions of a schema, whichever of them is named, oldest first."""
    columns = col(SchemaRow.id), col(SchemaRow.replaces)
    there = begun(SchemaRow, at)
    older: Any = select(*columns).where(SchemaRow.id == schema, *there).cte("older", recursive=True)
    one = aliased(SchemaRow)
    before = select(one.id, one.replaces).join(older, col(one.id) == older.c.replaces)
    older = older.union(before)
    first = select(older.c.id).where(older.c.replaces == ZERO_HASH)
    version: Any = first.cte("version", recursive=True)
    other = aliased(SchemaRow)
    after = select(other.id).join(version, col(other.replaces) == version.c.id)
    version = version.union(after.where(*begun(other, at)))
    rows = select(SchemaRow).select_from(version).join(SchemaRow, SchemaRow.id == version.c.id)
    found = session.exec(rows.limit(limit)).all()
    return sorted(found, key=lambda row: row.first_sequence)


def find_world(session: Session, world: Hash32, *, at: Moment | None = None) -> WorldRow | None:
    """Fetch a world."""
    wanted = select(WorldRow).where(WorldRow.id == world, *begun(WorldRow, at))
    return row_at(session, wanted, at)


def list_worlds(
    session: Session,
    *,
    organisation: Hash32 | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[WorldRow]:
    """Fetch a page of worlds (of the one who opened them), in the order of opening."""
    wanted = [] if organisation is None else [col(WorldRow.org) == organisation]
    found = list_begun(session, WorldRow, wanted, at, Turn(cursor, limit, newest_first))
    return Page(rows_at(session, found.items, at), found.cursor)


def find_public(session: Session, ids: Collection[Hash32]) -> set[Hash32]:
    """Fetch those ids that are of what concerns everybody: schemas, worlds, the ledger itself."""
    found: set[Hash32] = set()
    for portion in chunks(ids):
        some = [
            select(row.id).where(col(row.id).in_(portion))
            for row in (SchemaRow, WorldRow, FoundingRow)
        ]
        found |= set(session.execute(union_all(*some)).scalars())
    return found


def find_founding(session: Session, *, at: Moment | None = None) -> FoundingRow | None:
    """Fetch what is told of the ledger itself; None before its first entry."""
    return row_at(session, select(FoundingRow).where(*begun(FoundingRow, at)), at)
