"""What is searched for, and how long the answers take as a mirror grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles
from time import perf_counter, thread_time
from typing import Final, TypeAlias

from sqlalchemy import Engine

from ledger.database.engine import reading
from ledger.mirror.queries import AssetFilter, list_assets
from ledger.mirror.search.asking import Search
from ledger.mirror.search.tables import ASSET
from scripts.bench.searching.making import ORGANISATIONS, organisation, sequence_of, serial_of

_PAGE: Final = 50
_WARM_UP: Final = 5
_MICROSECONDS: Final = 1_000_000

_Took: TypeAlias = tuple[float, float, int]
"""Seconds, those of a processor, and rows."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for: `query` draws words, given how many assets there are.

    `reader`: whether an organisation asks, one of a hundred; else whoever may read all. `deep`:
    the page begins amid all texts, and goes back.
    """

    title: str
    query: Callable[[Random, int], str]
    reader: bool = True
    deep: bool = False
    stranger: bool = False

    def draw(self, chance: Random, assets: int) -> tuple[AssetFilter, tuple[int] | None]:
        """One of its kind, and the cursor."""
        org = organisation(ORGANISATIONS + 1 if self.stranger else chance.randrange(ORGANISATIONS))
        search = Search(self.query(chance, assets), ASSET, org if self.reader else None)
        return AssetFilter(search=search), (sequence_of(assets),) if self.deep else None


QUESTIONS: Final = (
    Question("a word of all", lambda _, __: "gearbox"),
    Question("a word of all, deep, newest first", lambda _, __: "gearbox", deep=True),
    Question("a phrase of all", lambda _, __: "oil-filled"),
    Question("Chinese of all", lambda _, __: "变速箱"),
    Question("a lone Chinese character of all", lambda _, __: "箱"),
    Question("two words of all", lambda _, __: "gearbox planetary"),
    Question("a word of one in ten", lambda chance, _: f"colour{chance.randrange(10)}"),
    Question(
        "two words of one in ten",
        lambda chance, _: f"colour{chance.randrange(10)} alloy{chance.randrange(10)}",
    ),
    Question("a word of one in a thousand", lambda chance, _: f"lot{chance.randrange(1000)}"),
    Question("a serial", lambda chance, assets: serial_of(chance.randrange(assets)), reader=False),
    Question("a word of all, by who has nothing", lambda _, __: "gearbox", stranger=True),
    Question("a word of all, by who reads all", lambda _, __: "gearbox", reader=False),
    Question(
        "of one in a thousand, by who reads all",
        lambda chance, _: f"lot{chance.randrange(1000)}",
        reader=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """How long a question took, in microseconds, and how many rows came at the median.

    `busy` is what a processor had to do for it in this process at the median, which is all of it
    where the database is SQLite, whatever else the machine does.
    """

    p50: float
    p99: float
    busy: float
    rows: float


def ask(
    engines: Mapping[int, Engine], times: int
) -> Iterator[tuple[Question, Mapping[int, Answers]]]:
    """Ask each question so many times of each mirror, by its number of assets; they take turns."""
    for question in QUESTIONS:
        taken: dict[int, list[_Took]] = {assets: [] for assets in engines}
        chance = Random(1)  # noqa: S311 - to ask the same again
        for _ in range(_WARM_UP + times):
            for assets, engine in engines.items():
                taken[assets].append(_time(engine, *question.draw(chance, assets)))
        yield question, {assets: _answers(each[_WARM_UP:]) for assets, each in taken.items()}


def _time(engine: Engine, wanted: AssetFilter, cursor: tuple[int] | None) -> _Took:
    with reading(engine) as session:
        session.connection()
        started, busy = perf_counter(), thread_time()
        page = list_assets(
            session, wanted, cursor=cursor, limit=_PAGE, newest_first=cursor is not None
        )
        return perf_counter() - started, thread_time() - busy, len(page.items)


def _answers(taken: list[_Took]) -> Answers:
    seconds, busy, rows = zip(*taken, strict=True)
    return Answers(
        p50=median(seconds) * _MICROSECONDS,
        p99=quantiles(seconds, n=100)[98] * _MICROSECONDS,
        busy=median(busy) * _MICROSECONDS,
        rows=median(rows),
    )
