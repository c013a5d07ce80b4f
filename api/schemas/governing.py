"""The ledger as a subject: what governance says of it, and how it looks."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.schemas.assets import Appending, Document
from api.schemas.base import EXAMPLE_ADDRESS, Address, Answer, AsOf, Hash, Moment
from api.schemas.sign_in import AddressInput


class _Act(Appending):
    document: Annotated[Document, Field(description="the reason; every member may read it")]


class Pause(_Act):
    """The ledger takes nothing but acts of governance, from this entry on."""

    kind: Literal["paused"]


class Resume(_Act):
    """The ledger takes entries again."""

    kind: Literal["resumed"]


class NameSuccessor(_Act):
    """Another contract is to go on where this one ends; none, if it is left out."""

    kind: Literal["successor_named"]
    successor: AddressInput | None = None


LedgerAct = Annotated[Pause | Resume | NameSuccessor, Field(discriminator="kind")]
"""What can be appended to the ledger itself."""

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "successor_named": {
        "successor": EXAMPLE_ADDRESS,
        "document": {"reason": "a ledger with cheaper batches"},
    },
    "resumed": {"document": {"reason": "the incident of 2026-03-01 is over"}},
    "paused": {"document": {"reason": "incident of 2026-03-01"}},
}
"""A body for each kind, without that word."""


class LedgerAnswer(Answer):
    """The ledger as its own entries leave it, and the block it is seen at."""

    id: Hash
    authority: Annotated[
        Address, Field(description="the access manager that says who governs, for good")
    ]
    paused: Annotated[bool, Field(description="nothing is taken but acts of governance")]
    successor: Annotated[Address | None, Field(description="the contract that is to follow")]
    position: Annotated[int, Field(ge=0, description="of its own newest entry; the ETag")]
    head: Annotated[Hash, Field(description="rolling hash over its own entries, not over all")]
    founded_at: Moment
    entries: Annotated[str, Field(examples=["/v1/ledger/entries"])]
    as_of: AsOf
