"""Waits until nothing that was accepted is on its way any more."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from ledger.client import AsyncClient, OperationAnswer
from ledger.client.answers import SETTLED
from ledger.client.operations import AT_ONCE
from scripts.bench.clustering.acting import Sent
from scripts.bench.writing.system import BenchError

_LOOK_EVERY: Final = 0.5
_TELL_EVERY: Final = 5.0
_STUCK: Final = 180.0


async def settle(
    clients: Sequence[AsyncClient], sent: Sequence[Sent], say: Callable[[str], None]
) -> dict[str, OperationAnswer]:
    """How each operation ended, by its id: final or rejected.

    Raises:
        BenchError: none came to its end for minutes, or one is not known to who asked for it.
    """
    left: defaultdict[int, list[str]] = defaultdict(list)
    for one in sent:
        left[one.by].append(one.operation)
    ended: dict[str, OperationAnswer] = {}
    moved = told = time.monotonic()
    while len(ended) < len(sent):
        before = len(ended)
        found = await asyncio.gather(*(_look(clients[by], ids) for by, ids in left.items() if ids))
        for answer in (answer for answers in found for answer in answers):
            if answer.state in SETTLED["final"]:
                ended[answer.id] = answer
        for by, ids in left.items():
            left[by] = [one for one in ids if one not in ended]
        now = time.monotonic()
        moved = now if len(ended) > before else moved
        if now > moved + _STUCK:
            raise BenchError(f"{len(sent) - len(ended)} operations do not become final")
        if now > told + _TELL_EVERY:
            say(f"{len(ended):,} of {len(sent):,} operations at their end")
            told = now
        if len(ended) < len(sent):
            await asyncio.sleep(_LOOK_EVERY)
    return ended


async def _look(client: AsyncClient, ids: Sequence[str]) -> list[OperationAnswer]:
    """The oldest of them, as many as one answer tells."""
    asked = ids[:AT_ONCE]
    found = await client.find_operations(asked)
    if len(found) != len(asked):
        unknown = set(asked) - {one.id for one in found}
        raise BenchError(f"of {len(asked)} operations, {len(unknown)} are unknown: {min(unknown)}")
    return found
