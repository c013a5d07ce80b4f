"""Documents: uploaded as files, read as they were sent, and what opens their content hash."""

from __future__ import annotations

import base64
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.answers import document_path, find_readable
from api.conditions import IfNoneMatch, is_known
from api.deps import IdempotencyKey, Known, Member, Served, View, Viewing, require_role
from api.errors import Problem
from api.header_fields import carrying
from api.openapi import READING, WRITING, problems
from api.ranges import read_range
from api.reading import ReadingRoute
from api.schemas.assets import DataClass
from api.schemas.base import HashInput
from api.schemas.documents import EXAMPLE_STL, FileFields, FileName, Opening, UploadedFile
from api.taking_back import destroy_upload
from api.uploads import Uploaded, Uploading, take_in, tell_description
from ledger.documents.files import read_description
from ledger.hashing import sha256
from ledger.outbox.files import find_file
from ledger.outbox.roles import KeyRole
from ledger.outbox.tables import Document
from ledger.standards.media_types import parse_media_type
from ledger.types import Hash32, to_hex

PATH: Final = "/v1/documents"
_UNKNOWN_TYPE: Final = "application/octet-stream"
_BINARY: Final = {"type": "string", "format": "binary"}
_FIELDS: Final = carrying(
    *("ETag", "Repr-Digest", "Content-Disposition", "Content-Security-Policy"),
    *("Accept-Ranges", "Content-Range"),
)

_REFUSED: Final = (
    *("media_type_mismatch", "invalid_file", "validator_missing"),
    *("no_jurisdiction", "document_gone"),
)

router = APIRouter(prefix=PATH, tags=["documents"], route_class=ReadingRoute)

ContentHash = Annotated[HashInput, Path(description="as entries carry it")]


@router.post(
    "",
    status_code=201,
    responses={
        200: {
            "model": UploadedFile,
            "description": "It had been uploaded before; this is the answer again",
        },
        201: {
            "model": UploadedFile,
            "description": "It is kept; name it in an entry as `file`",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
        **problems(*WRITING, *_REFUSED),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "the file itself, of any media type",
            "content": {
                "model/stl": {"schema": _BINARY, "examples": {"stl": {"value": EXAMPLE_STL}}},
                _UNKNOWN_TYPE: {"schema": _BINARY, "examples": {"any": {"value": "any bytes"}}},
            },
        }
    },
)
async def upload_document(
    request: Request,
    response: Response,
    service: Served,
    org: Member,
    key: IdempotencyKey,
    name: Annotated[FileName | None, Query()] = None,
    data_class: Annotated[DataClass | None, Query()] = None,
) -> UploadedFile:
    """Upload a file: hashed and encrypted while it arrives, and refused if it is broken.

    STEP, STL, glTF, GLB, AASX, PDF, PNG and JPEG must begin as their media type says, and are
    looked into; glTF and GLB by the Khronos validator. Other files are kept as they are.
    """
    media_type = parse_media_type(request.headers.get("content-type", _UNKNOWN_TYPE))
    found = await take_in(
        service, Uploading(org, media_type, name, key, data_class), request.stream()
    )
    path = document_path(found.content_hash)
    response.headers["Location"] = path
    if found.repeated:
        response.status_code = 200
    return _tell_uploaded(found, path)


def _tell_uploaded(found: Uploaded, path: str) -> UploadedFile:
    return UploadedFile(
        **FileFields.model_validate(tell_description(found.description)).model_dump(),
        content_hash=to_hex(found.content_hash),
        format=found.format,
        url=path,
        commitment=f"{path}/commitment",
    )


@router.get(
    "/{content_hash}",
    response_class=Response,
    responses={
        200: {
            "description": "The document, byte for byte as it was sent",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "*/*": {"schema": _BINARY},
            },
            **_FIELDS,
        },
        206: {
            "description": "A part of a file",
            "content": {"*/*": {"schema": _BINARY}},
            **_FIELDS,
        },
        304: {"description": "It never changes: you have it"},
        **problems(*READING, "export_refused", "range_not_satisfiable"),
    },
)
def get_document(
    view: Viewing,
    content_hash: ContentHash,
    if_none_match: IfNoneMatch = None,
    range: Annotated[str | None, Header(description="one range of a file's bytes")] = None,
    if_range: Annotated[str | None, Header()] = None,
) -> Response:
    """Read a document, or a file or a part of it."""
    document = _get_readable(view, content_hash)
    etag = f'"{content_hash.hex()}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=headers)
    if (row := find_file(view.session, content_hash)) is not None:
        part = read_range(range, if_range, etag, document.size)
        described, file = view.hand_out_file(document, row.name)
        return StreamingResponse(
            file.walk_and_close(part.begin, part.end),
            status_code=200 if part.is_whole else 206,
            headers=headers
            | {"Content-Type": document.media_type}
            | part.headers
            | _file_headers(described.sha256, described.name),
        )
    raw = view.hand_out(document).raw
    headers |= {"Repr-Digest": _digest(sha256(raw)), "Content-Disposition": "inline"}
    return Response(raw, media_type=document.media_type, headers=headers)


def _file_headers(digest: Hash32, name: str | None) -> dict[str, str]:
    """What keeps browsers from showing what a stranger uploaded (RFC 6266, RFC 8187)."""
    called = "" if name is None else f"; filename*=UTF-8''{quote(name, safe='')}"
    return {
        "Repr-Digest": _digest(digest),
        "Content-Disposition": f"attachment{called}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def _digest(digest: Hash32) -> str:
    return f"sha-256=:{base64.b64encode(digest).decode()}:"


@router.get("/{content_hash}/commitment", responses=problems(*READING, "export_refused"))
def get_commitment(view: Viewing, content_hash: ContentHash) -> Opening:
    """What opens the document's content hash; whoever has it can disclose single fields."""
    document = _get_readable(view, content_hash)
    sealed = view.hand_out(document)
    commitment, file = sealed.commitment, None
    if find_file(view.session, content_hash) is not None:
        file = FileFields.model_validate(tell_description(read_description(sealed)))
    return Opening(
        content_hash=to_hex(commitment.content_hash),
        seed=to_hex(commitment.seed),
        serial=commitment.serial,
        fields=list(commitment.fields),
        file=file,
    )


@router.delete(
    "/{content_hash}",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "It is destroyed, and forgotten"},
        **problems(
            *("unauthenticated", "forbidden", "not_found", "invalid_request", "quota_exceeded"),
            *("file_named", "storage_full"),
        ),
    },
)
def take_back_document(service: Served, who: Known, content_hash: ContentHash) -> Response:
    """Take back a file of yours that nothing points at: it is destroyed for good, as erasing does.

    What an entry points at is erased by another entry. The Idempotency-Key that it was uploaded
    with is answered by `document_gone` from then on.
    """
    if who.org is None:
        raise Problem("forbidden", "only an organisation's key may do this, not the operator's")
    require_role(who, KeyRole.WRITER, KeyRole.ADMIN)
    destroy_upload(service, who.org, content_hash)
    return Response(status_code=204)


def _get_readable(view: View, content_hash: Hash32) -> Document:
    document = find_readable(view, [content_hash]).get(content_hash)
    if document is None:
        raise Problem("not_found", f"no document {to_hex(content_hash)} is yours to read")
    return document
