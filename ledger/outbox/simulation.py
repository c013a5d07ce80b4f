"""Tries entries on the newest state before anything is signed: what may go, what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.chain.contract import (
    LedgerContract,
    encode_append,
    encode_append_signed,
    encode_enrol,
    encode_force_title,
    encode_freeze,
    encode_name_successor,
    encode_pause,
    encode_reinstate,
    encode_resume,
    encode_suspend,
    encode_unfreeze,
)
from ledger.chain.refusals import find_refusal
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block
from ledger.domain.entries import Entry
from ledger.domain.payloads import (
    Enrolled,
    Frozen,
    Paused,
    Reinstated,
    Resumed,
    SuccessorNamed,
    Suspended,
    TitleForced,
    Unfrozen,
    decode_payload,
)
from ledger.errors import LedgerError, MalformedValue, Refused, RpcError
from ledger.outbox.carrying import fitting, gas_limit
from ledger.outbox.clock import now
from ledger.outbox.pace import Pace
from ledger.outbox.queue import Waiting
from ledger.types import Address, Hash32, to_hex

_REFUSALS_AT_ONCE: Final = 20
_SOON: Final = 15  # seconds in which what is sent should be in a block


class NotNow(LedgerError):
    """Nothing that the sender has queued may go for now; no operation is to blame."""


class NotAuthorised(NotNow):
    """The sender lacks its role in the access manager."""

    code = "not_authorised"
    advice = "give the sender its role, at once (asset-ledger deploy apply does what the plan says)"


class LedgerPaused(NotNow):
    """The ledger takes nothing but acts of governance until it is resumed."""

    code = "ledger_paused"
    advice = "have a governor resume the ledger, once what it was paused for is over"


@dataclass(frozen=True, slots=True)
class Rejection:
    """An operation that the contract's rules forbid, and why (fit for JSON)."""

    waiting: Waiting
    reason: dict[str, object]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a simulation showed: what goes into the next transaction, and what never can.

    `elsewhere` are organisations for which not the sender may act, but these others of ours.
    """

    goes: tuple[Waiting, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    calldata: bytes = b""
    gas: int = 0
    elsewhere: Mapping[Hash32, frozenset[Address]] = field(default_factory=dict)


@dataclass(slots=True)
class Simulator:
    """Simulates one sender's calls to the ledger, as of a given block.

    `custodians` are the accounts that act here for organisations, and that new ones are given.
    """

    rpc: RpcClient
    contract: Address
    custodians: Sequence[Address]
    pace: Pace = field(default_factory=Pace)

    def try_entries(self, sender: Address, waiting: Sequence[Waiting], at: Block) -> Trial:
        """Find the longest part of `waiting` that one transaction can carry.

        Entries without a fixed position are moved to their subject's next one. What is neither
        in `goes` nor in `rejected` stays queued.

        An entry is not rejected for its sender while another of ours may act for its organisation.

        Raises:
            NodeUnavailable, RpcError: the node did not say; nothing is known.
            NotAuthorised: the access manager does not let the sender act.
            LedgerPaused: governance has paused the ledger.
        """
        standing, rejected = _without_late(waiting, at)
        goes = fitting(standing, self.pace)
        elsewhere: dict[Hash32, frozenset[Address]] = {}
        for _ in range(3 * len(goes) + 3):
            if not goes:
                break
            calldata = encode_call(goes, self.custodians)
            gas = min(gas_limit(goes, calldata), self.pace.gas)
            refusal = self._find_refusal(sender, calldata, gas, at)
            if refusal is None:
                return Trial(tuple(goes), tuple(rejected), calldata, gas, elsewhere)
            if isinstance(refusal, int):
                gas_needed = refusal
                if gas_needed <= self.pace.gas:
                    return Trial(tuple(goes), tuple(rejected), calldata, gas_needed, elsewhere)
                goes = goes[: len(goes) // 2]
                continue
            if able := self._find_able(sender, goes, refusal, at):
                elsewhere |= able
                goes = [one for one in goes if one.entry.org not in able]
                continue
            goes = _without(goes, refusal, rejected)
            if len(rejected) >= _REFUSALS_AT_ONCE and refusal.index:
                # All before the refused one passed; the others wait for the next transaction.
                goes = goes[: refusal.index]
        return Trial((), tuple(rejected), elsewhere=elsewhere)

    def _find_able(
        self, sender: Address, goes: Sequence[Waiting], refusal: Refused, at: Block
    ) -> dict[Hash32, frozenset[Address]]:
        """Our other accounts that may act for an organisation for which the sender may not."""
        told = refusal.name == "NotAnAccount" and refusal.values.get("actor") == to_hex(sender)
        if not told or refusal.index is None:
            return {}
        org = goes[refusal.index].entry.org
        ledger = LedgerContract(self.rpc, self.contract)
        others = [one for one in self.custodians if one != sender]
        able = frozenset(one for one in others if ledger.fetch_is_account(org, one, at.hash))
        return {org: able} if able else {}

    def _find_refusal(
        self, sender: Address, calldata: bytes, gas: int, at: Block
    ) -> Refused | int | None:
        """Why the call is refused, or None; or how much more gas it takes than `gas`."""
        to, block = self.contract, at.hash  # by hash: a number may mean another block by now
        try:
            self.rpc.fetch_call(to, calldata, block, sender=sender, gas=gas)
        except RpcError as error:
            if refusal := find_refusal(error):
                return self._blame(refusal, sender)
        else:
            return None
        try:
            return self.rpc.fetch_gas(sender, to, calldata, block) * 5 // 4
        except RpcError as error:
            if refusal := find_refusal(error):
                return self._blame(refusal, sender)
            raise

    def _blame(self, refusal: Refused, sender: Address) -> Refused:
        if refusal.name.startswith("AccessManage"):
            raise NotAuthorised(
                f"the access manager does not let {to_hex(sender)} act: {refusal}",
                sender=to_hex(sender),
                refusal=refusal.name,
            )
        if refusal.name == "LedgerPaused":
            raise LedgerPaused("governance has paused the ledger: entries wait until it resumes")
        return refusal


def encode_call(goes: Sequence[Waiting], custodians: Sequence[Address]) -> bytes:
    """The call that writes these entries: governance has a function for each, others a batch."""
    entry = goes[0].entry
    if goes[0].leave is not None:
        leaves = [one.leave for one in goes if one.leave is not None]
        return encode_append_signed([one.entry for one in goes], leaves)
    if not goes[0].governs:
        return encode_append([one.entry for one in goes])
    match decode_payload(entry.kind, entry.payload):
        case Enrolled(did):
            return encode_enrol(did, custodians)
        case Suspended(reason):
            return encode_suspend(entry.subject, reason)
        case Reinstated(reason):
            return encode_reinstate(entry.subject, reason)
        case Frozen(reason):
            return encode_freeze(entry.subject, reason)
        case Unfrozen(reason):
            return encode_unfreeze(entry.subject, reason)
        case TitleForced(to, reason):
            return encode_force_title(entry.subject, to, reason)
        case Paused(reason):
            return encode_pause(reason)
        case Resumed(reason):
            return encode_resume(reason)
        case SuccessorNamed(successor, reason):
            return encode_name_successor(successor, reason)
        case _:
            raise MalformedValue(field="kind", value=entry.kind.label, wanted="governance's")


def _without_late(waiting: Sequence[Waiting], at: Block) -> tuple[list[Waiting], list[Rejection]]:
    """What may still come in time, and what wallets gave leave for until too soon.

    By our clock, too: the chain's own stands still while no block comes.
    """
    soon = max(at.timestamp, now() // 1000) + _SOON
    standing, late = list[Waiting](), list[Rejection]()
    for one in waiting:
        if one.leave is None or one.leave.deadline >= soon:
            standing.append(one)
            continue
        refusal = Refused("Expired", None, {"deadline": one.leave.deadline})
        late.append(Rejection(one, explain(refusal)))
    return standing, late


def _without(goes: list[Waiting], refusal: Refused, rejected: list[Rejection]) -> list[Waiting]:
    """What is left to try: the refused entry moved to its subject's next position, or taken out."""
    index = refusal.index
    if index is None or index >= len(goes):
        if len(goes) > 1:
            return goes[: len(goes) // 2]
        index = 0
    if refusal.name == "BadSignature" and index:
        # Those before may have left its contract too little gas to answer: it goes first next time.
        return goes[:index]
    refused, expected = goes[index], refusal.values.get("expected")
    movable = refusal.name == "WrongPosition" and not refused.fixed
    if movable and isinstance(expected, int) and expected > 0:
        return _moved(goes, index, expected)
    rejected.append(Rejection(refused, explain(refusal)))
    return goes[:index] + goes[index + 1 :]


def _moved(goes: list[Waiting], index: int, position: int) -> list[Waiting]:
    subject = goes[index].entry.subject
    moved = goes[:index]
    for one in goes[index:]:
        if one.entry.subject == subject:
            if not one.fixed:
                one = replace(one, entry=_at(one.entry, position))
            position += 1
        moved.append(one)
    return moved


def _at(entry: Entry, position: int) -> Entry:
    return replace(entry, position=position)


def explain(refusal: Refused) -> dict[str, object]:
    """A refusal as an operation's `reason` tells it."""
    return {"code": refusal.name, "message": str(refusal), "values": refusal.values}
