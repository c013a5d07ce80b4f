"""Search: what a word that somebody typed may stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from api.births import Births
from api.deps import View
from api.lookup import find_party
from ledger.mirror.queries import find_assets
from ledger.mirror.search.asking import Search, find_among
from ledger.mirror.search.tables import ASSET
from ledger.types import Hash32

_ID: Final = re.compile(r"0x([0-9a-fA-F]{1,64})")
_SHORTEST_PREFIX: Final = 2  # digits
_WHOLE: Final = 64


@dataclass(frozen=True, slots=True)
class Found:
    """How to filter assets; all None where nothing was asked."""

    ids: frozenset[Hash32] | None = None
    id_prefix: str | None = None
    owner: Hash32 | None = None
    search: Search | None = None


def find_ids(view: View, *, serial: str | None, q: str | None) -> Found:
    """Which assets a serial, or what may be id, serial, DID or other words, stands for.

    A whole serial stands for its assets alone. What others wrote, serials included, is not found
    unless it concerns the caller.
    """
    by_serial = None if serial is None else _visible(view, serial)
    if q is None:
        return Found(ids=by_serial)
    if q.startswith("did:"):
        return Found(ids=by_serial, owner=find_party(view.session, q, "q") or bytes(32))
    if prefix := id_prefix(q):
        if len(prefix) == _WHOLE:  # of a batch, it may be in no table
            ids = frozenset([bytes.fromhex(prefix)])
            return Found(ids=ids if by_serial is None else ids & by_serial)
        return Found(ids=by_serial, id_prefix=prefix)
    search = Search(q, ASSET, view.who.reads)
    named = _visible(view, q)
    if by_serial is None:
        return Found(ids=named) if named else Found(search=search)
    return Found(ids=by_serial & named or find_among(view.session, search, by_serial))


def id_prefix(word: str) -> str | None:
    """The hex digits that an id begins with, if the word reads as 0x and two of them or more."""
    found = _ID.fullmatch(word)
    return found[1] if found and len(found[1]) >= _SHORTEST_PREFIX else None


def _visible(view: View, serial: str) -> frozenset[Hash32]:
    found = view.births.find_serial(view.session, serial)
    others = {asset for asset, org in found.items() if not view.may_see(org)}
    rows = find_assets(view.session, others).values()
    owned = {row.id for row in rows if row.owner == view.who.reads}
    return frozenset(found.keys() - (others - owned))


def serial_ids(session: Session, births: Births, serial: str) -> frozenset[Hash32]:
    """Every asset of that serial: for pages that show everything."""
    return frozenset(births.find_serial(session, serial))
