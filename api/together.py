"""Has entries that come at the same time judged together, and accepted by one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool

from api.acceptance import Taken
from api.acts import Sent, judge_acts
from api.appending import take_all
from api.deps import Service
from api.gathering import Gatherer
from api.judging import Judged

MOST: Final = 100
"""Entries that are accepted together, so that no other writer waits for long."""


class Together:
    """Where single entries about assets gather: one for each process."""

    def __init__(self, service: Service) -> None:
        self._service = service
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
            await run_in_threadpool(found.require_fitting, self._service)
            found = await self._gatherer.ask(found.fitted())
        return found

    def _take(self, asked: Sequence[Sent | Judged]) -> Sequence[Taken | Judged | Exception]:
        """Judge what was not judged yet, and accept all whose documents fit."""
        judged = iter(judge_acts(self._service, [one for one in asked if isinstance(one, Sent)]))
        found = [next(judged) if isinstance(one, Sent) else one for one in asked]
        ready = [one for one in found if isinstance(one, Judged) and one.fits]
        accepted = iter(take_all(self._service, ready))
        return [next(accepted) if isinstance(one, Judged) and one.fits else one for one in found]
