"""Lists of assets: one index finds each, in that one's order; what none serves is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.deps import View
from api.errors import invalid
from api.history import HistoryQuery
from api.lookup import find_party, find_wanted
from api.moments import find_bound
from api.paging import decode_cursor
from api.schemas.assets import AssetKindWord, StageWord
from api.schemas.base import HashInput
from api.search import find_ids
from api.selection import AssetFields
from ledger.mirror.moments import Moment, find_moment
from ledger.mirror.pages import Cursor, Page
from ledger.mirror.queries import (
    AssetFilter,
    find_assets,
    list_assets,
    list_assets_at,
    list_assets_by_change,
    list_assets_in,
    list_assets_on,
)
from ledger.mirror.tables import AssetRow
from ledger.outbox.registrations import list_serials
from ledger.types import AssetKind, Hash32, Stage

SortWord = Literal["registered", "-registered", "changed", "-changed", "serial"]
"""Orders of lists; a minus sign turns one round."""

_ALONE: Final = ("world", "parent")
"""Filters that nothing else may be combined with: their lists have orders of their own."""
_NARROWED: Final = ("custodian", "operator", "lien_holder", "schema", "stage")
"""Filters that go with any but those, and not with words."""
_BOUNDS: Final = ("registered_after", "registered_before")
_OTHERS: Final = ("owner", "organisation", "serial", "asset_kind", "frozen", "q")
_FILTERS: Final = (*_ALONE, *_NARROWED, *_OTHERS)
_BOUND = "by a block's number or a time (ISO 8601, with its zone); assets of batches count by their"


class AssetQuery(HistoryQuery):
    """Which assets to list, and in which order."""

    owner: Annotated[str | None, Field(description="who holds title, by id or DID")] = None
    organisation: Annotated[str | None, Field(description="who registered, by id or DID")] = None
    custodian: Annotated[str | None, Field(description="who keeps it, by id or DID")] = None
    operator: Annotated[str | None, Field(description="who has the use of it, by id or DID")] = None
    lien_holder: Annotated[str | None, Field(description="whose lien it is, by id or DID")] = None
    schema_: Annotated[HashInput | None, Field(alias="schema", description="a schema's id")] = None
    world: Annotated[HashInput | None, Field(description="the world that shows it")] = None
    parent: Annotated[HashInput | None, Field(description="the asset it is mounted on")] = None
    stage: Annotated[
        StageWord | None,
        Field(description="where in its life it is; with `at`, no other filter but `serial`"),
    ] = None
    serial: Annotated[str | None, Field(max_length=256, description="whole serial")] = None
    asset_kind: AssetKindWord | None = None
    frozen: bool | None = None
    registered_after: Annotated[
        str | None,
        Field(max_length=40, description=f"after that, {_BOUND} first entry of their own"),
    ] = None
    registered_before: Annotated[
        str | None,
        Field(max_length=40, description=f"before that, {_BOUND} first entry of their own"),
    ] = None
    q: Annotated[
        str | None,
        Field(
            max_length=300,
            description="id or its beginning, owner's DID, whole serial, or words of serials and"
            " documents",
        ),
    ] = None
    sort: Annotated[
        SortWord | None,
        Field(
            description="`changed`: by newest entry; `serial`: what your `organisation` registered,"
            " those of batches aside. Pages by `serial`, and of several filters, may be short:"
            " the last is the one without a link"
        ),
    ] = None
    fields: AssetFields | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether only those are asked for that were registered before or after something."""
        return any(self.given(name) is not None for name in _BOUNDS)

    def given(self, name: str) -> Any:
        """The value of a parameter by its name in the query."""
        return getattr(self, "schema_" if name == "schema" else name)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list by the list's name; `wanted` is how it was filtered, if that may count."""

    of: str
    page: Page[AssetRow]
    wanted: AssetFilter | None = None


def list_wanted(view: View, query: AssetQuery, at: Moment | None) -> Found:
    """The page of assets that is asked for.

    Raises:
        Problem: no index serves such a combination, or the cursor is another list's.
    """
    _verify_combined(query, at)
    if query.sort is not None and query.sort.removeprefix("-") == "changed":
        return _own_order(view, query, at, "changed", list_assets_by_change)
    if query.sort == "serial":
        return _by_serial(view, query, at)
    if query.world is not None:
        shown = {"shown_at": (at or find_moment(view.session)).timestamp}
        return _own_order(view, query, at, "world", list_assets_in, query.world, **shown)
    if query.parent is not None:
        return _own_order(view, query, at, "parent", list_assets_on, query.parent)
    if query.stage is not None and query.serial is None and at is not None:
        return _own_order(view, query, at, "stage", list_assets_at, _stage(query))
    return _by_filter(view, query, at)


def _verify_combined(query: AssetQuery, at: Moment | None) -> None:
    given = [name for name in (*_FILTERS, *_BOUNDS) if query.given(name) is not None]
    for name in given:
        how, others = _stands_off(name, [one for one in given if one != name], at)
        if others:
            reason = f"finds assets {how}: it cannot be combined with {', '.join(others)}"
            raise invalid(name, _shown(query.given(name)), reason)
    if query.sort in ("changed", "-changed") and given:
        reason = f"is an order of all assets: it cannot be combined with {', '.join(given)}"
        raise invalid("sort", query.sort, reason)


