"""Completes the description of the API: bodies that we decode ourselves, problems, limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from api.header_fields import describe_fields
from api.problems import KINDS, ProblemKind
from api.schemas.base import ProblemAnswer

_NOT_NOW: Final = (429, 503)
_LATER: Final = {
    "Retry-After": {"description": "seconds to stay away", "schema": {"type": "string"}}
}
_REF: Final = "#/components/schemas/{model}"
_ABOUT: Final = """\
An append-only ledger of assets: who owns each, and everything that happened to it. Every write
is an *entry* of an asset at its next *position*; the chain refuses any other.

A write answers 202 with an *operation* to follow, or, with `Prefer: wait=N`, 201 once the entry
stands on the ledger. Send an `Idempotency-Key` and repeat without fear. Problems follow RFC 9457:
`code` is stable, `errors` names each field."""

_bodies: dict[str, TypeAdapter[Any]] = {}


def body_of(name: str, adapter: TypeAdapter[Any], **examples: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is what `adapter` reads."""
    _bodies[name] = adapter
    content = {
        "schema": {"$ref": _REF.format(model=name)},
        "examples": {title: {"value": value} for title, value in examples.items()},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can answer with these problems, besides the usual ones."""
    found = [KINDS[code] for code in (*codes, "internal", "unavailable")]
    statuses = sorted({kind.status for kind in found})
    return {
        status: _response([kind for kind in found if kind.status == status]) for status in statuses
    }


def conditional(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The same of a route that says whether what the caller has still stands."""
    return {304: {"description": "It is still as you have it"}, **problems(*codes)}


def _response(kinds: Sequence[ProblemKind]) -> dict[str, Any]:
    examples = {
        kind.code: {
            "summary": kind.title,
            "description": kind.meaning,
            "value": {
                "type": kind.uri,
                "title": kind.title,
                "status": kind.status,
                "detail": kind.meaning,
                "instance": "/v1/assets",
                "code": kind.code,
                "errors": [],
                "request_id": "5f2c8d7e6a904c11",
            },
        }
        for kind in kinds
    }
    content = {"schema": {"$ref": _REF.format(model="Problem")}, "examples": examples}
    told = {
        "description": "; ".join(dict.fromkeys(kind.title for kind in kinds)),
        "content": {"application/problem+json": content},
    }
    return told | ({"headers": _LATER} if kinds[0].status in _NOT_NOW else {})


READING: Final = (
    *("unauthenticated", "not_found", "invalid_request", "quota_exceeded"),
    *("corrupt_document", "locked_document"),
)
"""Problems of every read."""

BODY: Final = ("invalid_json", "bad_request", "body_too_large", "unsupported_media_type")
"""Problems of every body."""

WRITING: Final = (
    *READING,
    "invalid_json",
    "bad_request",
    "forbidden",
    "conflict",
    "refused",
    "body_too_large",
    "unsupported_media_type",
    "invalid_document",
    "unknown_reference",
    "idempotency_conflict",
    "too_many_waiting",
    "queue_full",
    "storage_full",
)
"""Problems of every write."""

DESCRIBED: Final = ("file_taken", "schema_violation", "unusable_schema", "no_jurisdiction")
"""Problems of what is written with a document."""

WRITTEN_HEADERS: Final = {
    "Location": {"description": "what was made (201)", "schema": {"type": "string"}},
    "Preference-Applied": {"description": "the wait", "schema": {"type": "string"}},
    "Retry-After": {"description": "seconds (202)", "schema": {"type": "string"}},
}


def written(answer: type[Any], *codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that writes."""
    told = {
        200: "It had been accepted before; this is the answer again",
        201: "It stands on the ledger (with `Prefer: wait`)",
        202: "It is kept, and on its way to the ledger",
    }
    return {
        status: {"model": answer, "description": text, "headers": WRITTEN_HEADERS}
        for status, text in told.items()
    } | problems(*WRITING, *codes)


def describe(app: FastAPI, version: str) -> None:
    """Have `app` answer with the completed description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(app, version)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(app: FastAPI, version: str) -> dict[str, Any]:
    schema = get_openapi(
        title="Asset Ledger", version=version, description=_ABOUT, routes=app.routes
    )
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    adapters = {"Problem": TypeAdapter(ProblemAnswer), **_bodies}
    for name, adapter in adapters.items():
        body = adapter.json_schema(ref_template=_REF)
        schemas |= body.pop("$defs", {})
        schemas[name] = body
    describe_fields(schema)
    return schema
