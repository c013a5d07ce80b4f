"""The bar that verbs show while entries are mirrored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.mirror.run import Progress


@contextmanager
def mirroring_bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over blocks on the error stream, with rate and time left, if that is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    rate = TextColumn("{task.fields[entries]:,} entries {task.fields[rate]:>7,.0f}/s")
    block = TextColumn("block {task.completed:.0f}")
    with Bars(block, BarColumn(), rate, TimeRemainingColumn(), console=console) as bars:
        task = bars.add_task("blocks", total=None, entries=0, rate=0)

        def show(progress: Progress) -> None:
            bars.update(
                task,
                total=progress.head,
                completed=progress.block,
                entries=progress.entries,
                rate=progress.entries / progress.seconds if progress.seconds else 0,
            )

        yield show
