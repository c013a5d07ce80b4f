"""The SQL alone: the statements by which the product answers, given to the driver over and over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from statistics import median, quantiles
from time import perf_counter
from typing import Any, TypeAlias

from sqlalchemy import Engine, event

from ledger.database.engine import reading
from scripts.bench.scaling.asking import Ask

Statements: TypeAlias = Sequence[tuple[str, Any]]
"""What one answer asks the database, and with which parameters."""


def record(engine: Engine, asks: Sequence[Ask]) -> list[Statements]:
    """The statements of each of these."""
    told: list[Statements] = []
    for ask in asks:
        with _listening(engine) as heard, reading(engine) as session:
            ask(session)
            told.append(list(heard))
    return told


@contextmanager
def _listening(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(*told: Any) -> None:
        _, _, statement, parameters, *_ = told
        heard.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def replay(engine: Engine, told: Sequence[Statements], seconds: float) -> dict[str, float]:
    """Ask one after the other on one connection of the driver's, for so long."""
    waits: list[float] = []
    with engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        until = perf_counter() + seconds
        for statements in cycle(told):
            began = perf_counter()
            for statement, parameters in statements:
                cursor.execute(statement, parameters)
                cursor.fetchall()
            waits.append(perf_counter() - began)
            if began > until:
                break
    p99 = quantiles(waits, n=100)[98]
    return {"rate": len(waits) / sum(waits), "p50": median(waits), "p99": p99}
