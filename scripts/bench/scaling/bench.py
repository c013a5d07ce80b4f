"""The measurement as a whole: a small mirror and a large one, filled and then asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from ledger.database.engine import open_engine
from scripts.bench.scaling.asking import Answers, Mirror, ask
from scripts.bench.scaling.databases import Size, databases, measure_database, measure_tables
from scripts.bench.scaling.indexing import Mirrored, Stretch, fill, replaying
from scripts.bench.scaling.kept import Chain
from scripts.bench.scaling.questions import QUESTIONS
from scripts.bench.scaling.searching import make_searchable
from scripts.bench.scaling.shape import Shape

FLATNESS: Final = 0.75
"""What share of the first entries' rate the last ones' keeps at least."""
MEMORY: Final = 400 << 20
"""How many bytes the indexer takes at most."""
SLOWDOWN: Final = 2.0
"""How many times as long a question takes at most in the large mirror as in the small one."""

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: two ledgers that differ in size alone, and how often each is asked."""

    large: Shape
    assets_of_small: int = 10_000
    times: int = 1_000

    @property
    def small(self) -> Shape:
        """The ledger of few assets, with as many entries each."""
        assets = min(self.assets_of_small, self.large.assets)
        return replace(
            self.large, assets=assets, entries=self.large.entries * assets // self.large.assets
        )

    @property
    def portion(self) -> int:
        """Of how many entries the first and the last ones are compared."""
        return min(_MILLION, self.large.entries // 10)


SMALL: Final = Plan(
    Shape(entries=100_000, assets=10_000, organisations=10), assets_of_small=1_000, times=200
)
"""To try it out."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of a plan; `answers` by question, then `small` and `large`."""

    plan: Plan
    database: str
    mirrored: Mirrored
    size: int
    tables: Sequence[Size]
    answers: Mapping[str, Mapping[str, Answers]]

    @property
    def first(self) -> Stretch | None:
        """How fast the first entries were mirrored."""
        return self.mirrored.first(self.plan.portion)

    @property
    def last(self) -> Stretch | None:
        """How fast the last ones were."""
        return self.mirrored.last(self.plan.portion)

    @property
    def flatness(self) -> float | None:
        """The last entries' rate as a share of the first ones'; None if too little was seen."""
        return self.last.rate / self.first.rate if self.first and self.last else None

    @property
    def busy_flatness(self) -> float | None:
        """The same of the rates for each second of a processor, whatever else it had to do."""
        return self.last.busy_rate / self.first.busy_rate if self.first and self.last else None

    def slowdown(self, question: str) -> float:
        """How many times as long a question takes at the median in the large mirror."""
        by_mirror = self.answers[question]
        return by_mirror["large"].p50 / by_mirror["small"].p50

    @property
    def missed(self) -> list[str]:
        """The bounds that were not kept."""
        missed = [name for name in self.answers if self.slowdown(name) > SLOWDOWN]
        if self.flatness is not None and self.flatness < FLATNESS:
            missed.append("flatness")
        if self.mirrored.peak > MEMORY:
            missed.append("memory")
        return missed


def measure(
    plan: Plan, folder: Path, say: Callable[[str], None], database_url: str | None = None
) -> Measured:
    """Measure a plan; the folder keeps the ledgers that are generated.

    Raises:
        BenchError: something could not be measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with databases(database_url, folder) as make:
        urls = {name: make(name) for name in ("small", "large")}
        shapes = {"small": plan.small, "large": plan.large}
        mirrored = {
            name: _fill(shapes[name], folder / name, urls[name], say) for name in ("small", "large")
        }
        engines = {name: open_engine(url) for name, url in urls.items()}
        try:
            return Measured(
                plan=plan,
                database=engines["large"].dialect.name,
                mirrored=mirrored["large"],
                size=measure_database(engines["large"]),
                tables=measure_tables(engines["large"]),
                answers=_ask(plan, engines, folder, say),
            )
        finally:
            for engine in engines.values():
                engine.dispose()


def _fill(shape: Shape, folder: Path, url: str, say: Callable[[str], None]) -> Mirrored:
    say(f"a ledger of {shape.entries:,} entries over {shape.assets:,} assets")
    with replaying(folder, shape) as replay:
        say(f"mirroring it from {replay.rpc_url}")
        mirrored = fill(replay, url)
    say(f"mirrored in {mirrored.seconds:,.1f} s, {mirrored.rate:,.0f} entries a second")
    return mirrored


def _ask(
    plan: Plan, engines: Mapping[str, Engine], folder: Path, say: Callable[[str], None]
) -> dict[str, dict[str, Answers]]:
    mirrors = {name: Mirror(engine, Chain(folder / name)) for name, engine in engines.items()}
    for mirror in mirrors.values():
        say(f"naming {mirror.chain.shape.assets:,} assets, for search")
        make_searchable(mirror.engine, mirror.chain.shape.assets)
    say("asking both")
    return ask(mirrors, QUESTIONS, plan.times)
