"""The client's methods about schemas and worlds: publish, open, close, read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ledger.client.answers import Accepted, AsOf, EntryAnswer, Time
from ledger.client.bodies import JsonDocument, body_of
from ledger.client.flows import (
    At,
    Flow,
    Listing,
    append,
    chosen,
    find,
    get,
    listing,
    method,
    segment,
    told,
)

_SCHEMAS: Final = "/v1/schemas"
_WORLDS: Final = "/v1/worlds"


@dataclass(frozen=True, slots=True)
class SchemaAnswer:
    """A schema; `replaces` is the version before it, `document` where it can be read."""

    id: str
    organisation: str
    content_hash: str
    position: int
    head: str
    published_at: Time
    replaces: str | None = None
    document: str | None = None
    as_of: AsOf | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AdmissionAnswer:
    """Whom a world admits: holders of a credential of this schema, of anybody's or an issuer's."""

    schema: str
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class WorldAnswer:
    """A world as its entries leave it; `admission` None: it admits everybody."""

    id: str
    organisation: str
    open: bool
    content_hash: str
    position: int
    head: str
    opened_at: Time
    admission: AdmissionAnswer | None = None
    document: str | None = None
    as_of: AsOf | None = field(default=None, compare=False)


class SchemaCalls:
    """Schemas are named by id."""

    @method
    @staticmethod
    def publish_schema(
        document: JsonDocument,
        *,
        replaces: str | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Publish a schema, or the next version of one of yours; everybody may read it."""
        return append(_SCHEMAS, body_of(document, replaces=replaces), wait, idempotency_key)

    @method
    @staticmethod
    def find_schema(schema: str, *, at: At | None = None) -> Flow[SchemaAnswer | None]:
        """A schema by id, or None."""
        return find(f"{_SCHEMAS}/{segment(schema)}", SchemaAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_schemas(
        *,
        organisation: str | None = None,
        sort: str | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[SchemaAnswer]:
        """Schemas that match the filters."""
        params = chosen(organisation=organisation, sort=sort, at=at, limit=page)
        return Listing(_SCHEMAS, params, SchemaAnswer)

    @listing
    @staticmethod
    def list_schema_entries(
        schema: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[EntryAnswer]:
        """A schema's entries, oldest first."""
        path = f"{_SCHEMAS}/{segment(schema)}/entries"
        return Listing(path, chosen(at=at, limit=page), EntryAnswer)

    @method
    @staticmethod
    def get_schema_entry(schema: str, position: int, *, at: At | None = None) -> Flow[EntryAnswer]:
        """A schema's entry at a position. Raises ApiProblem."""
        path = f"{_SCHEMAS}/{segment(schema)}/entries/{position}"
        return get(path, EntryAnswer, chosen(at=at))


class WorldCalls:
    """Worlds are named by id."""

    @method
    @staticmethod
    def open_world(
        document: JsonDocument,
        *,
        admission_schema: str | None = None,
        admission_issuer: str | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Open a world; with a schema, only holders of such a credential are admitted."""
        admission = told(schema=admission_schema, issuer=admission_issuer) or None
        return append(_WORLDS, body_of(document, admission=admission), wait, idempotency_key)

    @method
    @staticmethod
    def append_to_world(
        world: str,
        kind: str,
        *,
        document: JsonDocument | None = None,
        position: int | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Append an entry to a world of yours: `world_closed`. Raises ApiProblem."""
        body = body_of(document, kind=kind, position=position)
        return append(f"{_WORLDS}/{segment(world)}/entries", body, wait, idempotency_key)

    @method
    @staticmethod
    def find_world(world: str, *, at: At | None = None) -> Flow[WorldAnswer | None]:
        """A world by id, or None."""
        return find(f"{_WORLDS}/{segment(world)}", WorldAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_worlds(
        *,
        organisation: str | None = None,
        sort: str | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[WorldAnswer]:
        """Worlds that match the filters."""
        params = chosen(organisation=organisation, sort=sort, at=at, limit=page)
        return Listing(_WORLDS, params, WorldAnswer)

    @listing
    @staticmethod
    def list_world_entries(
        world: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[EntryAnswer]:
        """A world's entries, oldest first."""
        path = f"{_WORLDS}/{segment(world)}/entries"
        return Listing(path, chosen(at=at, limit=page), EntryAnswer)

    @method
    @staticmethod
    def get_world_entry(world: str, position: int, *, at: At | None = None) -> Flow[EntryAnswer]:
        """A world's entry at a position. Raises ApiProblem."""
        path = f"{_WORLDS}/{segment(world)}/entries/{position}"
        return get(path, EntryAnswer, chosen(at=at))
