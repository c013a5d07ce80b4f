"""Asks mirrors the product's questions, one mirror after the other, and times each answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine
from sqlmodel import Session

from ledger.database.engine import reading
from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.mirror.queries import Cursor, Page
from ledger.types import Hash32
from scripts.bench.scaling.kept import Chain

_WARM_UP: Final = 20
_MICROSECONDS: Final = 1_000_000
_ASKED: Final = 20  # organisations of whose lists deep pages are asked for
_DEEP: Final = 4  # in tenths: half a list or more is still behind the page
_OF_ASSETS: Final = frozenset(kind for kind in Kind if Kind.REGISTERED <= kind <= Kind.ERASED) - {
    Kind.BATCH_REGISTERED
}

Ask: TypeAlias = Callable[[Session], Any]
"""A question that only needs a session."""

Listing: TypeAlias = Callable[[Session, Hash32, Cursor | None, int], Page[Any]]
"""Fetches a page of an organisation's list: so many rows that follow a cursor."""


@dataclass
class Mirror:
    """A mirror to be asked: what to ask it about is drawn from the chain that it mirrors."""

    engine: Engine
    chain: Chain
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - to ask the same again
    _cursors: dict[object, list[Cursor | None]] = field(default_factory=dict)

    def block(self, start: float = 0.0, end: float = 1.0) -> int:
        """A block in that part of the chain."""
        return max(1, int(self.chain.newest * self.chance.uniform(start, end)))

    def entry(self, *kinds: Kind) -> tuple[Appended, int]:
        """An entry of an asset, of one of the kinds if any are given, and its block."""
        wanted = kinds or _OF_ASSETS
        while True:
            number = self.block()
            found = [entry for entry in self.chain.read(number) if entry.kind in wanted]
            if found:
                return self.chance.choice(found), number

    def asset(self, *kinds: Kind) -> Hash32:
        """An asset to which an entry of the kinds was written."""
        return self.entry(*kinds)[0].subject

    def organisation(self) -> Hash32:
        """One of the organisations."""
        return self.chance.choice(self.chain.organisations[1:])

    def sequence(self) -> int:
        """An entry's place, from which a list of entries has much before and much behind it."""
        return self.chain.blocks[self.block(0.1, 0.4)].sequence

    def deep(self, listing: Listing, share: float) -> tuple[Hash32, Cursor | None]:
        """An organisation, and a cursor deep in its list, which is `share` of all assets long."""
        org = self.chance.choice(self.chain.organisations[1 : _ASKED + 1])
        if (listing, org) not in self._cursors:
            tenth = max(1, int(self.chain.shape.assets * share / 10))
            self._cursors[listing, org] = self._find_cursors(listing, org, tenth)
        return org, self.chance.choice(self._cursors[listing, org])

    def _find_cursors(self, listing: Listing, org: Hash32, tenth: int) -> list[Cursor | None]:
        """Cursors in the first half of a list, as pages of a tenth of it lead to them."""
        found: list[Cursor | None] = []
        with reading(self.engine) as session:
            while len(found) < _DEEP:
                after = listing(session, org, found[-1] if found else None, tenth).cursor
                if after is None:
                    break
                found.append(after)
        return found or [None]


@dataclass(frozen=True, slots=True)
class Question:
    """A question: `draw` gives one of its kind to ask of a mirror, with what it needs at hand."""

    name: str
    title: str
    draw: Callable[[Mirror], Ask]


@dataclass(frozen=True, slots=True)
class Answers:
    """How long a question took, in microseconds, and how many rows came at the median."""

    p50: float
    p99: float
    rows: float


def ask(
    mirrors: Mapping[str, Mirror], questions: Sequence[Question], times: int
) -> dict[str, dict[str, Answers]]:
    """Ask each question so many times of each mirror; by its name, then by the mirror's.

    The mirrors take turns, so that whatever else the machine does meets all of them.
    """
    return {question.name: _ask_one(mirrors, question, times) for question in questions}


def _ask_one(mirrors: Mapping[str, Mirror], question: Question, times: int) -> dict[str, Answers]:
    taken: dict[str, list[float]] = {name: [] for name in mirrors}
    rows: dict[str, list[int]] = {name: [] for name in mirrors}
    for turn in range(_WARM_UP + times):
        for name, mirror in mirrors.items():
            seconds, count = _time(mirror.engine, question.draw(mirror))
            if turn >= _WARM_UP:
                taken[name].append(seconds * _MICROSECONDS)
                rows[name].append(count)
    return {
        name: Answers(median(taken[name]), quantiles(taken[name], n=100)[98], median(rows[name]))
        for name in mirrors
    }


def _time(engine: Engine, asked: Ask) -> tuple[float, int]:
    """Seconds that an answer took, in a session that knows nothing yet, and its rows."""
    with reading(engine) as session:
        session.connection()
        started = perf_counter()
        answer = asked(session)
        return perf_counter() - started, _count(answer)


def _count(answer: Any) -> int:
    if isinstance(answer, Page):
        return len(answer.items)
    return len(answer) if isinstance(answer, Sequence) else int(answer is not None)
