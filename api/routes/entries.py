"""The whole stream of entries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.answers import as_of, tell_entries
from api.deps import Viewing
from api.lookup import find_party
from api.openapi import READING, problems
from api.paging import PageQuery, decode_cursor, link_next
from api.schemas.kinds import KindWord
from api.schemas.ledger import Entries
from ledger.domain.kinds import Kind
from ledger.mirror.queries import EntryFilter, list_entries

router = APIRouter(prefix="/v1/entries", tags=["entries"])


class EntryQuery(PageQuery):
    """Which entries to list."""

    kind: KindWord | None = None
    organisation: Annotated[str | None, Field(description="who acted, by id or DID")] = None


@router.get("", responses=problems(*READING))
def get_entries(
    request: Request, response: Response, view: Viewing, query: Annotated[EntryQuery, Query()]
) -> Entries:
    """Everything that ever happened, in the order the ledger holds it."""
    named = query.organisation
    page = list_entries(
        view.session,
        EntryFilter(
            kind=Kind[query.kind.upper()] if query.kind else None,
            organisation=(
                (find_party(view.session, named, "organisation") or b"none") if named else None
            ),
        ),
        cursor=decode_cursor("entries", query.cursor),
        limit=query.limit,
    )
    link_next(request, response, "entries", page.cursor)
    return Entries(items=tell_entries(view, page.items), as_of=as_of(view.session))
