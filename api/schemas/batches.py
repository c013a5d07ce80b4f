"""Batches: how they are asked for, and how they look."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import EXAMPLE_HASH, EXAMPLE_OPERATION, Answer, AsOf, Hash, Moment
from api.schemas.receipts import GivenReceipt


class AcceptedBatch(Answer):
    """The batch is kept and on its way to the chain; its operation tells how far."""

    id: Annotated[Hash, Field(description="the batch; its assets are this plus 1, 2, …")]
    root: Annotated[Hash, Field(description="Merkle root over its assets' content hashes")]
    size: Annotated[int, Field(description="assets")]
    content_hash: Annotated[Hash, Field(description="of the batch's manifest")]
    position: Annotated[int, Field(description="the entry's")]
    operation: Annotated[str, Field(examples=[f"/v1/operations/{EXAMPLE_OPERATION}"])]
    receipt: GivenReceipt


class Batch(Answer):
    """Assets that were registered at once."""

    id: Hash
    name: Annotated[
        str | None, Field(description="shown to its organisation, its owner and the operator")
    ]
    organisation: Annotated[Hash, Field(description="who registered it")]
    owner: Annotated[Hash, Field(description="who held title to its assets at first")]
    root: Annotated[Hash, Field(description="Merkle root over its assets' content hashes")]
    size: Annotated[int, Field(ge=1, description="assets")]
    content_hash: Annotated[Hash, Field(description="of the batch's manifest")]
    position: Annotated[int, Field(ge=0)]
    head: Hash
    registered_at: Moment
    assets: Annotated[str, Field(examples=[f"/v1/batches/{EXAMPLE_HASH}/assets"])]


class OneBatch(Batch):
    """A batch, and the block it is seen at."""

    as_of: AsOf


class Batches(Answer):
    """A page of batches; the header Link leads to the next one (RFC 8288)."""

    items: list[Batch]
    as_of: AsOf


class Birth(Answer):
    """What proves an asset of a batch: its content hash is a leaf below the batch's root.

    Leaf `index` - 1 of `size`; `path` are the siblings from the leaf upwards (RFC 6962, 2.1.1).
    """

    id: Annotated[Hash, Field(description="the asset")]
    batch: Hash
    index: Annotated[int, Field(ge=1, description="its line, from 1")]
    size: Annotated[int, Field(ge=1)]
    root: Hash
    content_hash: Annotated[Hash, Field(description="the leaf: 32 bytes, hashed as RFC 6962 says")]
    path: list[Hash]
