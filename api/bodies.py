"""Reads request bodies strictly, and keeps a document's own text byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import msgspec
from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from api.errors import Problem, invalid, problem_of_validation
from ledger.errors import LedgerError

_Body = TypeVar("_Body")
JSON: Final = "application/json"
_KEPT_RAW: Final = "document"
_BYTE: Final = re.compile(r"\(byte (\d+)\)")


class _Name(str):
    """A name in the body's object; its own type so that the decoder shows us each."""

    __slots__ = ()


async def read_body(request: Request) -> bytes:
    """The body's bytes, if they claim to be JSON. Raises as `require_type`."""
    require_type(request, JSON)
    return await request.body()


def require_type(request: Request, *allowed: str) -> str:
    """The media type of the body, which must be one of those that are `allowed`.

    Raises:
        Problem: the Content-Type is another one.
    """
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type not in allowed:
        given = f"not {media_type}" if media_type else "and none is given"
        raise Problem(
            "unsupported_media_type",
            f"the body must be {' or '.join(allowed)}, {given}",
            headers={"Accept-Post": ", ".join(allowed)},
        )
    return media_type


@asynccontextmanager
async def to_the_end(body: AsyncIterator[bytes]) -> AsyncIterator[None]:
    """Read what is left of a body that is refused before its end.

    Who is still sending when the connection ends may never read the answer.
    """
    try:
        yield
    except (Problem, LedgerError):
        async for _ in body:
            pass
        raise


def decode_body(adapter: TypeAdapter[_Body], raw: bytes) -> _Body:
    """Read `raw` as the object that `adapter` describes; `document` stays the text it was.

    Raises:
        Problem: it is no JSON object, repeats a name, or has wrong fields: each one is named.
    """
    members: dict[str, Any] = {}
    for name, text in split_members(raw).items():
        members[name] = bytes(text) if name == _KEPT_RAW else _value(name, text, raw)
    try:
        return adapter.validate_python(members)
    except ValidationError as error:
        raise problem_of_validation(error.errors(include_url=False)) from None


def split_members(raw: bytes) -> dict[str, msgspec.Raw]:
    """The members of a body's object, each as its own text. Raises Problem if it is none."""
    names: list[str] = []

    def see(_: type, name: str) -> _Name:
        names.append(name)
        return _Name(name)

    _require_text(raw)
    try:
        members = msgspec.json.decode(raw, type=dict[_Name, msgspec.Raw], dec_hook=see)
    except msgspec.ValidationError as error:
        raise Problem("invalid_request", f"the body must be a JSON object: {error}") from None
    except msgspec.DecodeError as error:
        raise _malformed(raw, str(error)) from None
    except RecursionError:
        raise Problem("invalid_json", "the body is nested too deeply") from None
    if len(names) != len(members):
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid(twice, None, "stands twice in the body", "invalid_json")
    return {str(name): text for name, text in members.items()}


def _value(name: str, text: msgspec.Raw, raw: bytes) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _malformed(raw, str(error)) from None
    except RecursionError:
        raise invalid(name, None, "is nested too deeply", "invalid_json") from None


def _require_text(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise _at(raw, error.start, "the text is not UTF-8") from None


def _malformed(raw: bytes, told: str) -> Problem:
    """The problem of text that breaks JSON's grammar; `told` is what our decoder says."""
    try:
        # Slower, but it says more exactly where; only ever asked about what was refused.
        json.loads(raw.decode(), parse_int=str)
    except json.JSONDecodeError as error:
        # Its positions count characters, ours bytes.
        return _at(raw, len(error.doc[: error.pos].encode()), error.msg)
    except RecursionError:
        return Problem("invalid_json", "the body is nested too deeply")
    if "truncated" in told:
        return Problem("invalid_json", "a text holds half of a surrogate pair")
    found = _BYTE.search(told)
    reason = _BYTE.sub("", told).removeprefix("JSON is malformed: ").strip()
    return _at(raw, int(found[1]) if found else 0, reason)


def _at(raw: bytes, at: int, reason: str) -> Problem:
    """The problem at a byte, told by line and column, both from 1."""
    line = raw.count(b"\n", 0, at) + 1
    begins = raw.rfind(b"\n", 0, at) + 1
    column = len(raw[begins:at].decode(errors="replace")) + 1
    return Problem(
        "invalid_json",
        f"line {line}, column {column}: {reason}",
        members={"line": line, "column": column},
    )
