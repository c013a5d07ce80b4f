"""Schemas and worlds: how they begin and end, and how they look."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, WithJsonSchema

from api.schemas.assets import Appending, Document, OrganisationName
from api.schemas.base import (
    EXAMPLE_HASH,
    EXAMPLE_HASH_2,
    Answer,
    AsOf,
    Hash,
    HashInput,
    Moment,
    Request,
)

EXAMPLE_SCHEMA: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Gearbox",
    "type": "object",
    "required": ["manufacturerName", "serialNumber"],
    "properties": {
        "manufacturerName": {"type": "string"},
        "serialNumber": {"type": "string", "maxLength": 64},
    },
}

SchemaDocument = Annotated[
    bytes,
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": True,
            "minProperties": 1,
            "description": "the schema itself, kept byte for byte as it is sent",
            "examples": [EXAMPLE_SCHEMA],
        }
    ),
]
"""A schema's own text."""

DocumentPath = Annotated[
    str | None,
    Field(
        description="where you may read it; null: you may not, or it was not sent here",
        examples=[f"/v1/documents/{EXAMPLE_HASH_2}"],
    ),
]


class PublishSchema(Request):
    """Publish a schema: every organisation of the ledger may read it, and name it."""

    document: SchemaDocument
    replaces: Annotated[
        HashInput | None,
        Field(description="the schema of yours that this is the next version of"),
    ] = None


class Schema(Answer):
    """A schema; nothing can be said of it any more once it is published."""

    id: Hash
    organisation: Annotated[Hash, Field(description="who published it")]
    replaces: Annotated[Hash | None, Field(description="the version before it")]
    content_hash: Annotated[Hash, Field(examples=[EXAMPLE_HASH_2])]
    document: DocumentPath
    position: Annotated[int, Field(ge=0, description="of its newest entry; the ETag")]
    head: Hash
    published_at: Moment
    entries: Annotated[str, Field(examples=[f"/v1/schemas/{EXAMPLE_HASH}/entries"])]


class OneSchema(Schema):
    """A schema, and the block it is seen at."""

    as_of: AsOf


class Schemas(Answer):
    """A page of schemas; the header Link leads to the next one (RFC 8288)."""

    items: list[Schema]
    as_of: AsOf


class Admission(Request):
    """Whom a world admits: organisations with a credential of that schema that is in force."""

    schema_: Annotated[HashInput, Field(alias="schema", description="the credential's schema")]
    issuer: Annotated[
        OrganisationName | None,
        Field(description="who must have issued it; anybody if left out"),
    ] = None


class OpenWorld(Request):
    """Open a world, in which owners list their assets; the document describes it."""

    document: Document
    admission: Annotated[
        Admission | None, Field(description="left out: every organisation is admitted")
    ] = None


class CloseWorld(Appending):
    """The world takes no more listings, and shows none; the document gives the reason."""

    kind: Literal["world_closed"]
    document: Document


WorldAct = CloseWorld
"""What can be appended to a world."""


class AdmissionAnswer(Answer):
    """Whom a world admits."""

    schema_: Annotated[Hash, Field(serialization_alias="schema")]
    issuer: Annotated[Hash | None, Field(description="null: a credential of anybody's will do")]


class World(Answer):
    """A world as its entries leave it."""

    id: Hash
    organisation: Annotated[Hash, Field(description="who opened it, and may close it")]
    admission: Annotated[AdmissionAnswer | None, Field(description="null: it admits everybody")]
    open: bool
    content_hash: Annotated[Hash, Field(examples=[EXAMPLE_HASH_2])]
    document: DocumentPath
    position: Annotated[int, Field(ge=0, description="of its newest entry; the ETag")]
    head: Hash
    opened_at: Moment
    entries: Annotated[str, Field(examples=[f"/v1/worlds/{EXAMPLE_HASH}/entries"])]


class OneWorld(World):
    """A world, and the block it is seen at."""

    as_of: AsOf


class Worlds(Answer):
    """A page of worlds; the header Link leads to the next one (RFC 8288)."""

    items: list[World]
    as_of: AsOf


EXAMPLE_WORLD: Final[dict[str, Any]] = {
    "name": "Automotive",
    "about": "Vehicles and their parts, from the foundry to the road",
}
