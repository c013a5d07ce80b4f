"""Assets: how they are registered, and how they look."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from api.schemas.base import (
    EXAMPLE_DID,
    EXAMPLE_HASH,
    EXAMPLE_HASH_2,
    EXAMPLE_OPERATION,
    Answer,
    AsOf,
    Hash,
    HashInput,
    Moment,
    Request,
)
from api.schemas.receipts import GivenReceipt

AssetKindWord = Literal["type", "instance", "batch", "role"]
"""IEC 63278-1's kinds of assets."""

StageWord = Literal[
    "planned", "commissioned", "in_service", "maintenance", "decommissioned", "retired"
]
"""The stages of an asset's life."""

Position = Annotated[
    int,
    Field(ge=0, le=2**53 - 1, description="a place among the asset's entries, counted from 0"),
]


class Appending(Request):
    """Base of what is appended to a subject."""

    position: Annotated[
        Position | None,
        Field(description="the position this entry must take; left out: the next one"),
    ] = None


OrganisationName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        description="an organisation, by id or DID",
        examples=[EXAMPLE_DID],
    ),
]

EXAMPLE_DOCUMENT: Final = {
    "manufacturerName": "Aurora Motors",
    "manufacturerPartId": "GBX-8HP-51",
    "serialNumber": "AM-GBX-000417",
    "manufacturedOn": "2026-02-17",
    "mass": {"value": 87.4, "unit": "kg"},
}

Document = Annotated[
    bytes,
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": True,
            "description": "JSON (RFC 7493), kept byte for byte as it is sent",
            "examples": [EXAMPLE_DOCUMENT],
        }
    ),
]
"""A document's own text."""


_FILE: Final = {
    "type": "string",
    "pattern": "^0x[0-9a-fA-F]{64}$",
    "description": "in place of a document: a file that you uploaded, by its content hash",
    "examples": [EXAMPLE_HASH_2],
}


_OF_FILE: Final[JsonDict] = {"properties": {"data_class": {"type": "null"}}}
"""A file's class is told when it is uploaded."""


def _misplaced(field: str, reason: str) -> PydanticCustomError:
    return PydanticCustomError("misplaced", "{reason}", {"field": field, "reason": reason})


DataClass = Annotated[
    Literal["ordinary", "important", "core"],
    Field(
        description="the document's class (GB/T 43697), `ordinary` unless said: what is important"
        " or core does not leave your jurisdiction unless an entry releases it"
    ),
]


