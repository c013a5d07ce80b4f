"""Pages of lists: opaque cursors, and the link to the next page (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.errors import invalid

MOST: Final = 200
"""Items on the longest page."""


class PageQuery(BaseModel):
    """Which page, and how long; what is not known here is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST, description="items on a page")] = 50
    cursor: Annotated[
        str | None, Field(max_length=64, description="from the header Link of the page before")
    ] = None


def encode_cursor(of: str, place: int) -> str:
    """The cursor to what follows `place` in the list `of`; only for lists of the same name."""
    return base64.urlsafe_b64encode(f"{of}:{place}".encode()).rstrip(b"=").decode()


def decode_cursor(of: str, cursor: str | None) -> int | None:
    """Where a cursor of `encode_cursor` leads.

    Raises:
        Problem: it is not a cursor of that list.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        name, _, place = base64.b64decode(padded, b"-_", validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        name, place = "", ""
    known = name == of and place.isascii() and place.isdigit() and len(place) <= 18
    if not known or encode_cursor(of, int(place)) != cursor:
        raise invalid("cursor", cursor, "is not a cursor of this list")
    return int(place)


def link_next(request: Request, response: Response, of: str, place: int | None) -> None:
    """Name the next page in the header Link, unless this is the last one."""
    if place is None:
        return
    params: list[tuple[str, Any]] = [
        (name, value) for name, value in request.query_params.multi_items() if name != "cursor"
    ]
    query = urlencode([*params, ("cursor", encode_cursor(of, place))])
    response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
