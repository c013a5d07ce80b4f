"""Conditional requests (RFC 9110, 13.1): what the client has, and what it builds on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import Response

from api.errors import invalid
from ledger.hashing import sha256

IfMatch = Annotated[str | None, Header(description="its ETag", examples=['"3"'])]
IfNoneMatch = Annotated[str | None, Header()]

_TAG: Final = re.compile(r'\s*(W/)?"([^"]*)"\s*')


def tag_of(position: int, told: Sequence[BaseModel] | None = None) -> str:
    """The ETag of what is read of a subject: the position of its newest entry.

    Where time or the entries of others decide too, a digest of what is `told` follows it.
    """
    if told is None:
        return f'"{position}"'
    digest = sha256("".join([one.model_dump_json() for one in told]).encode())
    return f'"{position}-{digest[:8].hex()}"'


def not_modified(response: Response, etag: str, if_none_match: str | None) -> Response | None:
    """The answer to whoever has what the tag names; to others, None, and they are told the tag."""
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return None


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether If-None-Match names the tag that stands now; weak tags count too."""
    if if_none_match is None:
        return False
    named = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return any(each in (etag, "*") for each in named)


def tag_subject(response: Response, count: int, if_none_match: str | None) -> Response | None:
    """Tag the answer with the position of a subject's newest entry; 304 if the client has that."""
    return not_modified(response, tag_of(count - 1), if_none_match)


def read_if_match(if_match: str) -> frozenset[str] | None:
    """The positions that If-Match names; None where any will do (`*`).

    Of the tags of `tag_of`, whichever read they are from, what comes first is the position. Weak
    tags never match, and are left out.

    Raises:
        Problem: it is neither.
    """
    if if_match.strip() == "*":
        return None
    tags: set[str] = set()
    for part in if_match.split(","):
        found = _TAG.fullmatch(part)
        if found is None:
            raise invalid("If-Match", if_match, 'must be a position in quotes, such as "3"')
        if not found[1]:
            tags.add(found[2].partition("-")[0])
    return frozenset(tags)
