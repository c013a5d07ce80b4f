"""The measurement as a whole: every question, of each ledger, in turns with the bare endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import median
from typing import Any, Final

from ledger.database.engine import open_engine
from scripts.bench.reading.mirrors import Read, postgresql, prepare, sqlite
from scripts.bench.reading.questions import QUESTIONS, Question
from scripts.bench.reading.raw import record, replay
from scripts.bench.reading.servers import BenchError, Server, bare, fetch, serving
from scripts.bench.scaling.asking import Ask, Mirror
from scripts.bench.usage import Usage, watched

DATABASES: Final = {"sqlite": sqlite, "postgresql": postgresql}
SHARE: Final = 0.5
"""What share of the bare endpoint's rate reading an asset has at least."""
NOISE: Final = 1.25
"""By how much a growth may be above that of the logarithm, as machines are not quiet."""

_WARM_UP: Final = 0.5
_MILLI: Final = 1000
_BARE: Final = "bare"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and how long: `seconds` of each load, in so many rounds."""

    assets: Sequence[int] = (10_000, 1_000_000)
    databases: Sequence[str] = ("sqlite", "postgresql")
    connections: int = 16
    seconds: float = 3.0
    rounds: int = 5
    drawn: int = 1_000

    @property
    def growth(self) -> float:
        """How many times as long an answer may take of the largest as of the smallest ledger."""
        return log(max(self.assets)) / log(min(self.assets)) if len(self.assets) > 1 else 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second and milliseconds; the medians of all rounds.

    `cpu` is the server's processor time for each request, which other work on the machine sways
    less; of the SQL alone, it is not looked at.
    """

    rate: float
    p50: float
    p99: float
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One question of one ledger: the API, the bare endpoint beside it, and the SQL alone.

    `share` is the median of the rounds' ratios of the API's rate to the bare endpoint's.
    """

    database: str
    assets: int
    question: Question
    bytes: int
    api: Load
    bare: Load
    raw: Load
    share: float


def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure a plan; the folder keeps what is generated. Raises LedgerError if that fails."""
    rows: list[Row] = []
    for name in plan.databases:
        with ExitStack() as stack:
            place = stack.enter_context(DATABASES[name](folder))
            reads = [
                prepare(assets, folder / str(assets), place(assets), say) for assets in plan.assets
            ]
            rows += _measure(plan, name, reads, stack, say)
    return rows


def _measure(
    plan: Plan, database: str, reads: Sequence[Read], stack: ExitStack, say: Callable[[str], None]
) -> list[Row]:
    servers = {read.assets: stack.enter_context(serving(read.url)) for read in reads}
    rows = []
    for question in QUESTIONS:
        say(f"asking {database}: {question.title}")
        for read in reads:
            rows.append(_ask(plan, database, question, read, servers[read.assets]))
    return rows


def _ask(plan: Plan, database: str, question: Question, read: Read, server: Server) -> Row:
    """The API and the bare endpoint in turns, so that whatever else goes on meets both."""
    engine = open_engine(read.url)
    mirror = Mirror(engine, read.chain)
    drawn = [question.draw(mirror) for _ in range(plan.drawn)]
    paths = [path for path, _ in drawn]
    key = read.operator_key if question.by_operator else read.key
    body = _typical([fetch(server.port, path, key) for path in paths[:50]])
    turns: list[Mapping[str, Any]] = []
    with bare({f"/{_BARE}": body}) as other:
        for _ in range(plan.rounds):
            turns.append(
                {
                    "api": _load(plan, server, paths, key),
                    "bare": _load(plan, other, [f"/{_BARE}"], key),
                }
            )
    raw = _replay(plan, engine, [ask for _, ask in drawn])
    engine.dispose()
    shares = [turn["api"]["rate"] / turn["bare"]["rate"] for turn in turns]
    sides = {side: _middle([turn[side] for turn in turns]) for side in ("api", "bare")}
    return Row(
        database, read.assets, question, len(body.encode()), **sides, raw=raw, share=median(shares)
    )


def _typical(bodies: Sequence[str]) -> str:
    """One of middling length."""
    return sorted(bodies, key=len)[len(bodies) // 2]


def _replay(plan: Plan, engine: Any, asks: Sequence[Ask]) -> Load:
    told = record(engine, asks[:200])
    return _middle([replay(engine, told, min(plan.seconds, 2.0))])


def _load(plan: Plan, server: Server, paths: Sequence[str], key: str) -> dict[str, float]:
    head = f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {key}\r\n"
    head += "Accept: application/json\r\n"
    job = {
        "host": "127.0.0.1",
        "port": server.port,
        "requests": [f"GET {path} HTTP/1.1\r\n{head}\r\n" for path in paths],
        "connections": plan.connections,
        "seconds": plan.seconds,
        "warm_up": _WARM_UP,
    }
    used: dict[str, Usage] = {}
    with watched({"server": server.pid}, used):
        done = subprocess.run(
            [sys.executable, "-m", "scripts.bench.reading.client"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise BenchError(f"the client failed: {done.stderr.strip()[-800:]}")
    measured: dict[str, float] = json.loads(done.stdout)
    return measured | {"cpu": used["server"].seconds / measured["answered"]}


def _middle(loads: Sequence[Mapping[str, float]]) -> Load:
    rate, p50, p99 = (median(one[name] for one in loads) for name in ("rate", "p50", "p99"))
    cpu = median(one.get("cpu", 0.0) for one in loads)
    return Load(rate, p50 * _MILLI, p99 * _MILLI, cpu * _MILLI)


def grown(rows: Sequence[Row], row: Row) -> float | None:
    """How many times as long an answer takes of this ledger as of the smallest; None: it is it.

    Both are counted in the bare endpoint's time of the same minute.
    """
    alike = [one for one in rows if (one.database, one.question) == (row.database, row.question)]
    smallest = min(alike, key=lambda one: one.assets)
    return None if smallest is row else smallest.share / row.share


def missed(plan: Plan, rows: Sequence[Row]) -> list[str]:
    """The bounds that were not kept."""
    told = []
    for row in rows:
        where = f"{row.question.name} on {row.database} of {row.assets:,}"
        if row.question.name == "asset" and row.share < SHARE:
            told.append(f"{where}: {row.share:.2f} of the bare endpoint")
        growth = grown(rows, row)
        if growth is not None and growth > plan.growth * NOISE:
            told.append(f"{where}: {growth:.2f} times as long")
    return told
