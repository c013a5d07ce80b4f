"""The client's methods about operations: follow many at once, cancel, try again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ledger.client.answers import LaneAnswer, OperationAnswer
from ledger.client.calling import Caller, Page, chosen, last_segment, segment
from ledger.client.transport import Call

AT_ONCE: Final = 200
"""Operations that the service tells in one answer, if they are named."""


class OperationCalls(Caller):
    """Operations are named by id or URL."""

    def operation(self, operation: str) -> OperationAnswer:
        """How far an operation is. Raises ApiProblem if there is none of yours."""
        return self._get(_path(operation), OperationAnswer)

    def find_operations(self, operations: Sequence[str]) -> list[OperationAnswer]:
        """How far each of these is, in the order of their acceptance; unknown ones are left out."""
        found: list[OperationAnswer] = []
        for start in range(0, len(operations), AT_ONCE):
            ids = [last_segment(one) for one in operations[start : start + AT_ONCE]]
            answer = self._send(Call("GET", "/v1/operations", params={"id": ids}))
            found += self._decode(answer, Page[OperationAnswer]).items
        return found

    def list_operations(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        organisation: str | None = None,
        page: int | None = None,
    ) -> Iterator[OperationAnswer]:
        """Operations that match all of the filters, newest first; the operator sees anybody's."""
        params = chosen(
            state=state, kind=kind, subject=subject, organisation=organisation, limit=page
        )
        return self._list("/v1/operations", params, OperationAnswer)

    def cancel_operation(self, operation: str) -> OperationAnswer:
        """Cancel an operation that waits. Raises ApiProblem (409) once it is sent."""
        return self._act(operation, "cancel")

    def retry_operation(self, operation: str) -> OperationAnswer:
        """Queue a rejected operation again. Raises ApiProblem (409) if that makes no sense."""
        return self._act(operation, "retry")

    def release_lane(self, lane: str) -> LaneAnswer:
        """Let a halted lane go on, once that is safe; needs the operator's key."""
        path = f"/v1/lanes/{segment(lane)}/release"
        return self._decode(self._send(Call("POST", path)), LaneAnswer)

    def sign_checkpoint(
        self, block: int, block_hash: str, ledger_head: str, signature: str
    ) -> None:
        """Bring your organisation's signature of a checkpoint. Raises ApiProblem."""
        told = {"block_hash": block_hash, "ledger_head": ledger_head, "signature": signature}
        headers = {"Content-Type": "application/json"}
        path = f"/v1/checkpoints/{block}/signatures"
        self._send(Call("POST", path, headers=headers, body=msgspec.json.encode(told)))

    def _act(self, operation: str, verb: str) -> OperationAnswer:
        return self._decode(self._send(Call("POST", f"{_path(operation)}/{verb}")), OperationAnswer)


def _path(operation: str) -> str:
    return f"/v1/operations/{segment(last_segment(operation))}"
