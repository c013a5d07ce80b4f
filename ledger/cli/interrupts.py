"""Ctrl-C, held back while something must not be cut in two."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self


class Interrupts:
    """Within it, KeyboardInterrupt is raised as ever, but never inside `held`: after it."""

    def __init__(self) -> None:
        self._holding = False
        self._pending = False
        self._former: Any = None

    def __enter__(self) -> Self:
        self._former = signal.signal(signal.SIGINT, self._arrived)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._former)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done here is done whole."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _arrived(self, *_: object) -> None:
        if not self._holding:
            raise KeyboardInterrupt
        self._pending = True
