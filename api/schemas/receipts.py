"""Receipts: what the service promised, signed."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from api.schemas.base import EXAMPLE_OPERATION, Answer, Hash, Hex
from api.schemas.kinds import KindWord

EXAMPLE_SIGNATURE: Final = "0x" + "5f" * 64 + "1b"

Signature = Annotated[
    str,
    Field(
        pattern="^0x[0-9a-f]{130}$",
        description="65 bytes: r, s, v",
        examples=[EXAMPLE_SIGNATURE],
    ),
]


class ReceiptAnswer(Answer):
    """What the service promised to bring onto the ledger, signed by its key (`signer` in status).

    Keep it: with it, an entry that never comes can be proven against the operator. The signature
    is over the root of a tree (RFC 6962) of all that was accepted together (EIP-712, `Receipts`);
    the README says how it is checked, and `asset-ledger receipt` does so offline.
    """

    format: Literal["asset-ledger-receipt/1"]
    domain: Annotated[Hash, Field(description="of the ledger: binds chain and contract")]
    operation: Annotated[str, Field(examples=[EXAMPLE_OPERATION])]
    organisation: Annotated[Hash, Field(description="who asked; zero: the operator")]
    subject: Hash
    kind: KindWord
    position: int
    position_fixed: Annotated[
        bool, Field(description="no other position will do; else `position` is a prediction")
    ]
    payload: Annotated[Hex, Field(description="of the entry, as the contract takes it")]
    accepted_at: Annotated[int, Field(description="milliseconds since 1970")]
    index: Annotated[int, Field(ge=0, description="its place among the leaves of the tree")]
    size: Annotated[int, Field(ge=1, description="leaves of the tree")]
    path: Annotated[list[Hash], Field(description="siblings from its leaf upwards")]
    signature: Signature


class ReceiptSheet(Answer):
    """What the receipts of an answer share that were signed together: the rest is in its items.

    A leaf's operation, asset and content hash are its item's; all are of kind `registered`, at
    position 0, which is fixed. From all leaves together the tree is made, and so each receipt by
    itself; `GET /v1/operations/{id}/receipt` tells any of them, too.
    """

    format: Literal["asset-ledger-receipts/1"]
    domain: Annotated[Hash, Field(description="of the ledger: binds chain and contract")]
    organisation: Annotated[Hash, Field(description="who asked")]
    accepted_at: Annotated[int, Field(description="milliseconds since 1970")]
    size: Annotated[int, Field(ge=1, description="leaves of the tree, all of them in the answer")]
    signature: Signature


class ReceiptLeaf(Answer):
    """Where an item's receipt stands."""

    sheet: Annotated[int, Field(ge=0, description="which of the answer's `receipts`")]
    index: Annotated[int, Field(ge=0, description="its place among the leaves of the tree")]
    payload: Annotated[
        Hex | None,
        Field(description="left out: of an instance without a schema, owned by who registered it"),
    ] = None


GivenReceipt = Annotated[
    ReceiptAnswer | None,
    Field(description="what is promised; null only if accepted before receipts were given"),
]
"""The receipt in an answer to what was accepted."""
