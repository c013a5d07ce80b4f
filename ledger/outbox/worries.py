"""Alarms about the transaction that all later ones of a lane wait for; each rests once it may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from ledger.database.engine import reading, writing
from ledger.outbox.alarms import clear_alarm, find_alarms, raise_alarm

INSUFFICIENT: Final = "insufficient_funds"
"""The sender cannot pay for the transaction."""

FEES_HIGH: Final = "fees_high"
"""Blocks cost more by now than the transaction offers."""

STUCK: Final = "stuck_transaction"
"""The chain has not taken the transaction for a long time."""

_CODES: Final = (INSUFFICIENT, FEES_HIGH, STUCK)


@dataclass(frozen=True, slots=True)
class Worry:
    """What is wrong with a transaction, and what it needs of a person (None: nothing)."""

    code: str
    message: str
    needs: str | None


@dataclass(slots=True)
class Worries:
    """Alarms of the lanes that are ours, as the database has them.

    What a former submitter raised is found there, and rests as soon as this one knows better.
    """

    engine: Engine
    lanes: Collection[str]
    _standing: dict[str, tuple[int | None, Worry | None]] = field(init=False)

    def __post_init__(self) -> None:
        ours = {_key(code, lane) for code in _CODES for lane in self.lanes}
        with reading(self.engine) as session:
            codes = [each.code for each in find_alarms(session)]
        self._standing = {code: (None, None) for code in codes if code in ours}

    def keep(self, firsts: Mapping[str, int]) -> None:
        """Let rest what was about other transactions than these: lanes with their first nonces."""
        over = [
            code
            for code, (nonce, _) in self._standing.items()
            if (first := firsts.get(code.partition(":")[2])) is None or nonce not in (None, first)
        ]
        self._clear(over)

    def tell(self, lane: str, nonce: int, worries: Collection[Worry]) -> list[Worry]:
        """Let exactly these alarms stand about a lane's first transaction; returns the new ones."""
        told = {_key(one.code, lane): one for one in worries}
        new = {code: one for code, one in told.items() if self._standing.get(code) != (nonce, one)}
        if new:
            with writing(self.engine) as session:
                for code, one in new.items():
                    raise_alarm(session, code, one.message, one.needs)
            self._standing |= {code: (nonce, one) for code, one in new.items()}
        mine = {_key(code, lane) for code in _CODES}
        self._clear([code for code in self._standing if code in mine - told.keys()])
        return list(new.values())

    def _clear(self, codes: Collection[str]) -> None:
        if not codes:
            return
        with writing(self.engine) as session:
            for code in codes:
                clear_alarm(session, code)
        for code in codes:
            del self._standing[code]


def _key(code: str, lane: str) -> str:
    return f"{code}:{lane}"
