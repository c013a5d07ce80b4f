"""As of when a read is asked: a block's number, or a time, in the query."""

from __future__ import annotations

import re
from datetime import datetime
from math import ceil
from typing import Annotated, Final, TypeAlias

from fastapi import Query
from pydantic import Field
from sqlmodel import Session

from api.errors import invalid
from api.schemas.base import AsOf
from ledger.mirror.moments import BeforeLedger, BlockAhead, Moment, find_moment
from ledger.types import to_hex

_BLOCK: Final = re.compile(r"[0-9]{1,15}")

_Told = Annotated[
    str, Field(max_length=40, json_schema_extra={"pattern": "^([0-9]{1,15}|[0-9]{4}-.*)$"})
]
At: TypeAlias = Annotated[
    _Told | None,
    Query(
        description="as of this block's number, or this time (ISO 8601, with its zone); else now",
        examples=["4711", "2026-03-01T12:00:00Z"],
    ),
]


def find_at(session: Session, at: str | None) -> Moment | None:
    """The moment that a read is asked as of; None is now.

    Raises:
        Problem: it is neither a block's number nor a time, or the mirror has no such moment.
    """
    if at is None:
        return None
    try:
        if _BLOCK.fullmatch(at):
            return find_moment(session, block=int(at))
        return find_moment(session, time=_time(at))
    except (BlockAhead, BeforeLedger) as error:
        raise invalid("at", at, error.message) from None


def find_bound(session: Session, text: str, field: str, *, before: bool) -> int:
    """The sequence of the last entry up to a block or a time, or, if `before`, of all before it.

    Raises:
        Problem: it is neither a block's number nor a time.
    """
    try:
        if _BLOCK.fullmatch(text):
            return find_moment(session, block=int(text) - before).sequence
        seconds = _time(text, field).timestamp()
        return find_moment(
            session, time=ceil(seconds) - 1 if before else int(seconds // 1)
        ).sequence
    except BeforeLedger:
        return 0
    except BlockAhead:
        return find_moment(session).sequence


def tell_moment(moment: Moment) -> AsOf:
    """The block that an answer stands at which was asked as of a moment."""
    return AsOf(
        block=moment.block,
        hash=to_hex(moment.hash),
        finality="final" if moment.is_final else "latest",
    )


def _time(text: str, field: str = "at") -> datetime:
    # In a query, a plus sign is a blank unless it was escaped.
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise invalid(field, text, "must be a block's number, or a time with its zone (ISO 8601)")
    return found
