"""The explorer's pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Response
from starlette.responses import RedirectResponse

from api.errors import Problem
from api.explorer.checkpoint_lines import tell_checkpoint_lines
from api.explorer.entry_lines import tell_entries
from api.explorer.lines import Names, tell_assets, tell_organisations
from api.explorer.page import Asked, Page, show_failure
from api.explorer.shelf import Shelf
from api.explorer.verifier import ScriptFiles
from api.explorer.verifier import router as verifier
from api.lookup import find_party
from api.problems import KINDS
from api.search import id_prefix, serial_ids
from ledger.domain.kinds import Kind
from ledger.errors import MalformedValue
from ledger.mirror.queries import (
    AssetFilter,
    EntryFilter,
    count_unlisted,
    find_asset,
    find_organisation,
    list_assets,
    list_checkpoints,
    list_entries,
    list_organisations,
)
from ledger.mirror.search.asking import Search, list_best
from ledger.mirror.search.tables import ORGANISATION
from ledger.types import Hash32, parse_hash, to_hex

_ON_A_PAGE: Final = 25
_BEST: Final = 3
_STATIC: Final = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)


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
        search=found.search,
    )
    rows = list_assets(
        page.session, wanted, cursor=page.cursor("shown"), limit=_ON_A_PAGE, newest_first=True
    )
    return page.render(
        "assets.html",
        section="Assets",
        q=q,
        organisations=_named_so(page, q),
        of=_organisation_line(page, of),
        filtered=frozen,
        tabs=_tabs(page, frozen),
        lines=tell_assets(page.session, page.shelf, rows.items),
        unlisted=0 if page.cursor("shown") else count_unlisted(page.session, wanted),
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


def _named_so(page: Page, q: str) -> Any:
    """The organisations whose names or DIDs have these words; everybody may know of them."""
    best = list_best(page.session, Search(q, ORGANISATION), _BEST) if q else []
    names = Names(page.session, best)
    return [names.party(org) for org in best]


def _search(page: Page, q: str) -> AssetFilter | Response:
    """What the words of a search stand for; the page itself if they are the id of one thing."""
    if not q:
        return AssetFilter()
    if q.startswith("did:"):
        return AssetFilter(owner=find_party(page.session, q, "q") or bytes(32))
    if prefix := id_prefix(q):
        whole = bytes.fromhex(prefix) if len(prefix) == 64 else None
        if whole and find_asset(page.session, whole):
            return RedirectResponse(f"/assets/{to_hex(whole)}", 303)
        if whole and find_organisation(page.session, id=whole):
            return RedirectResponse(f"/organisations/{to_hex(whole)}", 303)
        return AssetFilter(id_prefix=prefix)
    if not page.shelf.open:
        return AssetFilter(ids=frozenset())
    named = serial_ids(page.session, page.shelf.births, q)
    return AssetFilter(ids=named) if named else AssetFilter(search=Search(q))


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
    described = [row.content_hash] if row.content_hash else []
    kept = page.shelf.births.find_documents(page.session, described).get(row.content_hash)
    revised = next((each.position for each in entries.items if each.kind == Kind.REVISED), None)
    return page.render(
        "asset.html",
        section="Assets",
        asset=asset,
        passport=page.shelf.lay_out(kept),
        kept_private=kept is not None and not page.shelf.open,
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
        kept = page.shelf.births.find_documents(page.session, [wanted]).get(wanted)
        return page.shelf.read(kept) if kept else None

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


@router.get("/checkpoints")
def show_checkpoints(page: Asked) -> Response:
    """Checkpoints with who signed them, newest first, below what a person should look at."""
    rows = list_checkpoints(
        page.session, cursor=page.cursor("points"), limit=_ON_A_PAGE, newest_first=True
    )
    return page.render(
        "checkpoints.html",
        section="Checkpoints",
        alarms=page.alarms(),
        lines=tell_checkpoint_lines(page.session, rows.items) if rows.items else [],
        **page.links("points", rows.cursor),
    )


@router.get("/problems/{code}")
def show_problem(page: Asked, code: str) -> Response:
    """What a problem's `type` means."""
    kind = KINDS.get(code)
    if kind is None:
        return page.missing("No such problem", "The API does not answer with this one.")
    return page.render("problem.html", kind=kind)


def mount(app: FastAPI) -> None:
    """Put the explorer's pages and files into `app`."""
    service = app.state.service
    app.state.shelf = Shelf(service.births, open=service.settings.explorer_documents)
    app.state.problem_page = show_failure
    app.include_router(router)
    app.include_router(verifier)
    app.mount("/static", ScriptFiles(directory=_STATIC), name="static")
