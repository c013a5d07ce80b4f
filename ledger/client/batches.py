"""The client's methods about batches: stream one in, read it, list its assets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ledger.client.answers import AssetAnswer, Time
from ledger.client.flows import (
    REPEATED,
    At,
    Flow,
    Listing,
    chosen,
    decode,
    find,
    listing,
    method,
    segment,
)
from ledger.client.transport import Call

_PATIENCE: Final = 600.0
"""Seconds that the service may take from a batch's last line to its answer."""


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """A batch on its way to the chain; `repeated`: the service had accepted it before."""

    id: str
    root: str
    size: int
    content_hash: str
    operation: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """A batch as it stands; `name` is None to who may not see it."""

    id: str
    organisation: str
    owner: str
    root: str
    size: int
    content_hash: str
    registered_at: Time
    name: str | None = None


@dataclass(frozen=True, slots=True)
class BirthAnswer:
    """An asset of a batch as it was born: its content hash, and the path to the batch's root."""

    id: str
    content_hash: str
    path: list[str]


class BatchCalls:
    """Batches are sent as they are read: no more than a piece of one is ever in memory."""

    @method
    @staticmethod
    def register_batch(
        lines: Callable[[], Iterator[bytes]],
        *,
        owner: str | None = None,
        name: str | None = None,
        schema: str | None = None,
        data_class: str | None = None,
    ) -> Flow[AcceptedBatch]:
        """Register a batch, one asset a line; `lines` begins to read them, again if need be.

        The service knows the same lines again, so there is no key to be sent with them.

        Raises:
            ApiProblem: the service refused; `errors` name the lines, and nothing is registered.
        """
        headers = {"Content-Type": "application/x-ndjson"}
        params = chosen(owner=owner, name=name, schema=schema, data_class=data_class)
        call = Call("POST", "/v1/batches", params=params, headers=headers, stream=lines)
        response = yield replace(call, wait=_PATIENCE)
        accepted = decode(response, AcceptedBatch)
        return replace(accepted, repeated=response.status_code == REPEATED)

    @method
    @staticmethod
    def find_batch(batch: str, *, at: At | None = None) -> Flow[BatchAnswer | None]:
        """A batch by id, or None if there is none, or it is not mirrored yet."""
        return find(f"/v1/batches/{segment(batch)}", BatchAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_batches(
        *,
        organisation: str | None = None,
        owner: str | None = None,
        at: At | None = None,
        page: int | None = None,
    ) -> Listing[BatchAnswer]:
        """Batches that match the filters."""
        params = chosen(organisation=organisation, owner=owner, at=at, limit=page)
        return Listing("/v1/batches", params, BatchAnswer)

    @listing
    @staticmethod
    def list_batch_assets(
        batch: str, *, at: At | None = None, page: int | None = None
    ) -> Listing[AssetAnswer]:
        """The assets of a batch, in the order of its lines."""
        path = f"/v1/batches/{segment(batch)}/assets"
        return Listing(path, chosen(at=at, limit=page), AssetAnswer)

    @method
    @staticmethod
    def find_birth(batch: str, index: int, *, at: At | None = None) -> Flow[BirthAnswer | None]:
        """What proves the birth record of a batch's asset, from 1; None if it is not kept."""
        return find(f"/v1/batches/{segment(batch)}/assets/{index}", BirthAnswer, chosen(at=at))
