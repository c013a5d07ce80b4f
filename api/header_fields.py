"""Tells the description which header fields answers carry: they are set in one place for many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_PROBLEM: Final = "application/problem+json"
_STREAM: Final = "text/event-stream"

_MEANINGS: Final = {
    "X-Request-Id": "names this request when you ask us; your own, if you sent one",
    "X-Content-Type-Options": "`nosniff`",
    "Cache-Control": "`no-store` where nothing may be kept",
    "RateLimit": "what is left of each quota, and seconds until it begins anew",
    "RateLimit-Policy": "the quotas",
    "Retry-After": "seconds to stay away",
    "WWW-Authenticate": "how to send a key",
    "Accept-Post": "media types that are accepted",
    "Allow": "methods that are answered",
    "ETag": "the position of its newest entry, in quotes",
    "Link": 'where the next page is, `rel="next"`; none on the last page (RFC 8288)',
    "Location": "what was made",
    "Content-Disposition": "the file's name",
    "Content-Range": "which bytes these are (RFC 9110)",
    "Content-Security-Policy": "what keeps a browser from running a file",
    "Accept-Ranges": "`bytes`",
    "X-Accel-Buffering": "`no`: a stream is not to be kept back by whoever passes it on",
    "Repr-Digest": "SHA-256 of the whole (RFC 9530)",
}


def carrying(*names: str) -> dict[str, Any]:
    """The part of a route's `responses` that says which of these fields an answer carries."""
    return {"headers": {name: {"$ref": _reference(name)} for name in names}}


def _reference(name: str) -> str:
    return f"#/components/headers/{name}"


def describe_fields(schema: dict[str, Any]) -> None:
    """Add to a whole description what the layers around the routes set, and what pages share."""
    schema["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in _MEANINGS.items()
    }
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                names = _names(path, method, operation, status, answer)
                fields = carrying(*names)["headers"]
                answer["headers"] = {**fields, **answer.get("headers", {})}


def _names(
    path: str, method: str, operation: Mapping[str, Any], status: str, answer: Mapping[str, Any]
) -> Iterator[str]:
    yield from ("X-Request-Id", "X-Content-Type-Options", "Cache-Control")
    if operation.get("security") and status != "401":
        yield from ("RateLimit", "RateLimit-Policy")
    if _PROBLEM in answer.get("content", {}):
        yield "Retry-After"
    match status:
        case "401":
            yield "WWW-Authenticate"
        case "415":
            yield "Accept-Post"
        case "201":
            yield "Location"
        case "200" if _STREAM in answer.get("content", {}):
            yield "X-Accel-Buffering"
        case "200" | "304" if method == "get":
            asked = {one["name"].lower() for one in operation.get("parameters", ())}
            if "cursor" in asked:
                yield "Link"
            if "if-none-match" in asked or path.endswith("}"):
                yield "ETag"
