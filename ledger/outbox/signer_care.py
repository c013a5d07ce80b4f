"""Waits for signers that do not sign: lane by lane, with an alarm that says what it needs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from ledger.chain.signers.errors import (
    SignerError,
    SignerRefused,
    SignerUnavailable,
    WrongAnswer,
)
from ledger.database.engine import reading, writing
from ledger.outbox.alarms import clear_alarm, find_alarms, raise_alarm
from ledger.outbox.pace import Pace
from ledger.outbox.signing import Signed

_log: Final = logging.getLogger("ledger.outbox")
_CODES: Final = tuple(each.code for each in (SignerUnavailable, SignerRefused, WrongAnswer))
# A signer that takes long to fail has a fifth of our time at most; the rest is other lanes'.
_REST: Final = 4


@dataclass(slots=True)
class SignerCare:
    """Has things signed. What is not signed was not written either: it is still to be done."""

    engine: Engine
    pace: Pace
    _resting: dict[str, float] = field(default_factory=dict, init=False)
    _standing: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        with reading(self.engine) as session:
            found = find_alarms(session)
        self._standing = {one.code: one.message for one in found if one.code.startswith(_CODES)}

    def rests(self, lane: str) -> bool:
        """Whether a lane's signer is left alone for now."""
        return time.monotonic() < self._resting.get(lane, 0.0)

    def attempt(self, lane: str, sign: Callable[[], Signed]) -> Signed | None:
        """What `sign` signs in a lane; None if its signer does not sign now, or rests."""
        if self.rests(lane):
            return None
        began = time.monotonic()
        try:
            signed = sign()
        except SignerError as error:
            ended = time.monotonic()
            self._resting[lane] = ended + max(self.pace.settle, _REST * (ended - began))
            self._tell(lane, error)
            return None
        self._clear(lane)
        return signed

    def _tell(self, lane: str, error: SignerError) -> None:
        """Let the newest reason stand, and no other; said again only where it is another."""
        code, message = f"{error.code}:{lane}", str(error)
        if self._standing.get(code) == message:
            return
        self._clear(lane, but=code)
        with writing(self.engine) as session:
            raise_alarm(session, code, message, error.advice)
        self._standing[code] = message
        _log.error("waits lane=%s: %s", lane, message)

    def _clear(self, lane: str, but: str = "") -> None:
        over = {f"{code}:{lane}" for code in _CODES} & self._standing.keys() - {but}
        if not over:
            return
        with writing(self.engine) as session:
            for code in over:
                clear_alarm(session, code)
        for code in over:
            del self._standing[code]
