"""Checkpoints: what the ledger was at final blocks, and members' signatures on it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from api import checkpoints
from api.answers import as_of
from api.bodies import decode_body
from api.deps import Member, RawBody, Served, Viewing
from api.openapi import READING, body_of, problems
from api.paging import PageQuery, decode_cursor, link_next
from api.reading import ReadingRoute
from api.schemas.base import EXAMPLE_HASH, EXAMPLE_HASH_2
from api.schemas.checkpoints import (
    CheckpointAnswer,
    CheckpointFile,
    Checkpoints,
    SignCheckpoint,
)
from api.schemas.receipts import EXAMPLE_SIGNATURE
from ledger.mirror.queries import list_checkpoints
from ledger.proofs.signed import encode_file

router = APIRouter(prefix="/v1/checkpoints", tags=["checkpoints"], route_class=ReadingRoute)

_SIGN: Final[TypeAdapter[SignCheckpoint]] = TypeAdapter(SignCheckpoint)
_KEPT: Final = 200
_NEW: Final = 201

Block = Annotated[int, Path(ge=0, le=2**53 - 1, description="its number", examples=[4711])]


@router.get("", responses=problems(*READING))
def get_checkpoints(
    request: Request, response: Response, view: Viewing, query: Annotated[PageQuery, Query()]
) -> Checkpoints:
    """List checkpoints with what was signed, newest first."""
    page = list_checkpoints(
        view.session,
        cursor=decode_cursor("checkpoints", query.cursor),
        limit=query.limit,
        newest_first=True,
    )
    link_next(request, response, "checkpoints", page.cursor)
    items = checkpoints.tell_checkpoints(view.session, page.items)
    return Checkpoints(items=items, as_of=as_of(view.session))


@router.get("/{block}", responses=problems(*READING))
def get_checkpoint(view: Viewing, block: Block) -> CheckpointAnswer:
    """Read the checkpoint of a block."""
    row = checkpoints.get_checkpoint(view.session, block)
    return checkpoints.tell_checkpoints(view.session, [row])[0]


@router.get(
    "/{block}/file",
    response_class=Response,
    responses={200: {"model": CheckpointFile}, **problems(*READING)},
)
def get_checkpoint_file(view: Viewing, block: Block) -> Response:
    """The checkpoint of a block as a file, with the signatures that agree with it."""
    row = checkpoints.get_checkpoint(view.session, block)
    raw = encode_file(checkpoints.signed_checkpoint(view.session, row))
    return Response(raw, media_type="application/json")


@router.post(
    "/{block}/signatures",
    status_code=_NEW,
    responses={
        _KEPT: {"model": CheckpointAnswer, "description": "It was signed so before"},
        **problems(
            *READING,
            "invalid_json",
            "bad_request",
            "forbidden",
            "body_too_large",
            "unsupported_media_type",
            "bad_signature",
            "checkpoint_contradicted",
            "storage_full",
        ),
    },
    openapi_extra=body_of(
        "SignCheckpoint",
        _SIGN,
        signed={
            "block_hash": EXAMPLE_HASH,
            "ledger_head": EXAMPLE_HASH_2,
            "signature": EXAMPLE_SIGNATURE,
        },
    ),
)
async def sign_checkpoint(
    response: Response, service: Served, org: Member, raw: RawBody, block: Block
) -> CheckpointAnswer:
    """Sign a checkpoint, by an account of your organisation, having compared it with a node.

    Sent again, it has no further effect. A word for another checkpoint of the block is refused,
    but kept: two views of one chain are an alarm.
    """
    body = await run_in_threadpool(decode_body, _SIGN, raw)
    told, is_new = await run_in_threadpool(checkpoints.sign, service, org, block, body)
    response.status_code = _NEW if is_new else _KEPT
    return told
