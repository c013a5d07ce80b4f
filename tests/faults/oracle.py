"""Reads the chain alone, and compares with it what outbox and mirror say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlmodel import select

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Log
from ledger.database.engine import reading
from ledger.domain.kinds import CONSEQUENCES, Kind
from ledger.domain.log import APPENDED_TOPIC, LoggedEntry, decode_appended
from ledger.mirror.follow import follow
from ledger.mirror.store import Store
from ledger.mirror.tables import MirrorRow
from ledger.outbox.operations import count_operations
from ledger.outbox.tables import Operation, State, Transaction, Travel
from ledger.proofs.layout import ledger_head_slot
from tests.faults.desk import Desk, Fate
from tests.faults.ground import Ground
from tests.mirror.mirroring import FinalUpTo, contents, never_waits

_UNASKED = {Kind.ACCOUNT_ADDED, Kind.FOUNDED, *CONSEQUENCES}
_Placed = tuple[Log, LoggedEntry]
_Said = tuple[bytes, bytes, int, bytes]


@dataclass
class Verdict:
    """What is wrong, in words; none if all is well."""

    operations: int = 0
    entries: int = 0
    rejected: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    diverged: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [
            f"{word}: {what}"
            for word in ("lost", "duplicated", "diverged")
            for what in getattr(self, word)
        ]


def is_settled(rpc: RpcClient, engine: Engine) -> bool:
    """Whether every operation is final or rejected, and the mirror as far as the chain."""
    with reading(engine) as session:
        counts = count_operations(session)
        mirror = session.exec(select(MirrorRow)).one()
    if counts[State.QUEUED] or counts[State.SENT] or counts[State.DONE]:
        return False
    return mirror.block_hash == rpc.fetch_block("latest").hash


def judge(rpc: RpcClient, engine: Engine, ground: Ground, desk: Desk) -> Verdict:
    """Compare operations, mirror and effects with the chain that stands now."""
    verdict = Verdict()
    logs = rpc.fetch_logs(ground.target.contract, [APPENDED_TOPIC])
    entries = [(log, decode_appended(log.topics, log.data)) for log in logs]
    verdict.entries = len(entries)
    verdict.duplicated += desk.doubled
    _judge_operations(engine, desk, entries, verdict)
    _judge_transactions(rpc, engine, verdict)
    _judge_mirror(rpc, engine, ground, entries, verdict)
    return verdict


def _judge_operations(engine: Engine, desk: Desk, entries: list[_Placed], v: Verdict) -> None:
    standing: dict[_Said, list[_Placed]] = {}
    for log, entry in entries:
        if entry.kind not in _UNASKED:
            key = entry.subject, entry.org, int(entry.kind), entry.payload
            standing.setdefault(key, []).append((log, entry))
    with reading(engine) as session:
        operations = session.exec(select(Operation)).all()
        transactions = {(t.lane, t.nonce): t for t in session.exec(select(Transaction))}
    v.operations = len(operations)
    if missing := desk.asked.keys() - {one.id for one in operations}:
        v.lost.append(f"accepted operations are gone: {missing}")
    for one in operations:
        same = standing.get(_said(one), [])
        found = next((each for each in same if each[1].position == one.position), None)
        told = f"{Kind(one.kind).label} {one.sequence} ({one.state}, position {one.position})"
        if one.state == State.REJECTED:
            _judge_rejected(one, desk.fate_of(one.id), told, v)
        elif found is None:
            v.lost.append(f"{told} does not stand there, but {[e.position for _, e in same]} do")
        else:
            same.remove(found)
            transaction = transactions.get((one.lane or "", one.nonce or 0))
            _judge_done(one, found, transaction, desk.fate_of(one.id), told, v)
    for said in standing:
        for _, entry in standing[said]:
            told = f"{entry.kind.label} at {entry.position} of 0x{entry.subject.hex()}"
            asked_for = any(_said(one) == said for one in operations)
            (v.duplicated if asked_for else v.diverged).append(f"{told} has no operation left")


def _said(one: Operation) -> _Said:
    return one.subject, one.org, one.kind, one.payload


def _judge_rejected(one: Operation, fate: Fate, told: str, v: Verdict) -> None:
    v.rejected += 1
    if not (one.reason or {}).get("code"):
        v.diverged.append(f"{told} is rejected without a reason")
    if fate is Fate.FINAL:
        v.lost.append(f"{told} was right, and is rejected: {one.reason}")


def _judge_done(
    one: Operation,
    found: _Placed,
    transaction: Transaction | None,
    fate: Fate,
    told: str,
    v: Verdict,
) -> None:
    log, entry = found
    said = one.state, one.position, one.block_number
    if said != (State.FINAL, entry.position, log.block_number):
        v.diverged.append(
            f"{told}, block {one.block_number}: is {entry.position} in block {log.block_number}"
        )
    carried = transaction and (transaction.hash, transaction.block_hash)
    if carried != (log.transaction_hash, log.block_hash):
        v.diverged.append(f"{told} names another transaction or block than its entry's")
    if fate is Fate.REJECTED:
        v.diverged.append(f"{told} was wrong, and stands")


def _judge_transactions(rpc: RpcClient, engine: Engine, v: Verdict) -> None:
    with reading(engine) as session:
        settled = session.exec(select(Transaction)).all()
    receipts = rpc.fetch_receipts([one.hash for one in settled])
    for one, receipt in zip(settled, receipts, strict=True):
        told = f"transaction {one.nonce} of {one.lane[-6:]} ({one.state})"
        if one.state == Travel.VOID and receipt is None:
            continue  # somebody else had its nonce
        if one.state not in (Travel.FINAL, Travel.VOID) or receipt is None:
            v.diverged.append(f"{told} did not settle: {receipt and receipt.block_number}")
        elif receipt.succeeded != (one.state == Travel.FINAL):
            v.diverged.append(f"{told} has status {receipt.succeeded}")


def _judge_mirror(
    rpc: RpcClient, engine: Engine, ground: Ground, entries: list[_Placed], v: Verdict
) -> None:
    with fresh_mirror(rpc, ground) as fresh:
        told, right = contents(Store(engine)), contents(fresh)
    for name in told:
        if told[name] != right[name]:
            v.diverged.append(f"mirror: {name}\n    {told[name]}\n    {right[name]}")
    with reading(engine) as session:
        row = session.exec(select(MirrorRow)).one()
    head = rpc.fetch_storage(ground.target.contract, ledger_head_slot(), row.block_hash)
    if (row.ledger_head, row.sequence) != (head, len(entries)):
        v.diverged.append(f"mirror: {row.sequence} entries, ledger head {row.ledger_head.hex()}")


@contextmanager
def fresh_mirror(rpc: RpcClient, ground: Ground) -> Iterator[Store]:
    """Another mirror, filled from the chain as it is now."""
    folder = ground.folder / "fresh"
    folder.mkdir()
    engine = ground.copy_database(folder)
    try:
        store = Store(engine)
        steps = follow(rpc, ground.target, store, FinalUpTo(), wait=never_waits, to_head=True)
        for step in steps:
            store.apply(step)
        yield store
    finally:
        engine.dispose()
        shutil.rmtree(folder)
