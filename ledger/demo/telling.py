"""Appends the lives of assets over the API, as many at once as the ledger's rules allow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from ledger.client import Accepted, Client
from ledger.demo.settling import settle
from ledger.demo.story import Act, Enterprise, Json, Life

Progress: TypeAlias = Callable[[str, int, int], None]
"""Is told what is loading, how many are done, and of how many."""

_GOVERNED: Final = ("frozen", "unfrozen")

T = TypeVar("T")
U = TypeVar("U")


@dataclass(slots=True)
class _Going:
    """How far one life is: its asset's id, and the position of its newest entry (-1: none)."""

    life: Life
    asset: str = ""
    position: int = -1

    @property
    def over(self) -> bool:
        return self.position >= self.life.last

    @property
    def holder(self) -> Enterprise:
        """Who may append its next entry."""
        owner = self.life.owner or self.life.maker
        for act in self.life.acts[: self.position]:
            owner = act.to or owner
        return owner

    @property
    def must_settle(self) -> bool:
        """Whether the service has to see the newest entry before it can judge the next."""
        before = self.life.acts[self.position - 1].kind if self.position else "registered"
        return (
            self.life.acts[self.position].kind in ("corrected", *_GOVERNED)
            or before in ("transferred", *_GOVERNED)
            or self.life.owner is not None
        )


@dataclass(frozen=True, slots=True)
class Telling:
    """Appends lives in waves; within a wave, each goes as far as it can.

    `clients` are the organisations', by DID. Every request has an idempotency key of its own, so
    that telling it again, or going on where it was broken off, repeats nothing.
    """

    pool: ThreadPoolExecutor
    operator: Client
    clients: Mapping[str, Client]
    progress: Progress

    def tell(self, lives: Sequence[Life]) -> None:
        """Append whatever the ledger does not have yet."""
        going = self._each(self._find, lives)
        total = sum(life.last + 1 for life in lives)
        while open_ := [each for each in going if not each.over]:
            done = sum(min(each.position, each.life.last) + 1 for each in going)
            self.progress("entries", done, total)
            accepted = self._each(self._advance, open_)
            settle(self.pool, self.operator, [each.operation for each in accepted])
        self.progress("entries", total, total)

    def _each(self, act: Callable[[T], U], things: Iterable[T]) -> list[U]:
        return list(self.pool.map(act, things))

    def _find(self, life: Life) -> _Going:
        maker = self.clients[life.maker.did]
        for asset in maker.list_assets(organisation=life.maker.did, serial=life.serial):
            return _Going(life, asset.id, asset.position)
        return _Going(life)

    def _advance(self, going: _Going) -> Accepted:
        """Append as many of a life's entries as can be judged now; gives the last."""
        accepted = self._append(going)
        while not (going.over or going.must_settle):
            accepted = self._append(going)
        return accepted

    def _append(self, going: _Going) -> Accepted:
        life, position = going.life, going.position + 1
        key = f"demo/{life.maker.did}/{life.serial}/{position}"
        if position == 0:
            accepted = self._register(life, key)
            going.asset = accepted.id
        else:
            accepted = self._act(going, life.acts[position - 1], position, key)
        going.position = position
        return accepted

    def _register(self, life: Life, key: str) -> Accepted:
        return self.clients[life.maker.did].register_asset(
            life.serial,
            write(life.document),
            asset_kind=life.asset_kind,
            owner=None if life.owner is None else life.owner.did,
            idempotency_key=key,
        )

    def _act(self, going: _Going, act: Act, position: int, key: str) -> Accepted:
        client = self.operator if act.kind in _GOVERNED else self.clients[going.holder.did]
        return client.append_entry(
            going.asset,
            act.kind,
            document=None if act.document is None else write(act.document),
            to=None if act.to is None else act.to.did,
            corrects=act.corrects,
            position=position,
            idempotency_key=key,
        )


def write(document: Json) -> bytes:
    """A document's text, as somebody who wants to read it would send it."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode()
