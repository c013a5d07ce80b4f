"""Has entries that come at the same time judged together, and accepted by one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from anyio import CapacityLimiter, to_thread

from api.acceptance import Taken
from api.acts import Sent, judge_acts
from api.appending import take_all
from api.deps import Service
from api.errors import unavailable
from api.gathering import Gatherer
from api.judging import Judged

MOST: Final = 100
"""Entries that are accepted together, so that no other writer waits for long."""


PATIENCE: Final = 20.0
"""Seconds that a request waits for documents of others to be held against their schemas."""

_FITTED: Final = 4
"""Documents that threads hold against schemas at once: more than there are processes for it."""


class Together:
    """Where single entries about assets gather: one for each process."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._fitting = CapacityLimiter(_FITTED)
        self._gatherer = Gatherer[Sent | Judged, Taken | Judged](self._take, MOST)

    async def append(self, sent: Sent) -> Taken:
        """Take in an entry about an asset.

        Raises:
            DocumentError: the document cannot be accepted.
            UnknownThing: the request names something that nobody knows.
            Problem: the asset is not known, not the caller's, or has moved on; the ledger would
                refuse; the document does not fit; there is no room.
            WrongPosition, IdempotencyConflict: it contradicts an earlier request.
        """
        found = await self._gatherer.ask(sent)
        while isinstance(found, Judged):  # by a schema, which may take long: nobody else waits
            await self._require_fitting(found)
            found = await self._gatherer.ask(found.fitted())
        return found

    async def _require_fitting(self, judged: Judged) -> None:
        """Hold a document against a schema; to wait for one's turn takes up no thread."""
        try:
            async with asyncio.timeout(PATIENCE):
                await to_thread.run_sync(
                    judged.require_fitting, self._service, limiter=self._fitting
                )
        except TimeoutError:
            raise unavailable("the processes that validate by schemas are busy") from None

    def _take(self, asked: Sequence[Sent | Judged]) -> Sequence[Taken | Judged | Exception]:
        """Judge what was not judged yet, and accept all whose documents fit."""
        judged = iter(judge_acts(self._service, [one for one in asked if isinstance(one, Sent)]))
        found = [next(judged) if isinstance(one, Sent) else one for one in asked]
        ready = [one for one in found if isinstance(one, Judged) and one.fits]
        accepted = iter(take_all(self._service, ready))
        return [next(accepted) if isinstance(one, Judged) and one.fits else one for one in found]
