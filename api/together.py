"""Has entries that come at the same time judged together, and accepted by one commit."""

from __future__ import annotations

from functools import partial
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
        self._judging = Gatherer[Sent, Taken | Judged](partial(judge_acts, service), MOST)
        self._taking = Gatherer[Judged, Taken](partial(take_all, service), MOST)

    async def append(self, sent: Sent) -> Taken:
        """Take in an entry about an asset.

        Raises:
            DocumentError: the document cannot be accepted.
            UnknownThing: the request names something that nobody knows.
            Problem: the asset is not known, not the caller's, or has moved on; the ledger would
                refuse; the document does not fit; there is no room.
            WrongPosition, IdempotencyConflict: it contradicts an earlier request.
        """
        judged = await self._judging.ask(sent)
        if isinstance(judged, Taken):
            return judged
        if judged.decided.text is not None:  # which may take long: the others do not wait for it
            await run_in_threadpool(judged.require_fitting, self._service)
        return await self._taking.ask(judged)
