"""Conditional requests (RFC 9110, 13.1): what the client has, and what it builds on."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from api.errors import invalid

_TAG: Final = re.compile(r'\s*(W/)?"([^"]*)"\s*')


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether If-None-Match names the tag that stands now; weak tags count too."""
    if if_none_match is None:
        return False
    named = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return any(each in (etag, "*") for each in named)


def tag_subject(response: Response, count: int, if_none_match: str | None) -> Response | None:
    """Tag the answer with the position of a subject's newest entry; 304 if the client has that."""
    etag = f'"{count - 1}"'
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return None


def read_if_match(if_match: str) -> frozenset[str] | None:
    """The tags that If-Match names, without quotes; None where any will do (`*`).

    Weak tags never match, and are left out.

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
            tags.add(found[2])
    return frozenset(tags)
