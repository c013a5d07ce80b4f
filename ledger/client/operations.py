"""The client's methods about operations: follow many at once, cancel, try again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ledger.client.answers import LaneAnswer, OperationAnswer
from ledger.client.flows import (
    Flow,
    Listing,
    Page,
    act,
    chosen,
    decode,
    get,
    last_segment,
    listing,
    method,
    segment,
)
from ledger.client.transport import Call

AT_ONCE: Final = 200
"""Operations that the service tells in one answer, if they are named."""


class OperationCalls:
    """Operations are named by id or URL."""

    @method
    @staticmethod
    def operation(operation: str) -> Flow[OperationAnswer]:
        """How far an operation is. Raises ApiProblem if there is none of yours."""
        return get(_path(operation), OperationAnswer)

    @method
    @staticmethod
    def find_operations(operations: Sequence[str]) -> Flow[list[OperationAnswer]]:
        """How far each of these is, in the order of their acceptance; unknown ones are left out."""
        found: list[OperationAnswer] = []
        for start in range(0, len(operations), AT_ONCE):
            ids = [last_segment(one) for one in operations[start : start + AT_ONCE]]
            answer = yield Call("GET", "/v1/operations", params={"id": ids})
            found += decode(answer, Page[OperationAnswer]).items
        return found

    @listing
    @staticmethod
    def list_operations(
        *,
        state: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        organisation: str | None = None,
        page: int | None = None,
    ) -> Listing[OperationAnswer]:
        """Operations that match all of the filters, newest first; the operator sees anybody's."""
        params = chosen(
            state=state, kind=kind, subject=subject, organisation=organisation, limit=page
        )
        return Listing("/v1/operations", params, OperationAnswer)

    @method
    @staticmethod
    def receipt(operation: str) -> Flow[dict[str, Any]]:
        """What the service promised when it accepted, signed; `read_receipts` has many at once."""
        return get(f"{_path(operation)}/receipt", dict[str, Any])

    @method
    @staticmethod
    def cancel_operation(operation: str) -> Flow[OperationAnswer]:
        """Cancel an operation that waits. Raises ApiProblem (409) once it is sent."""
        return act(f"{_path(operation)}/cancel", OperationAnswer)

    @method
    @staticmethod
    def retry_operation(operation: str) -> Flow[OperationAnswer]:
        """Queue a rejected operation again. Raises ApiProblem (409) if that makes no sense."""
        return act(f"{_path(operation)}/retry", OperationAnswer)

    @method
    @staticmethod
    def release_lane(lane: str) -> Flow[LaneAnswer]:
        """Let a halted lane go on, once that is safe; needs the operator's key."""
        return act(f"/v1/lanes/{segment(lane)}/release", LaneAnswer)


def _path(operation: str) -> str:
    return f"/v1/operations/{segment(last_segment(operation))}"
