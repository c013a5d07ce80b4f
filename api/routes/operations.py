"""Operations: how far a request is on its way to the chain."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.answers import tell_operation
from api.deps import Viewing
from api.errors import Problem
from api.openapi import READING, problems
from api.schemas.base import EXAMPLE_OPERATION
from api.schemas.ledger import OperationAnswer
from ledger.outbox.operations import find_operation
from ledger.outbox.tables import State

router = APIRouter(prefix="/v1/operations", tags=["operations"])

_MOVING = (State.QUEUED, State.SENT)


@router.get("/{operation_id}", responses=problems(*READING))
def get_operation(
    response: Response,
    view: Viewing,
    operation_id: Annotated[
        str,
        Path(
            pattern="^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
            examples=[EXAMPLE_OPERATION],
        ),
    ],
) -> OperationAnswer:
    """Read an operation of yours."""
    operation = find_operation(view.session, operation_id)
    if operation is None or not view.may_see(operation.org, operation.subject):
        raise Problem("not_found", f"no operation {operation_id} of yours is known")
    if operation.state in _MOVING:
        response.headers["Retry-After"] = "1"
    return tell_operation(view.session, operation)
