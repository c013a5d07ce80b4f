"""Documents: their bytes as they were sent, and what opens their content hash."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from api.answers import find_readable
from api.conditions import is_known
from api.deps import View, Viewing
from api.errors import Problem
from api.openapi import READING, problems
from api.schemas.assets import CommitmentAnswer
from api.schemas.base import HashInput
from ledger.hashing import sha256
from ledger.outbox.tables import Document
from ledger.types import Hash32, to_hex

router = APIRouter(prefix="/v1/documents", tags=["documents"])

ContentHash = Annotated[HashInput, Path(description="as entries carry it")]


@router.get(
    "/{content_hash}",
    response_class=Response,
    responses={
        200: {
            "description": "The document, byte for byte as it was sent",
            "content": {"application/json": {"schema": {"type": "object"}}},
            "headers": {
                "ETag": {"schema": {"type": "string"}},
                "Repr-Digest": {"description": "RFC 9530", "schema": {"type": "string"}},
            },
        },
        304: {"description": "It never changes: you have it"},
        **problems(*READING),
    },
)
def get_document(
    view: Viewing,
    content_hash: ContentHash,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Read a document."""
    document = _get_readable(view, content_hash)
    etag = f'"{content_hash.hex()}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=headers)
    raw = view.hand_out(document).raw
    digest = base64.b64encode(sha256(raw)).decode()
    headers |= {"Repr-Digest": f"sha-256=:{digest}:", "Content-Disposition": "inline"}
    return Response(raw, media_type=document.media_type, headers=headers)


@router.get("/{content_hash}/commitment", responses=problems(*READING))
def get_commitment(view: Viewing, content_hash: ContentHash) -> CommitmentAnswer:
    """What opens the document's content hash; whoever has it can disclose single fields."""
    document = _get_readable(view, content_hash)
    commitment = view.hand_out(document).commitment
    return CommitmentAnswer(
        content_hash=to_hex(commitment.content_hash),
        seed=to_hex(commitment.seed),
        serial=commitment.serial,
        fields=list(commitment.fields),
    )


def _get_readable(view: View, content_hash: Hash32) -> Document:
    document = find_readable(view, [content_hash]).get(content_hash)
    if document is None:
        raise Problem("not_found", f"no document {to_hex(content_hash)} is yours to read")
    return document
