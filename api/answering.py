"""How a request that writes is answered: 202 at once, 201 once it stands, 200 if it is repeated."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from api.acceptance import Taken
from api.deps import Service
from api.errors import Problem
from api.noting import note
from api.receipts import tell_receipt
from api.schemas.assets import Accepted
from ledger.outbox.failpoints import reach
from ledger.types import to_hex


async def answer(
    service: Service, response: Response, taken: Taken, wait: float | None, created: str
) -> int:
    """Set status and headers for what was taken in, having waited for it if that is preferred.

    `created` is the path of what the request makes, with `{position}` where that goes. Returns
    the entry's position.

    Raises:
        Problem: the ledger refused the entry while we waited.
    """
    reach("acceptance is committed")
    note(operation=taken.operation)
    position, stands = taken.position, False
    if wait is not None:
        ended = await service.ends.wait_for(taken.operation, wait)
        response.headers["Preference-Applied"] = f"wait={wait:g}"
        if ended and ended.reason is not None:
            raise refusal(taken.operation, ended.reason)
        if ended:
            position, stands = ended.position, True
    response.status_code = 200 if taken.repeated else 201 if stands else 202
    if stands:
        response.headers["Location"] = created.format(position=position)
    else:
        response.headers["Retry-After"] = "1"
    return position


def refusal(operation: str, reason: Mapping[str, object]) -> Problem:
    """The problem of an operation that the ledger refused."""
    return Problem(
        "refused",
        str(reason.get("message") or "the ledger refuses the entry"),
        members={
            "name": reason.get("code"),
            "values": reason.get("values") or {},
            "operation": operation_path(operation),
        },
    )


def operation_path(operation: str) -> str:
    """Where an operation is followed."""
    return f"/v1/operations/{operation}"


def tell_accepted(taken: Taken, position: int) -> Accepted:
    """What was taken in, as an answer."""
    return Accepted(
        id=to_hex(taken.subject),
        content_hash=to_hex(taken.content_hash) if taken.content_hash else None,
        position=position,
        operation=operation_path(taken.operation),
        receipt=tell_receipt(taken.receipt),
    )