def _stands_off(name: str, others: list[str], at: Moment | None) -> tuple[str, list[str]]:
    """Those of the others that a filter cannot be combined with, and how it finds assets.

    Anything narrows what has one serial: of those there are few.
    """
    if name in _ALONE:
        return "alone", [one for one in others if one not in _BOUNDS]
    if "serial" in others:
        return "", []
    if name == "stage" and at is not None:
        return "alone as of a moment", others
    return "apart from words", [one for one in others if one == "q" and name in _NARROWED]


def _shown(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _own_order(
    view: View,
    query: AssetQuery,
    at: Moment | None,
    of: str,
    lists: Callable[..., Page[AssetRow]],
    *given: Any,
    **named: Any,
) -> Found:
    """A list that is found by one thing, in an order of its own."""
    _refuse_registration_order(query, of, sorts=of != "changed")
    turned = query.sort == "-changed"
    cursor = decode_cursor(of, query.cursor)
    page = lists(
        view.session,
        *given,
        **named,
        at=at,
        cursor=cursor,
        limit=query.limit,
        newest_first=turned,
    )
    return Found(of, page)


def _refuse_registration_order(query: AssetQuery, of: str, *, sorts: bool = True) -> None:
    for name in (*_BOUNDS, *(["sort"] if sorts else [])):
        if (value := query.given(name)) is not None:
            reason = f"assets that are found by {of} have an order of their own"
            raise invalid(name, value, reason)


def _by_serial(view: View, query: AssetQuery, at: Moment | None) -> Found:
    others = [
        name
        for name in (*_FILTERS, *_BOUNDS)
        if name != "organisation" and query.given(name) is not None
    ]
    if others or query.organisation is None:
        reason = "needs `organisation` and takes no other filter"
        reason += f", such as {', '.join(others)}" * bool(others)
        raise invalid("sort", query.sort, reason)
    org = find_party(view.session, query.organisation, "organisation")
    if org is not None and not view.may_see(org):
        reason = "serials are private: sort what your own organisation registered"
        raise invalid("sort", query.sort, reason)
    after = _read_asset(decode_cursor("serial", query.cursor), query.cursor)
    rows = list_serials(view.session, org or bytes(32), after=after, limit=query.limit + 1)
    named = [row.asset for row in rows[: query.limit]]
    there = find_assets(view.session, named, at=at)
    cursor: Cursor | None = (named[-1],) if len(rows) > query.limit else None
    return Found("serial", Page([there[one] for one in named if one in there], cursor))


def _read_asset(cursor: Cursor | None, text: str | None) -> Hash32 | None:
    match cursor:
        case None:
            return None
        case (bytes(asset),):
            return asset
        case _:
            raise invalid("cursor", text, "is not a cursor of this list")


def _by_filter(view: View, query: AssetQuery, at: Moment | None) -> Found:
    wanted = _filter(view, query)
    order = _order_of(wanted, at)
    if order is not None:
        _refuse_registration_order(query, order)
    page = list_assets(
        view.session,
        _bounded(view, query, wanted),
        at=at,
        cursor=decode_cursor("assets", query.cursor),
        limit=query.limit,
        newest_first=query.sort == "-registered",
    )
    return Found("assets", page, wanted)


def _order_of(wanted: AssetFilter, at: Moment | None) -> str | None:
    """What the list is found by, unless it comes in the order of registration."""
    if wanted.ids is not None:
        return None
    if wanted.search is not None:
        return "words"
    if wanted.parties():
        return None if at is None else "a party as of a moment"
    if wanted.frozen:
        return "being frozen"
    return "the beginning of their ids" if wanted.id_prefix is not None else None


def _bounded(view: View, query: AssetQuery, wanted: AssetFilter) -> AssetFilter:
    after, before = query.registered_after, query.registered_before
    if after is not None:
        wanted = replace(wanted, after=find_bound(view.session, after, _BOUNDS[0], before=False))
    if before is not None:
        wanted = replace(wanted, until=find_bound(view.session, before, _BOUNDS[1], before=True))
    return wanted


def _filter(view: View, query: AssetQuery) -> AssetFilter:
    def find(name: str) -> Hash32 | None:
        return find_wanted(view.session, query.given(name), name)

    found = find_ids(view, serial=query.serial, q=query.q)
    return AssetFilter(
        owner=find("owner") or found.owner,
        custodian=find("custodian"),
        operator=find("operator"),
        lien_holder=find("lien_holder"),
        organisation=find("organisation"),
        schema=query.schema_,
        stage=_stage(query),
        asset_kind=AssetKind[query.asset_kind.upper()] if query.asset_kind else None,
        frozen=query.frozen,
        ids=found.ids,
        id_prefix=found.id_prefix,
        search=found.search,
    )


def _stage(query: AssetQuery) -> Stage | None:
    return None if query.stage is None else Stage[query.stage.upper()]
