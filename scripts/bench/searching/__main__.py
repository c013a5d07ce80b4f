"""Measures whether searching stays as fast as a mirror grows."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from ledger.database.engine import open_engine, upgrade
from ledger.errors import LedgerError
from scripts.bench.scaling.databases import databases, measure_tables
from scripts.bench.searching.asking import Answers, Question, ask
from scripts.bench.searching.making import ORGANISATIONS, fill

_BOUND: Final = 2.0
"""How many times as long a question takes at most in the largest mirror as in the smallest."""

_WIDTH: Final = 130

Asked = Sequence[tuple[Question, Mapping[int, Answers]]]


def main() -> int:
    """Measure and print; 0 if every question to which as many rows came keeps the bound, else 1."""
    asked = read_arguments()
    try:
        with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="search-") as folder:
            make = stack.enter_context(databases(asked.database_url, Path(folder)))
            engines = {each: filled(make(f"search_{each}"), each) for each in asked.assets}
            for engine in engines.values():
                stack.callback(engine.dispose)
            answers = list(ask(engines, asked.times))
            sizes = {each: bytes_of(engine) for each, engine in engines.items()}
    except LedgerError as error:
        print(f"search: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(answers, sizes)))
    else:
        show(answers)
    return 0 if all(slowdown(each) <= _BOUND for _, each in answers if fills_alike(each)) else 1


def filled(url: str, assets: int) -> Engine:
    """A mirror of so many assets with their texts."""
    print(f"search: making {assets:,} assets", file=sys.stderr, flush=True)
    engine = open_engine(url)
    upgrade(engine)
    fill(engine, assets)
    return engine


def bytes_of(engine: Engine) -> int:
    """Bytes of all that is searched; 0 where SQLite cannot tell."""
    tables = measure_tables(engine)
    return sum(size.rows + size.indexes for size in tables if size.table.startswith("search_"))


def slowdown(by_assets: Mapping[int, Answers]) -> float:
    """How many times as long the median is in the largest mirror as in the smallest."""
    return by_assets[max(by_assets)].p50 / by_assets[min(by_assets)].p50


def fills_alike(by_assets: Mapping[int, Answers]) -> bool:
    """Whether the same number of rows came: what is rarer in a small mirror fills no page there."""
    return by_assets[max(by_assets)].rows == by_assets[min(by_assets)].rows


def to_json(answers: Asked, sizes: Mapping[int, int]) -> dict[str, Any]:
    """Everything, in microseconds and bytes."""
    return {
        "organisations": ORGANISATIONS,
        "bytes": sizes,
        "questions": [
            {
                "title": question.title,
                "answers": {assets: asdict(each) for assets, each in by_assets.items()},
                "slowdown": slowdown(by_assets),
            }
            for question, by_assets in answers
        ],
    }


def show(answers: Asked) -> None:
    """Print a table; colours never against NO_COLOR."""
    title = f"Microseconds to find a page of 50, asked by one of {ORGANISATIONS} organisations"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for assets in answers[0][1]:
        for name in (f"{assets:,}: p50", "p99", "busy", "rows"):
            table.add_column(name, justify="right")
    table.add_column(f"p50 ratio ≤ {_BOUND:g}", justify="right")
    for question, by_assets in answers:
        told = [
            number
            for each in by_assets.values()
            for number in (each.p50, each.p99, each.busy, each.rows)
        ]
        ratio = f"{slowdown(by_assets):.2f}" if fills_alike(by_assets) else "more rows"
        table.add_row(question.title, *(f"{number:,.0f}" for number in told), ratio)
    Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False).print(table)


def read_arguments() -> Any:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench/search", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--assets",
        type=lambda told: sorted({int(one) for one in told.split(",")}),
        default=[10_000, 300_000],
        help="sizes of mirrors, commas between (10000,300000)",
    )
    parser.add_argument(
        "--times", type=int, default=100, help="how often each is asked (2 or more)"
    )
    parser.add_argument("--database-url", help="PostgreSQL's, in SQLAlchemy's form; else SQLite")
    asked = parser.parse_args()
    if asked.times < 2 or min(asked.assets) < 1:
        parser.error("there must be assets, and each question be asked twice")
    return asked


if __name__ == "__main__":
    sys.exit(main())
