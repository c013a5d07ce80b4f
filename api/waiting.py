"""`Prefer: wait`: hold an answer until what was asked stands in the mirror (RFC 7240, 4.3)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import anyio
from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool

LONGEST: Final = 60
"""Seconds that a request may ask us to wait."""

_LOOK_EVERY: Final = 0.02
_AT_ONCE: Final = 8
_WAIT: Final = re.compile(
    r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9}(?:\.\d{1,3})?)"?\s*(?=[,;]|$)', re.IGNORECASE
)
_Found = TypeVar("_Found")
_waiters = 0


def read_wait(
    prefer: Annotated[
        str | None,
        Header(
            description=f"`wait=N`: up to N seconds (at most {LONGEST}) until it is on the ledger",
            examples=["wait=10"],
        ),
    ] = None,
) -> float | None:
    """Seconds that the client prefers to wait; a preference that we do not know is ignored."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), LONGEST) if found else None


Wait = Annotated[float | None, Depends(read_wait)]


async def wait_for(find: Callable[[], _Found], seconds: float) -> _Found:
    """What `find` finds within `seconds`; None if it finds nothing.

    It runs in a worker thread, and nothing is held between two looks.

    The more requests wait, the less often each one looks.
    """
    global _waiters
    until = time.monotonic() + seconds
    _waiters += 1
    try:
        while (found := await run_in_threadpool(find)) is None and time.monotonic() < until:
            await anyio.sleep(_LOOK_EVERY * max(1.0, _waiters / _AT_ONCE))
        return found
    finally:
        _waiters -= 1
