"""Schemas and worlds as answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.answers import document_path, find_readable
from api.deps import View
from api.schemas.catalogue import AdmissionAnswer, Schema, World
from ledger.domain.telling import moment
from ledger.mirror.tables import SchemaRow, WorldRow
from ledger.types import ZERO_HASH, Hash32, to_hex


def tell_schemas(view: View, rows: Sequence[SchemaRow]) -> list[dict[str, Any]]:
    """Fields of schemas."""
    paths = find_paths(view, [row.content_hash for row in rows])
    return [_schema(row, paths.get(row.content_hash)) for row in rows]


def tell_schemas_page(view: View, rows: Sequence[SchemaRow]) -> list[Schema]:
    """Schemas of a page."""
    return [Schema(**fields) for fields in tell_schemas(view, rows)]


def tell_worlds(view: View, rows: Sequence[WorldRow]) -> list[dict[str, Any]]:
    """Fields of worlds."""
    paths = find_paths(view, [row.content_hash for row in rows])
    return [_world(row, paths.get(row.content_hash)) for row in rows]


def tell_worlds_page(view: View, rows: Sequence[WorldRow]) -> list[World]:
    """Worlds of a page."""
    return [World(**fields) for fields in tell_worlds(view, rows)]


def find_paths(view: View, hashes: Sequence[Hash32]) -> Mapping[Hash32, str]:
    """Where those of the documents are read that the caller may read."""
    return {one: document_path(one) for one in find_readable(view, hashes)}


def _schema(row: SchemaRow, document: str | None) -> dict[str, Any]:
    return {
        "id": to_hex(row.id),
        "organisation": to_hex(row.org),
        "replaces": _or_none(row.replaces),
        "content_hash": to_hex(row.content_hash),
        "document": document,
        "position": row.count - 1,
        "head": to_hex(row.head),
        "published_at": moment(row.opened_at),
        "entries": f"/v1/schemas/{to_hex(row.id)}/entries",
    }


def _world(row: WorldRow, document: str | None) -> dict[str, Any]:
    return {
        "id": to_hex(row.id),
        "organisation": to_hex(row.org),
        "admission": _admission(row),
        "open": row.open,
        "content_hash": to_hex(row.content_hash),
        "document": document,
        "position": row.count - 1,
        "head": to_hex(row.head),
        "opened_at": moment(row.opened_at),
        "entries": f"/v1/worlds/{to_hex(row.id)}/entries",
    }


def _admission(row: WorldRow) -> AdmissionAnswer | None:
    if row.schema_ == ZERO_HASH:
        return None
    return AdmissionAnswer(schema_=to_hex(row.schema_), issuer=_or_none(row.issuer))


def _or_none(value: Hash32) -> str | None:
    return None if value == ZERO_HASH else to_hex(value)
