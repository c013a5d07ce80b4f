"""The client's methods about the ledger itself: pause and resume it, name its successor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ledger.client.answers import Accepted, AsOf, EntryAnswer, Time
from ledger.client.bodies import JsonDocument, body_of
from ledger.client.flows import At, Flow, Listing, append, chosen, get, listing, method

_LEDGER: Final = "/v1/ledger"


@dataclass(frozen=True, slots=True)
class LedgerAnswer:
    """The ledger as its own entries leave it; `authority` is the contract that says who governs."""

    id: str
    authority: str
    paused: bool
    position: int
    head: str
    founded_at: Time
    successor: str | None = None
    as_of: AsOf | None = field(default=None, compare=False)


class LedgerCalls:
    """Writing needs the operator's key."""

    @method
    @staticmethod
    def append_to_ledger(
        kind: str,
        *,
        document: JsonDocument | None = None,
        successor: str | None = None,
        position: int | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> Flow[Accepted]:
        """Append an entry of governance: `paused`, `resumed`, `successor_named`."""
        body = body_of(document, kind=kind, successor=successor, position=position)
        return append(f"{_LEDGER}/entries", body, wait, idempotency_key)

    @method
    @staticmethod
    def get_ledger(*, at: At | None = None) -> Flow[LedgerAnswer]:
        """The ledger as it stands or stood. Raises ApiProblem."""
        return get(_LEDGER, LedgerAnswer, chosen(at=at))

    @listing
    @staticmethod
    def list_ledger_entries(
        *, at: At | None = None, page: int | None = None
    ) -> Listing[EntryAnswer]:
        """The entries about the ledger itself, oldest first."""
        return Listing(f"{_LEDGER}/entries", chosen(at=at, limit=page), EntryAnswer)

    @method
    @staticmethod
    def get_ledger_entry(position: int, *, at: At | None = None) -> Flow[EntryAnswer]:
        """The ledger's own entry at a position. Raises ApiProblem."""
        return get(f"{_LEDGER}/entries/{position}", EntryAnswer, chosen(at=at))
