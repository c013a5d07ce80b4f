"""Files: what is told of one that was uploaded, and what opens its content hash."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from api.schemas.assets import CommitmentAnswer
from api.schemas.base import EXAMPLE_HASH_2, Answer, Hash

EXAMPLE_STL: Final = (
    "solid bracket\n facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n   vertex 1 0 0\n"
    "   vertex 0 1 0\n  endloop\n endfacet\nendsolid bracket\n"
)

FileName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f/\\]+$",
        description="what the file is called; it is downloaded under that name",
        examples=["bracket.stl"],
    ),
]


class FileFields(Answer):
    """A file, as its description has it."""

    media_type: Annotated[str, Field(examples=["model/stl"])]
    size: Annotated[int, Field(ge=0, description="in bytes")]
    sha256: Annotated[Hash, Field(description="of its bytes")]
    name: str | None


class UploadedFile(FileFields):
    """A file that is kept, and private to your organisation until an entry names it."""

    content_hash: Annotated[Hash, Field(description="by which entries name it, as `file`")]
    format: Annotated[
        str | None,
        Field(description="what it was looked into as; null: nobody looked", examples=["STL"]),
    ]
    url: Annotated[str, Field(examples=[f"/v1/documents/{EXAMPLE_HASH_2}"])]
    commitment: Annotated[str, Field(examples=[f"/v1/documents/{EXAMPLE_HASH_2}/commitment"])]


class Opening(CommitmentAnswer):
    """What opens a content hash; that of a file commits to its description, which has `format`
    `asset-ledger-file/1` and these fields, `name` only if there is one."""

    file: Annotated[FileFields | None, Field(description="null: the document is no file")] = None
