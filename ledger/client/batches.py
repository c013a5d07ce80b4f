"""The client's methods about batches: stream one in, read it, list its assets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ledger.client.answers import AssetAnswer
from ledger.client.calling import REPEATED, Caller, chosen, segment
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
    registered_at: str
    name: str | None = None


class BatchCalls(Caller):
    """Batches are sent as they are read: no more than a piece of one is ever in memory."""

    def register_batch(
        self,
        lines: Callable[[], Iterator[bytes]],
        *,
        owner: str | None = None,
        name: str | None = None,
    ) -> AcceptedBatch:
        """Register a batch, one asset a line; `lines` begins to read them, again if need be.

        The service knows the same lines again, so there is no key to be sent with them.

        Raises:
            ApiProblem: the service refused; `errors` name the lines, and nothing is registered.
        """
        headers = {"Content-Type": "application/x-ndjson"}
        params = chosen(owner=owner, name=name)
        call = Call("POST", "/v1/batches", params=params, headers=headers, stream=lines)
        response = self._send(replace(call, wait=_PATIENCE))
        accepted = self._decode(response, AcceptedBatch)
        return replace(accepted, repeated=response.status_code == REPEATED)

    def find_batch(self, batch: str) -> BatchAnswer | None:
        """A batch by id, or None if there is none, or it is not mirrored yet."""
        return self._find(f"/v1/batches/{segment(batch)}", BatchAnswer)

    def list_batch_assets(self, batch: str, *, page: int | None = None) -> Iterator[AssetAnswer]:
        """The assets of a batch, in the order of its lines."""
        path = f"/v1/batches/{segment(batch)}/assets"
        return self._list(path, chosen(limit=page), AssetAnswer)
