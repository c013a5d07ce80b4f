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
from ledger.mirror.queries import (
    AssetFilter,
    Cursor,
    EntryFilter,
    Moment,
    Page,
    find_asset,
    find_entry,
    find_moment,
    list_assets,
    list_entries,
)
from scripts.bench.scaling.kept import Chain

_WARM_UP: Final = 20
_MICROSECONDS: Final = 1_000_000
# Of all a list has, what is before a page, and what is after it: most pages are full ones.
_DEEP: Final = (0.1, 0.4)
_AS_OF: Final = (0.6, 0.9)
_ASKED: Final = 20  # organisations whose lists are asked for

Wanted: TypeAlias = tuple[AssetFilter, Cursor | None]
"""A list of assets, and where in it the page begins."""


@dataclass
class Subject:
    """A mirror to be asked: what to ask about is drawn from the chain that it mirrors."""

    engine: Engine
    chain: Chain
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - to ask the same again
    cursors: dict[str, list[Cursor | None]] = field(default_factory=dict)

    def block(self, bounds: tuple[float, float] = (0.0, 1.0)) -> int:
        """A block somewhere in that part of the chain."""
        low, high = bounds
        return max(1, int(self.chain.newest * self.chance.uniform(low, high)))

    def entry(self) -> tuple[Appended, int]:
        """An entry of an asset, and its block."""
        while True:
            number = self.block()
            entries = [
                entry
                for entry in self.chain.read(number)
                if Kind.REVISED <= entry.kind <= Kind.ERASED or entry.kind is Kind.REGISTERED
            ]
            if entries:
                return self.chance.choice(entries), number

    def organisation(self) -> bytes:
        return self.chance.choice(self.chain.organisations[1:])

    def sequence(self) -> int:
        """An entry's place, from which a page has much before and much behind it."""
        return self.chain.blocks[self.block(_DEEP)].sequence

    def wanted(self, filtered: Callable[[bytes], AssetFilter], at: int | None = None) -> Wanted:
        """Assets of one organisation, and a cursor into their list that is deep already."""
        wanted = filtered(self.chance.choice(self.chain.organisations[1 : _ASKED + 1]))
        key = repr((wanted, at is None))
        if key not in self.cursors:
            self.cursors[key] = self.find_cursors(wanted, at)
        return wanted, self.chance.choice(self.cursors[key])

    def find_cursors(self, wanted: AssetFilter, at: int | None) -> list[Cursor | None]:
        """Cursors in the first half of a list, as pages of a tenth of it lead to them."""
        shape = self.chain.shape
        tenth = max(1, shape.assets // shape.organisations // 10)
        found: list[Cursor | None] = []
        with reading(self.engine) as session:
            moment = None if at is None else find_moment(session, block=at)
            for _ in range(4):
                after = found[-1] if found else None
                page = list_assets(session, wanted, at=moment, cursor=after, limit=tenth)
                found.append(page.cursor)
        return found


Ask = Callable[[Session], Any]
"""A question that only needs a session."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question: `draw` gives one of its kind to ask of a mirror, with what it needs at hand."""

    name: str
    title: str
    draw: Callable[[Subject], Ask]


def _asset(subject: Subject) -> Ask:
    entry, _ = subject.entry()
    return lambda session: find_asset(session, entry.subject)


def _asset_at(subject: Subject) -> Ask:
    entry, block = subject.entry()
    return lambda session: find_asset(session, entry.subject, at=_moment(session, block))


def _assets_of(subject: Subject) -> Ask:
    wanted, cursor = subject.wanted(_owned)
    return lambda session: list_assets(session, wanted, cursor=cursor)


def _assets_of_at(subject: Subject) -> Ask:
    block = subject.block(_AS_OF)
    wanted, cursor = subject.wanted(_owned, block)
    return lambda session: list_assets(session, wanted, cursor=cursor, at=_moment(session, block))


def _assets_by(subject: Subject) -> Ask:
    wanted, cursor = subject.wanted(_registered)
    return lambda session: list_assets(session, wanted, cursor=cursor)


def _owned(org: bytes) -> AssetFilter:
    return AssetFilter(owner=org)


def _registered(org: bytes) -> AssetFilter:
    return AssetFilter(organisation=org)


def _assets_so(subject: Subject) -> Ask:
    entry, _ = subject.entry()
    wanted = AssetFilter(id_prefix=entry.subject.hex()[:10])
    return lambda session: list_assets(session, wanted)


def _entry(subject: Subject) -> Ask:
    entry, _ = subject.entry()
    return lambda session: find_entry(session, entry.subject, entry.position)


def _entries_of(subject: Subject) -> Ask:
    entry, _ = subject.entry()
    wanted = EntryFilter(subject=entry.subject)
    return lambda session: list_entries(session, wanted)


def _entries_of_at(subject: Subject) -> Ask:
    entry, block = subject.entry()
    wanted = EntryFilter(subject=entry.subject)
    return lambda session: list_entries(session, wanted, at=_moment(session, block))


def _entries(subject: Subject) -> Ask:
    cursor = (subject.sequence(),)
    return lambda session: list_entries(session, cursor=cursor)


def _entries_kind(subject: Subject) -> Ask:
    wanted, cursor = EntryFilter(kind=Kind.ATTESTED), (subject.sequence(),)
    return lambda session: list_entries(session, wanted, cursor=cursor)


def _entries_by(subject: Subject) -> Ask:
    wanted, cursor = EntryFilter(organisation=subject.organisation()), (subject.sequence(),)
    return lambda session: list_entries(session, wanted, cursor=cursor)


def _moment_at(subject: Subject) -> Ask:
    time = subject.chain.shape.timestamp(subject.block())
    return lambda session: find_moment(session, time=time)


def _moment(session: Session, block: int) -> Moment:
    return find_moment(session, block=block)


QUESTIONS: Final = (
    Question("asset", "an asset", _asset),
    Question("asset_at", "an asset as of a block", _asset_at),
    Question("assets_of", "50 assets of an owner, deep", _assets_of),
    Question("assets_of_at", "the same as of a block", _assets_of_at),
    Question("assets_by", "50 assets by who registered, deep", _assets_by),
    Question("assets_so", "assets whose id begins so", _assets_so),
    Question("entry", "an entry of an asset", _entry),
    Question("entries_of", "the entries of an asset", _entries_of),
    Question("entries_of_at", "the same as of a block", _entries_of_at),
    Question("entries", "50 entries of all, deep", _entries),
    Question("entries_kind", "50 entries of a kind, deep", _entries_kind),
    Question("entries_by", "50 entries by who acted, deep", _entries_by),
    Question("moment", "the block of a time", _moment_at),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """How long a question took, in microseconds, and how many rows came at the median."""

    p50: float
    p99: float
    rows: float


def ask(
    mirrors: Mapping[str, Subject], times: int, questions: Sequence[Question] = QUESTIONS
) -> dict[str, dict[str, Answers]]:
    """Ask each question so many times of each mirror; by its name, then by the mirror's.

    The mirrors take turns, so that whatever else the machine does meets all of them.
    """
    return {question.name: _ask_one(question, mirrors, times) for question in questions}


def _ask_one(question: Question, mirrors: Mapping[str, Subject], times: int) -> dict[str, Answers]:
    taken: dict[str, list[float]] = {name: [] for name in mirrors}
    rows: dict[str, list[int]] = {name: [] for name in mirrors}
    for turn in range(_WARM_UP + times):
        for name, subject in mirrors.items():
            seconds, count = _time(subject.engine, question.draw(subject))
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
        seconds = perf_counter() - started
        return seconds, len(answer.items) if isinstance(answer, Page) else int(answer is not None)
