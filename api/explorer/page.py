"""A request for a page: one snapshot of the mirror, the status bar, and what to say in trouble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from sqlmodel import Session

from api.alarms import list_alarms
from api.deps import Served, Service
from api.errors import Problem
from api.explorer.render import render
from api.explorer.shelf import Shelf
from api.paging import decode_cursor, encode_cursor
from api.readiness import lag_of
from api.schemas.ledger import Alarm
from ledger.database.engine import reading
from ledger.mirror.queries import Cursor, find_mirror
from ledger.types import to_hex


@dataclass(frozen=True, slots=True)
class Bar:
    """What the status bar shows."""

    block: int
    final: int
    head: str
    entries: int
    lag: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Page:
    """A request for a page, over one snapshot."""

    request: Request
    session: Session
    shelf: Shelf

    def render(self, template: str, *, status_code: int = 200, **values: Any) -> Response:
        """The page, with its status bar."""
        return render(
            self.request,
            template,
            status_code,
            status=self._bar(),
            searchable="id, DID or words" if self.shelf.open else "id, DID or name",
            **values,
        )

    def _bar(self) -> Bar | None:
        mirror = find_mirror(self.session)
        if mirror is None:
            return None
        return Bar(
            mirror.block_number,
            mirror.final_block,
            to_hex(mirror.ledger_head),
            mirror.sequence,
            lag_of(mirror),
            len(self.alarms()),
        )

    def alarms(self) -> list[Alarm]:
        """What a person should look at; none before the ledger is mirrored."""
        mirror = find_mirror(self.session)
        service: Service = self.request.app.state.service
        return [] if mirror is None else list_alarms(service, self.session, mirror)

    def missing(self, heading: str, text: str) -> Response:
        """The page that says that nothing is here."""
        return self.render(
            "message.html", status_code=404, number="404", heading=heading, text=text
        )

    def cursor(self, of: str) -> Cursor | None:
        """Where this page of the list begins; a broken cursor begins at the first."""
        try:
            return decode_cursor(of, self.request.query_params.get("cursor"))
        except Problem:
            return None

    def links(self, of: str, place: Cursor | None) -> dict[str, Any]:
        """Links to the next page and, unless it is this one, to the first."""
        params = {k: v for k, v in self.request.query_params.items() if k != "cursor" and v}
        path = self.request.url.path
        begin = f"{path}?{urlencode(params)}" if params else path
        following = place and f"{path}?{urlencode({**params, 'cursor': encode_cursor(of, place)})}"
        return {
            "next": following or None,
            "first": begin if "cursor" in self.request.query_params else None,
        }


def open_page(request: Request, service: Served) -> Iterator[Page]:
    """The request with a snapshot of the database."""
    with reading(service.engine) as session:
        yield Page(request, session, request.app.state.shelf)


Asked = Annotated[Page, Depends(open_page, scope="function")]


def show_failure(request: Request, problem: Problem) -> Response:
    """The page of a problem; it asks nothing of the database, which may be the problem."""
    answer = render(
        request,
        "message.html",
        problem.kind.status,
        status=None,
        searchable="id",
        number=problem.kind.status,
        heading=problem.kind.title,
        text=problem.detail[:1].upper() + problem.detail[1:] + ".",
    )
    answer.headers.update(problem.headers)
    return answer
