"""Many registrations in one request, and what became of each."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from api.schemas.assets import RegisterAsset
from api.schemas.base import EXAMPLE_OPERATION, Answer, FieldError, Hash, Request
from api.schemas.receipts import ReceiptAnswer, ReceiptLeaf, ReceiptSheet

MOST_ITEMS: Final = 10_000
"""Registrations in one request."""


class RegisterAssets(Request):
    """Assets to register, as if one request came for each, in this order."""

    assets: Annotated[list[RegisterAsset], Field(min_length=1, max_length=MOST_ITEMS)]


class ItemProblem(Answer):
    """What is wrong with one of many: the members of a problem (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(examples=["/problems/serial_taken"])]
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]


class _Item(Answer):
    index: Annotated[int, Field(ge=0, description="its place in the request, from 0")]


class AcceptedItem(_Item):
    """It is kept and on its way to the chain."""

    serial: str
    id: Annotated[Hash, Field(description="the asset")]
    content_hash: Hash
    position: Literal[0]
    operation: Annotated[str, Field(examples=[f"/v1/operations/{EXAMPLE_OPERATION}"])]
    repeated: Annotated[bool, Field(description="it had been accepted before")]
    receipt: Annotated[
        ReceiptLeaf | ReceiptAnswer | None,
        Field(
            description="what is promised: by its place among the answer's `receipts`, or by"
            " itself if it was accepted before, along with what is not in this answer; null only"
            " if accepted before receipts were given"
        ),
    ]


class RefusedItem(_Item):
    """It was not accepted."""

    serial: Annotated[str | None, Field(description="null where none can be read")]
    problem: ItemProblem


class BulkAnswer(Answer):
    """What became of each, in the order of the request."""

    items: list[AcceptedItem | RefusedItem]
    receipts: Annotated[
        list[ReceiptSheet], Field(description="one for each transaction; items name theirs")
    ]
    accepted: int
    refused: int
