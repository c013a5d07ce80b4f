"""The bars that verbs show while they work, on the error stream, if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, TaskID

    from ledger.mirror.run import Progress


@contextmanager
def bars(make: Callable[[], list[ProgressColumn]]) -> Iterator[Bars | None]:
    """Bars of these columns and the time that is left; None where nobody would see them.

    `make` is not called there, and need not have imported anything.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import Progress, TimeRemainingColumn

    with Progress(*make(), TimeRemainingColumn(), console=console) as shown:
        yield shown


@contextmanager
def mirroring_bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over blocks, with the rate of entries."""
    with bars(_mirroring_columns) as shown:
        if shown is None:
            yield None
            return
        task = shown.add_task("blocks", total=None, entries=0, rate=0)

        def show(progress: Progress) -> None:
            shown.update(
                task,
                total=progress.head,
                completed=progress.block,
                entries=progress.entries,
                rate=progress.entries / progress.seconds if progress.seconds else 0,
            )

        yield show


@contextmanager
def proving_bars() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar for each thing that a proof needs much of, and that the node is asked for in parts."""
    with bars(counting_columns) as shown:
        if shown is None:
            yield None
            return
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks and done == total:
                return  # it came at once
            if what not in tasks:
                tasks[what] = shown.add_task(what)
            shown.update(tasks[what], completed=done, total=total)

        yield show


def _mirroring_columns() -> list[ProgressColumn]:
    from rich.progress import BarColumn, TextColumn

    rate = TextColumn("{task.fields[entries]:,} entries {task.fields[rate]:>7,.0f}/s")
    return [TextColumn("block {task.completed:.0f}"), BarColumn(), rate]


def counting_columns() -> list[ProgressColumn]:
    """What a bar is about, and how many of how many are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    return [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
