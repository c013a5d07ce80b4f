"""Pages of lists: opaque cursors, and the link to the next page (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.errors import invalid
from ledger.errors import MalformedValue
from ledger.mirror.pages import Cursor
from ledger.types import parse_hex, to_hex

MOST: Final = 200
"""Items on the longest page."""


class PageQuery(BaseModel):
    """Which page, and how long; what is not known here is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST, description="items on a page")] = 50
    cursor: Annotated[
        str | None, Field(max_length=192, description="from the header Link of the page before")
    ] = None


class SortedQuery(PageQuery):
    """Which page of a list that has one order, named by `sort`, and from which end."""

    sort: str

    @property
    def newest_first(self) -> bool:
        """Whether the list is turned round: a minus stands before its order's name."""
        return self.sort.startswith("-")


def encode_cursor(of: str, place: Cursor) -> str:
    """The cursor to what follows `place` in the list `of`; only for lists of the same name."""
    keys = [to_hex(key) if isinstance(key, bytes) else str(key) for key in place]
    return base64.urlsafe_b64encode(":".join([of, *keys]).encode()).rstrip(b"=").decode()


def decode_cursor(of: str, cursor: str | None) -> Cursor | None:
    """Where a cursor of `encode_cursor` leads.

    Raises:
        Problem: it is not a cursor of that list.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        name, *keys = base64.b64decode(padded, b"-_", validate=True).decode().split(":")
        place = tuple([_decode_key(key) for key in keys])
    except (binascii.Error, UnicodeError, MalformedValue):
        name, place = "", ()
    if name != of or not place or encode_cursor(of, place) != cursor:
        raise invalid("cursor", cursor, "is not a cursor of this list")
    return place


def decode_number(of: str, cursor: str | None) -> int | None:
    """As `decode_cursor`, for a list that is ordered by one number. Raises Problem."""
    match decode_cursor(of, cursor):
        case None:
            return None
        case (int(number),):
            return number
        case _:
            raise invalid("cursor", cursor, "is not a cursor of this list")


def _decode_key(key: str) -> int | bytes:
    if key.isascii() and key.isdigit() and len(key) <= 18:
        return int(key)
    return parse_hex(key, field="cursor")


def link_next(request: Request, response: Response, of: str, place: Cursor | None) -> None:
    """Name the next page in the header Link, unless this is the last one."""
    if place is None:
        return
    params: list[tuple[str, Any]] = [
        (name, value) for name, value in request.query_params.multi_items() if name != "cursor"
    ]
    query = urlencode([*params, ("cursor", encode_cursor(of, place))])
    response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