class Described(Request):
    """What comes with a document, or names a file of yours that was uploaded."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["document"]}, {"required": ["file"]}],
            "if": {"required": ["file"]},
            "then": _OF_FILE,
        }
    )

    document: Annotated[Document, Field(default_factory=bytes)]
    file: Annotated[HashInput | None, WithJsonSchema(_FILE)] = None
    data_class: DataClass | None = None

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        given = self.model_fields_set
        if "document" in given and "file" in given:
            raise _misplaced("file", "stands beside a document, and takes its place")
        if "document" not in given and self.file is None:
            raise _misplaced("document", "is missing, and no file is named in its place")
        if self.file is not None and self.data_class is not None:
            raise _misplaced("data_class", "of a file is told when it is uploaded")
        return self


Serial = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="your own name for the asset; unique within your organisation",
        examples=["AM-GBX-000417"],
    ),
]


class RegisterAsset(Described):
    """Register an asset: it is born on the ledger, with this document as its passport."""

    serial: Serial
    schema_: Annotated[
        HashInput | None,
        Field(
            alias="schema",
            description="a published schema, by id: the document must fit it, and so must each"
            " that revises it",
        ),
    ] = None
    asset_kind: AssetKindWord = "instance"
    owner: Annotated[
        OrganisationName | None, Field(description="who holds title; yourself if left out")
    ] = None


class Accepted(Answer):
    """The request is kept and on its way to the chain; its operation tells how far."""

    id: Annotated[Hash, Field(description="what the entry is about, or begins")]
    content_hash: Annotated[Hash | None, Field(description="of the document, if there is one")]
    position: Annotated[int, Field(description="the entry's, unless another one comes first")]
    operation: Annotated[str, Field(examples=[f"/v1/operations/{EXAMPLE_OPERATION}"])]
    receipt: GivenReceipt


class Asset(Answer):
    """An asset as its entries leave it."""

    id: Hash
    serial: Annotated[
        str | None, Field(description="shown to its organisation, its owner and the operator")
    ]
    organisation: Annotated[Hash, Field(description="who registered it")]
    owner: Annotated[Hash, Field(description="who holds title now")]
    schema_: Annotated[Hash | None, Field(alias="schema")] = None
    asset_kind: AssetKindWord
    stage: StageWord
    custodian: Annotated[Hash | None, Field(description="who has it in its keeping")]
    operator: Annotated[Hash | None, Field(description="who has the use of it")]
    lien_holder: Annotated[
        Hash | None, Field(description="whose lien keeps title where it is until released")
    ]
    parent: Annotated[Hash | None, Field(description="the asset that it is mounted on")]
    registered_content_hash: Annotated[
        Hash | None, Field(description="null for an asset that came in a batch")
    ]
    content_hash: Annotated[Hash | None, Field(description="of the newest revision")]
    position: Annotated[int, Field(ge=0, description="of its newest entry; the ETag")]
    head: Annotated[Hash, Field(description="rolling hash over all its entries")]
    frozen: bool
    registered_at: Moment
    updated_at: Moment
    documents: Annotated[str, Field(examples=[f"/v1/assets/{EXAMPLE_HASH}/documents"])]
    entries: Annotated[str, Field(examples=[f"/v1/assets/{EXAMPLE_HASH}/entries"])]


class OneAsset(Asset):
    """An asset, and the block it is seen at."""

    as_of: AsOf


class Assets(Answer):
    """A page of assets; the header Link leads to the next one (RFC 8288)."""

    items: list[Asset]
    as_of: AsOf


class Unlisted(Answer):
    """Assets that are as asked for but not in the list: of batches, nothing is written of them."""

    assets: Annotated[int, Field(ge=1, description="how many")]
    batches: Annotated[
        str,
        Field(description="whose they are", examples=[f"/v1/batches?owner={EXAMPLE_HASH}"]),
    ]


class FoundAssets(Assets):
    """A page of assets, and, on the first page, what the list leaves out."""

    unlisted: Annotated[
        Unlisted | None,
        Field(description="where `owner` or `organisation` is given, on the first page; else null"),
    ] = None


class DocumentLink(Answer):
    """A document about an asset, and where to read it."""

    content_hash: Annotated[Hash, Field(examples=[EXAMPLE_HASH_2])]
    position: Annotated[int, Field(description="of the entry that points at it")]
    media_type: Annotated[str, Field(examples=["application/json"])]
    size: Annotated[int, Field(description="in bytes")]
    data_class: DataClass = "ordinary"
    jurisdiction: Annotated[
        str | None, Field(description="that it does not leave unless released; null: it may")
    ] = None
    url: Annotated[str, Field(examples=[f"/v1/documents/{EXAMPLE_HASH_2}"])]
    commitment: Annotated[str, Field(examples=[f"/v1/documents/{EXAMPLE_HASH_2}/commitment"])]


class CommitmentAnswer(Answer):
    """What opens a document's content hash: recompute it and compare."""

    content_hash: Hash
    algorithm: Literal["rfc6962-sha256-salted-fields/1"] = "rfc6962-sha256-salted-fields/1"
    seed: Hash
    serial: str | None
    fields: Annotated[list[str], Field(description="in the order of the tree's leaves")]


class Documents(Answer):
    """A page of documents; the header Link leads to the next one (RFC 8288)."""

    items: list[DocumentLink]
    as_of: AsOf
