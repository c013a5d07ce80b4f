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


GivenReceipt = Annotated[
    ReceiptAnswer | None,
    Field(description="what is promised; null only if accepted before receipts were given"),
]
"""The receipt in an answer to what was accepted."""
