"""The explorer's pages; all of them read one snapshot of the mirror."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from api.deps import Served
from api.errors import Problem
from api.explorer.lines import tell_assets, tell_entries, tell_organisations
from api.explorer.render import render
from api.explorer.shelf import Shelf
from api.lookup import find_party
from api.paging import decode_cursor, encode_cursor
from api.problems import KINDS
from api.routes.status import lag_of, list_alarms
from api.search import id_prefix, serial_ids
from ledger.database.engine import reading
from ledger.domain.entries import Kind
from ledger.errors import MalformedValue
from ledger.mirror.queries import (
    AssetFilter,
    EntryFilter,
    find_asset,
    find_mirror,
    find_organisation,
    list_assets,
    list_entries,
    list_organisations,
)
from ledger.outbox.registrations import find_documents
from ledger.types import Hash32, parse_hash, to_hex

_ON_A_PAGE: Final = 25
_STATIC: Final = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)


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
            searchable="id, serial or DID" if self.shelf.open else "id or DID",
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
            len(list_alarms(self.session, mirror)),
        )

    def missing(self, heading: str, text: str) -> Response:
        """The page that says that nothing is here."""
        return self.render(
            "message.html", status_code=404, number="404", heading=heading, text=text
        )

    def cursor(self, of: str) -> int | None:
        """Where this page of the list begins; a broken cursor begins at the first."""
        try:
            return decode_cursor(of, self.request.query_params.get("cursor"))
        except Problem:
            return None

    def links(self, of: str, place: int | None) -> dict[str, Any]:
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


@router.get("/")
def show_assets(page: Asked) -> Response:
    """The list of assets, or what a search finds."""
    params = page.request.query_params
    q = params.get("q", "").strip()[:300]
    found = _search(page, q)
    if isinstance(found, Response):
        return found
    of = _named(page, "owner") or _named(page, "organisation")
    frozen = params.get("frozen") == "yes"
    wanted = AssetFilter(
        owner=found.owner or _named(page, "owner"),
        organisation=_named(page, "organisation"),
        frozen=True if frozen else None,
        ids=found.ids,
        id_prefix=found.id_prefix,
    )
    rows = list_assets(
        page.session, wanted, cursor=page.cursor("shown"), limit=_ON_A_PAGE, newest_first=True
    )
    return page.render(
        "assets.html",
        section="Assets",
        q=q,
        of=_organisation_line(page, of),
        filtered=frozen,
        tabs=_tabs(page, frozen),
        lines=tell_assets(page.session, page.shelf, rows.items),
        **page.links("shown", rows.cursor),
    )


def _tabs(page: Page, frozen: bool) -> list[tuple[str, str, bool]]:
    kept = {
        name: value
        for name, value in page.request.query_params.items()
        if name in ("q", "owner", "organisation") and value
    }
    only = urlencode({**kept, "frozen": "yes"})
    return [
        ("All", f"/?{urlencode(kept)}" if kept else "/", not frozen),
        ("Frozen", f"/?{only}", frozen),
    ]


def _named(page: Page, name: str) -> Hash32 | None:
    """The organisation that a parameter names; one that is not known owns nothing."""
    value = page.request.query_params.get(name)
    if not value:
        return None
    try:
        return find_party(page.session, value, name) or bytes(32)
    except (MalformedValue, Problem):
        return bytes(32)


def _organisation_line(page: Page, org: Hash32 | None) -> Any:
    seen = find_organisation(page.session, id=org) if org else None
    return tell_organisations(page.session, [seen])[0] if seen else None


def _search(page: Page, q: str) -> AssetFilter | Response:
    """What the words of a search stand for; the page itself if they are the id of one thing."""
    if not q:
        return AssetFilter()
    if q.startswith("did:"):
        return AssetFilter(owner=find_party(page.session, q, "q") or bytes(32))
    if prefix := id_prefix(q):
        if len(prefix) == 32 and find_asset(page.session, prefix):
            return RedirectResponse(f"/assets/{to_hex(prefix)}", 303)
        if len(prefix) == 32 and find_organisation(page.session, id=prefix):
            return RedirectResponse(f"/organisations/{to_hex(prefix)}", 303)
        return AssetFilter(id_prefix=prefix)
    return AssetFilter(ids=serial_ids(page.session, q) if page.shelf.open else frozenset())


@router.get("/assets/{asset_id}")
def show_asset(page: Asked, asset_id: str) -> Response:
    """An asset: its passport and its history."""
    row = _find_row(asset_id, lambda id: find_asset(page.session, id))
    if row is None:
        return page.missing(
            "No such asset",
            "Nothing on the ledger has this id. If it was registered just now, it may not have "
            "arrived yet.",
        )
    entries = list_entries(
        page.session,
        EntryFilter(subject=row.id),
        cursor=page.cursor("told"),
        limit=_ON_A_PAGE,
        newest_first=True,
    )
    [asset] = tell_assets(page.session, page.shelf, [row])
    kept = row.content_hash in find_documents(page.session, [row.content_hash])
    revised = next((each.position for each in entries.items if each.kind == Kind.REVISED), None)
    return page.render(
        "asset.html",
        section="Assets",
        asset=asset,
        passport=page.shelf.lay_out(row.content_hash) if kept else (),
        kept_private=kept and not page.shelf.open,
        document_path=f"/documents/{asset.content_hash}",
        revised=revised,
        entries=tell_entries(page.session, page.shelf, entries.items, whole=True),
        **page.links("told", entries.cursor),
    )


def _find_row(text: str, find: Any) -> Any:
    try:
        return find(parse_hash(text))
    except MalformedValue:
        return None


@router.get("/documents/{content_hash}")
def show_document(page: Asked, content_hash: str) -> Response:
    """A document as it was sent, if documents may be shown."""

    def find(wanted: Hash32) -> bytes | None:
        known = find_documents(page.session, [wanted])
        return page.shelf.read(wanted) if wanted in known else None

    raw = _find_row(content_hash, find)
    if raw is None:
        return page.missing("No such document", "It is not kept here, or it is kept private.")
    policy = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-cache"}
    return Response(raw, media_type="application/json", headers=policy)


@router.get("/organisations")
def show_organisations(page: Asked) -> Response:
    """The list of organisations."""
    rows = list_organisations(page.session, cursor=page.cursor("members"), limit=_ON_A_PAGE)
    return page.render(
        "organisations.html",
        section="Organisations",
        lines=tell_organisations(page.session, rows.items),
        **page.links("members", rows.cursor),
    )


@router.get("/organisations/{organisation}")
def show_organisation(page: Asked, organisation: str) -> Response:
    """An organisation: its accounts and its history."""
    seen = _find_row(organisation, lambda id: find_organisation(page.session, id=id))
    seen = seen or find_organisation(page.session, did=organisation)
    if seen is None:
        return page.missing("No such organisation", "Nobody on the ledger has this id.")
    entries = list_entries(
        page.session,
        EntryFilter(subject=seen.row.id),
        cursor=page.cursor("told"),
        limit=_ON_A_PAGE,
        newest_first=True,
    )
    [line] = tell_organisations(page.session, [seen])
    return page.render(
        "organisation.html",
        section="Organisations",
        each=line,
        accounts=[to_hex(account) for account in seen.accounts],
        entries=tell_entries(page.session, page.shelf, entries.items, whole=True),
        **page.links("told", entries.cursor),
    )


@router.get("/entries")
def show_entries(page: Asked) -> Response:
    """The stream of entries, newest first."""
    org = _named(page, "organisation")
    rows = list_entries(
        page.session,
        EntryFilter(organisation=org if org != bytes(32) else b"nobody"),
        cursor=page.cursor("stream"),
        limit=_ON_A_PAGE,
        newest_first=True,
    )
    return page.render(
        "entries.html",
        section="Entries",
        of=_organisation_line(page, org),
        lines=tell_entries(page.session, page.shelf, rows.items, whole=False),
        **page.links("stream", rows.cursor),
    )


@router.get("/problems/{code}")
def show_problem(page: Asked, code: str) -> Response:
    """What a problem's `type` means."""
    kind = KINDS.get(code)
    if kind is None:
        return page.missing("No such problem", "The API does not answer with this one.")
    return page.render("problem.html", kind=kind)


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


def mount(app: FastAPI) -> None:
    """Put the explorer's pages and files into `app`."""
    service = app.state.service
    app.state.shelf = Shelf(service.documents, open=service.settings.explorer_documents)
    app.state.problem_page = show_failure
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
