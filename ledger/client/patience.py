"""How long to go on asking: what to do after each answer, or none, whoever does the waiting."""

from __future__ import annotations

import email.utils
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

import httpx

from ledger.client.problems import ApiUnavailable, read_problem

BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now, ask again."""

FULL: Final = frozenset({"too_many_waiting", "queue_full"})
"""Problems of a service that is well, and has no room yet: nothing was accepted."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0


@dataclass(slots=True)
class Patience:
    """What is left of it for one request to the service at `url`; neither sends nor sleeps.

    `away` is for how many seconds the service may be gone or busy, `full` for how many it may have
    no room in its queue.
    """

    url: str
    away: float
    full: float
    _began: float = field(default_factory=time.monotonic, init=False)
    _heard: float = field(default_factory=time.monotonic, init=False)
    _pause: float = field(default=FIRST_PAUSE, init=False)

    def judge(self, outcome: httpx.Response | httpx.TransportError) -> httpx.Response | float:
        """The answer, if it is one; else for how many seconds to stay away before asking again.

        Raises:
            ApiProblem: the service refused.
            ApiUnavailable: there was no answer within our patience.
        """
        if isinstance(outcome, httpx.Response) and outcome.is_success:
            return outcome
        return self.rest(outcome)

    def rest(self, outcome: httpx.Response | httpx.TransportError) -> float:
        """For how many seconds to stay away after what is no answer. Raises as `judge` does."""
        if isinstance(outcome, httpx.TransportError):
            return self._rest(f"{type(outcome).__name__}: {outcome}")
        problem = read_problem(outcome)
        if outcome.status_code not in BUSY:
            raise problem
        return self._rest(str(problem), retry_after(outcome), full=problem.code in FULL)

    def _rest(self, trouble: str, asked: float | None = None, *, full: bool = False) -> float:
        deadline = self._began + self.full if full else self._heard + self.away
        chosen = _jittered(self._pause, asked)
        if time.monotonic() + chosen > deadline:
            raise self.give_up(trouble, full=full)
        if full:  # it is well, and has its own time to be away in again
            self._heard, self._pause = time.monotonic() + chosen, FIRST_PAUSE
        else:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return chosen

    def give_up(self, trouble: str, *, full: bool = False) -> ApiUnavailable:
        """What is raised when there is to be no further attempt."""
        return ApiUnavailable(
            f"{self.url} {'has no room' if full else 'does not answer'}: {trouble}",
            url=self.url,
            trouble=trouble,
        )


def _jittered(pause: float, asked: float | None) -> float:
    """Seconds to stay away: never less than asked, and not the same for everybody."""
    dice = secrets.randbelow(500) / 1000
    return pause * (0.75 + dice) if asked is None else asked + min(asked, LONGEST_PAUSE) * dice


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks us to stay away (RFC 9110, 10.2.3), or None."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())
