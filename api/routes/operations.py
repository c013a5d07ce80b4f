"""Operations: how far requests are on their way to the chain, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from api import retrying
from api.answers import tell_operation, tell_operations
from api.deps import Caller, Served, View, Viewing
from api.errors import Problem
from api.header_fields import carrying
from api.lookup import find_party
from api.openapi import READING, problems
from api.paging import MOST, PageQuery, decode_number, link_next
from api.reading import ReadingRoute
from api.receipts import find_receipt, tell_receipt
from api.schemas.base import EXAMPLE_HASH, EXAMPLE_OPERATION, HashInput
from api.schemas.kinds import KindWord
from api.schemas.ledger import OperationAnswer, Operations, StateWord
from api.schemas.receipts import ReceiptAnswer
from ledger.database.engine import writing
from ledger.domain.kinds import Kind
from ledger.outbox import interventions
from ledger.outbox.listing import OperationFilter, find_operations, list_operations
from ledger.outbox.operations import OPERATOR, find_operation
from ledger.outbox.tables import Operation, State

router = APIRouter(prefix="/v1/operations", tags=["operations"], route_class=ReadingRoute)

_MOVING: Final = (State.QUEUED, State.SENT)
_UUID: Final = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"

OperationId = Annotated[str, Path(pattern=_UUID, examples=[EXAMPLE_OPERATION])]
GivenId = Annotated[str, Field(pattern=_UUID)]


class OperationQuery(PageQuery):
    """Which operations to list."""

    state: StateWord | None = None
    kind: KindWord | None = None
    subject: Annotated[
        HashInput | None, Field(description="what it is about", examples=[EXAMPLE_HASH])
    ] = None
    organisation: Annotated[str | None, Field(description="who asked, by id or DID")] = None
    id: Annotated[
        list[GivenId],
        Field(
            max_length=MOST,
            description=f"only these (up to {MOST}), all on one page",
            examples=[[EXAMPLE_OPERATION]],
        ),
    ] = []  # noqa: RUF012 - pydantic copies it


@router.get("", responses={200: carrying("Retry-After"), **problems(*READING)})
def get_operations(
    request: Request, response: Response, view: Viewing, query: Annotated[OperationQuery, Query()]
) -> Operations:
    """List operations of yours (the operator: anybody's), newest first.

    With `id`, how far just these are, in the order of their acceptance: what is unknown, or not
    yours to see, is not among the answers. Ask again after Retry-After seconds, if it is there.
    """
    if query.id:
        found: Sequence[Operation] = _find_given(view, query)
    else:
        found = _list_page(request, response, view, query)
    _say_when(response, found)
    return Operations(items=tell_operations(view.session, found))


def _find_given(view: View, query: OperationQuery) -> list[Operation]:
    wanted = _filter(view, query)
    found = find_operations(view.session, set(query.id), wanted) if wanted else []
    return [one for one in found if view.may_follow(one.org, one.subject)]


def _list_page(
    request: Request, response: Response, view: View, query: OperationQuery
) -> list[Operation]:
    before = decode_number("operations", query.cursor)
    wanted = _filter(view, query)
    if wanted is None or not view.may_follow(wanted.org or view.who.org or OPERATOR):
        return []
    mine = replace(wanted, org=wanted.org or view.who.org)
    found = list_operations(view.session, mine, before=before, limit=query.limit + 1)
    page = found[: query.limit]
    last = page[-1].sequence if len(found) > query.limit else None
    link_next(request, response, "operations", None if last is None else (last,))
    return page


def _filter(view: View, query: OperationQuery) -> OperationFilter | None:
    """What is asked for; None: an organisation that nobody knows, which asked for nothing."""
    org = (
        find_party(view.session, query.organisation, "organisation") if query.organisation else None
    )
    if query.organisation and org is None:
        return None
    return OperationFilter(
        org=org,
        state=State(query.state) if query.state else None,
        kind=Kind[query.kind.upper()] if query.kind else None,
        subject=query.subject,
    )


@router.get("/{operation_id}", responses={200: carrying("Retry-After"), **problems(*READING)})
def get_operation(response: Response, view: Viewing, operation_id: OperationId) -> OperationAnswer:
    """Read an operation of yours."""
    operation = find_operation(view.session, operation_id)
    if operation is None or not view.may_follow(operation.org, operation.subject):
        raise retrying.unknown(operation_id)
    _say_when(response, [operation])
    return tell_operation(view.session, operation)


@router.get("/{operation_id}/receipt", response_model=ReceiptAnswer, responses=problems(*READING))
def get_operation_receipt(view: Viewing, operation_id: OperationId) -> ReceiptAnswer:
    """The receipt of an operation of yours, as it was answered with when it was accepted."""
    operation = find_operation(view.session, operation_id)
    if operation is None or not view.may_follow(operation.org, operation.subject):
        raise retrying.unknown(operation_id)
    told = tell_receipt(find_receipt(view.session, operation_id))
    if told is None:
        raise Problem("not_found", "the operation was accepted before receipts were given")
    return told


@router.post(
    "/{operation_id}/cancel", responses=problems(*READING, "forbidden", "operation_under_way")
)
def cancel_operation(service: Served, who: Caller, operation_id: OperationId) -> OperationAnswer:
    """Cancel an operation of yours that waits: it is `rejected`, with the reason `cancelled`.

    One that was rejected before is answered as it is. Once an operation is sent it cannot be
    taken back.
    """
    with writing(service.engine) as session:
        operation = retrying.get_own(session, who, operation_id)
        return tell_operation(session, interventions.cancel(session, operation, who))


@router.post(
    "/{operation_id}/retry",
    responses={
        200: carrying("Retry-After"),
        **problems(
            *READING,
            "forbidden",
            "operation_under_way",
            "superseded",
            "wrong_position",
            "serial_taken",
            "document_gone",
            "too_many_waiting",
            "queue_full",
        ),
    },
)
def retry_operation(
    response: Response, service: Served, who: Caller, operation_id: OperationId
) -> OperationAnswer:
    """Queue a rejected operation of yours again: the same operation, behind all that wait.

    One that waits already is answered as it is. What it asked for must still be possible: its
    serial not given to another operation, its fixed position still the next.
    """
    told = retrying.retry(service, who, operation_id)
    response.headers["Retry-After"] = "1"
    return told


def _say_when(response: Response, operations: Sequence[Operation]) -> None:
    """Say when to ask again, while any of them moves."""
    if any(one.state in _MOVING for one in operations):
        response.headers["Retry-After"] = "1"
