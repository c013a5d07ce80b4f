"""A subject's history, as all subjects tell it: what stands, what is on its way, as of when."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response

from api.answers import as_of, tell_entries
from api.deps import View
from api.errors import Problem
from api.moments import At, tell_moment
from api.paging import PageQuery, decode_cursor, link_next
from api.published import find_birth
from api.schemas.base import AsOf
from api.schemas.ledger import Entries, EntryAnswer
from api.subjects import on_its_way
from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.queries import EntryFilter, find_entry, list_entries
from ledger.types import Hash32, to_hex

Place = Annotated[int, Path(ge=0, le=2**53 - 1, description="counted from 0")]


class HistoryQuery(PageQuery):
    """Which page of a subject's history, as of when."""

    at: At = None


def list_history(
    request: Request,
    response: Response,
    view: View,
    subject: Hash32,
    query: HistoryQuery,
    at: Moment | None,
) -> Entries:
    """A page of a subject's entries, oldest first; the subject is known to be there."""
    page = list_entries(
        view.session,
        EntryFilter(subject=subject),
        at=at,
        cursor=decode_cursor("history", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "history", page.cursor)
    return Entries(items=tell_entries(view, page.items), as_of=stands_at(view, at))


def get_history_entry(view: View, subject: Hash32, position: int, at: Moment | None) -> EntryAnswer:
    """One entry of a subject. Raises Problem if there is none."""
    row = find_entry(view.session, subject, position, at=at)
    if row is None:
        raise Problem("not_found", f"the subject has no entry at position {position}")
    return tell_entries(view, [row])[0]


def stands_at(view: View, at: Moment | None) -> AsOf:
    """The block that an answer stands at: the moment's, or the newest."""
    return as_of(view.session) if at is None else tell_moment(at)


def not_there(view: View, what: str, subject: Hash32, kind: Kind, at: Moment | None) -> Problem:
    """The problem of a subject that `kind` would have begun: not there, or on its way.

    The latter is told to who sent it, and to the operator.
    """
    sent = find_birth(view.session, subject) if at is None else None
    if sent is None or sent.kind != kind or not view.may_follow(sent.org):
        return Problem("not_found", f"no {what} {to_hex(subject)} is known")
    return on_its_way(what, subject, sent.id)
