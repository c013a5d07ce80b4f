"""Deliberate bugs, planted in this process, to show that the schedules bite.

Each is caught within `within` schedules, or the harness has gone blind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest.mock import patch

from ledger.database.engine import reading, writing
from ledger.errors import Refused
from ledger.outbox import care, once, reconcile, run, signing, simulation, submitter
from ledger.outbox.broadcast import Broadcaster
from ledger.outbox.lanes import Lease
from ledger.outbox.queue import _Unsettled
from ledger.outbox.reconcile import Reconciler
from ledger.outbox.signing import Signed
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import Lane, Operation, State, Transaction
from ledger.outbox.travels import mark_mined
from ledger.types import to_hex

Plant = tuple[object, str, Any]


@dataclass(frozen=True)
class Bug:
    """A mistake that somebody could have made: what stands in place of what is right."""

    name: str
    within: int
    plants: Sequence[Plant]

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for owner, name, wrong in self.plants:
                stack.enter_context(patch.object(owner, name, wrong))
            yield


# -- signing and sending ---------------------------------------------------------------------


def _send_first(self: Submitter, lane: Any, trial: Any, head: Any) -> None:
    fee = submitter.fetch_fee(self.rpc, head)
    with reading(self.engine) as session:
        nonce = session.get_one(Lane, lane.lease.lane).next_nonce
    contract = self.deployed.contract
    signed = signing._signed(
        lane.lease, nonce, lane.signer, contract, trial.calldata, trial.gas, fee
    )
    self.rpc.batch([("eth_sendRawTransaction", (to_hex(signed.raw),))])
    _SIGN_AND_SEND(self, lane, trial, head)


def _ask_for_nonce(self: Submitter, lane: Any, trial: Any, head: Any) -> None:
    nonce = self.rpc.fetch_nonce(lane.signer.address, "pending")
    with writing(self.engine) as session:
        session.get_one(Lane, lane.lease.lane).next_nonce = nonce
    _SIGN_AND_SEND(self, lane, trial, head)


def _replace_at_next(
    engine: Any, lease: Any, signer: Any, contract: bytes, nonce: int, fee: Any
) -> Signed:
    with reading(engine) as session:
        stored = session.get_one(Transaction, (lease.lane, nonce))
        calldata, gas = stored.calldata, stored.gas
    signed = signing._signed(lease, nonce + 1, signer, contract, calldata, gas, fee)
    signing._store_version(engine, lease, replace(signed, nonce=nonce), fee, calldata)
    return replace(signed, nonce=nonce)


def _places_as_foretold(session: Any, goes: Sequence[Any], lane: str, nonce: int) -> None:
    foretold = [session.get_one(Operation, one.sequence).position for one in goes]
    moved = [
        replace(one, entry=replace(one.entry, position=position))
        for one, position in zip(goes, foretold, strict=True)
    ]
    _GIVE_PLACES(session, moved, lane, nonce)


def _places_unseen(session: Any, goes: Sequence[Any], lane: str, nonce: int) -> None:
    for one in goes:
        session.get_one(Operation, one.sequence).state = State.QUEUED
    session.flush()
    _GIVE_PLACES(session, goes, lane, nonce)


def _acquire_always(engine: Any, lane: str, holder: str, seconds: float) -> Lease:
    with writing(engine) as session:
        row = session.get_one(Lane, lane)
        row.lease_holder, row.lease_until = holder, round(seconds * 1000)
        return Lease(lane, row.chain_id, row.lease_token)


def _due_once(self: Broadcaster, unknown: Sequence[Any]) -> list[Any]:
    return [one for one in unknown if (one.lane, one.nonce) not in self.flights]


# -- what became of it -----------------------------------------------------------------------


def _land_any(_: Reconciler, session: Any, one: Any, receipt: Any) -> None:
    mark_mined(session, one, receipt, {})


def _drop_none(_: Reconciler, in_block: list[Any]) -> list[Any]:
    return in_block


def _final_by_number(self: Reconciler, in_block: Sequence[Any]) -> None:
    final = self.finality.fetch_final_block(self.rpc)
    with self._writing() as session:
        for one in in_block:
            if one.block_number <= final:
                reconcile.mark_final(session, one)


def _refused_by_anything(error: Any) -> Refused:
    return _FIND_REFUSAL(error) or Refused("Failed", 0, {})


def _try_once(self: Submitter, lane: Any, waiting: Any, head: Any) -> Any:
    return self._try(lane, waiting, head)


def _nothing(*_: object, **__: object) -> None:
    """Leave it out."""


_SIGN_AND_SEND: Final = Submitter._sign_and_send
_GIVE_PLACES: Final = signing._give_places
_FIND_REFUSAL: Final = simulation.find_refusal
_always: Callable[..., bool] = lambda *_, **__: True  # noqa: E731

BUGS: Final = (
    Bug("sends before it persists", 400, [(Submitter, "_sign_and_send", _send_first)]),
    Bug("takes the node's pending nonce", 50, [(Submitter, "_sign_and_send", _ask_for_nonce)]),
    Bug("replaces at another nonce", 100, [(care, "sign_again", _replace_at_next)]),
    Bug("stores positions as foretold", 100, [(signing, "_give_places", _places_as_foretold)]),
    Bug(
        "works without a lease, and looks at nothing else",
        1000,
        [(run, "acquire", _acquire_always), (signing, "_give_places", _places_unseen)],
    ),
    Bug("sends what was lost no more", 50, [(Broadcaster, "due", _due_once)]),
    Bug("takes any receipt for done", 50, [(Reconciler, "_land_one", _land_any)]),
    Bug("never looks again at what is done", 50, [(Reconciler, "_drop_lost", _drop_none)]),
    Bug("takes a block's number for the block", 200, [(Reconciler, "_finalise", _final_by_number)]),
    Bug("never looks again at what is final", 50, [(Reconciler, "check_final", _always)]),
    Bug("rejects on any error", 50, [(simulation, "find_refusal", _refused_by_anything)]),
    Bug("rejects on an old block", 500, [(Submitter, "_try_surely", _try_once)]),
    Bug("sends to whatever chain answers", 200, [(submitter, "verify_chain", _nothing)]),
    Bug("lets what depends on others go", 50, [(_Unsettled, "let_through", lambda _, all_: all_)]),
    Bug(
        "ignores Idempotency-Keys",
        100,
        [(once, "find_answered", _nothing), (once, "_remember", _nothing)],
    ),
)
