"""What is asked: paths, drawn from what a ledger holds, and the queries that stand behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from sqlmodel import Session

from ledger.domain.kinds import Kind
from ledger.mirror import queries
from ledger.mirror.queries import AssetFilter, EntryFilter
from ledger.mirror.search.asking import Search
from ledger.types import to_hex
from scripts.bench.scaling.asking import Ask, Mirror
from scripts.bench.scaling.searching import model_of

_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Question:
    """A question: `draw` gives a path to ask, and the queries alone that answer the same.

    `by_operator`: who asks may read everything; else it is one of the hundred organisations.
    """

    name: str
    title: str
    draw: Callable[[Mirror], tuple[str, Ask]]
    by_operator: bool = False


def _asset(mirror: Mirror) -> tuple[str, Ask]:
    asset = mirror.asset()
    return f"/v1/assets/{to_hex(asset)}", lambda session: queries.find_asset(session, asset)


def _at(mirror: Mirror) -> tuple[str, Ask]:
    entry, block = mirror.entry()

    def ask(session: Session) -> object:
        moment = queries.find_moment(session, block=block)
        return queries.find_asset(session, entry.subject, at=moment)

    return f"/v1/assets/{to_hex(entry.subject)}?at={block}", ask


def _owned(mirror: Mirror) -> tuple[str, Ask]:
    org = mirror.organisation()
    asked = urlencode({"owner": to_hex(org), "limit": _PAGE})
    wanted = AssetFilter(owner=org)
    return f"/v1/assets?{asked}", lambda session: queries.list_assets(session, wanted, limit=_PAGE)


def _entries(mirror: Mirror) -> tuple[str, Ask]:
    asset = mirror.asset()
    wanted = EntryFilter(subject=asset)
    path = f"/v1/assets/{to_hex(asset)}/entries"
    return path, lambda session: queries.list_entries(session, wanted, limit=_PAGE)


def _search(mirror: Mirror) -> tuple[str, Ask]:
    model = model_of(mirror.asset(Kind.REGISTERED), mirror.chain.shape.assets)
    wanted = AssetFilter(search=Search(model))
    asked = urlencode({"q": model, "limit": _PAGE})
    return f"/v1/assets?{asked}", lambda session: queries.list_assets(session, wanted, limit=_PAGE)


QUESTIONS: Final = (
    Question("asset", "an asset", _asset),
    Question("asset_at", "an asset as of a block", _at),
    Question("owned", "50 assets of an owner", _owned),
    Question("entries", "an asset's entries", _entries),
    Question("search", "search: 50 of a model's 100 assets", _search, by_operator=True),
)
