"""Moves transactions and their operations along, each move in the caller's database transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select, update

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block, Receipt
from ledger.outbox.clock import now
from ledger.outbox.tables import Operation, State, Transaction, Travel, Version
from ledger.types import Hash32

_OPEN: Final = ("lane", "nonce", "state", "hash", "block_number", "block_hash")


@dataclass(frozen=True, slots=True)
class Open:
    """A transaction that is not settled for good, with the hashes of all its versions.

    `hash` is the version that was mined, else the newest.
    """

    lane: str
    nonce: int
    state: Travel
    hash: Hash32
    hashes: tuple[Hash32, ...]
    block_number: int | None
    block_hash: Hash32 | None


def find_open(session: Session, lanes: Collection[str], states: Collection[Travel]) -> list[Open]:
    """The transactions of these lanes in these states, in the order of their signing.

    That keeps each lane's order of nonces, and sends across lanes what others rely on first.
    """
    return _read(session, lanes, states, [col(Transaction.created_at), col(Transaction.nonce)])


def find_settled(session: Session, lanes: Collection[str], skip: int, limit: int) -> list[Open]:
    """Transactions settled for good, newest block first, after the first `skip` of them."""
    newest = [col(Transaction.block_number).desc(), col(Transaction.nonce).desc()]
    settled = [Travel.FINAL, Travel.VOID]
    return _read(session, lanes, settled, newest, skip=skip, limit=limit)


def find_next_unused(session: Session, lane: str) -> int:
    """The nonce after the last one of the lane that the chain has used, as far as we know."""
    used = select(Transaction.nonce).where(
        Transaction.lane == lane, Transaction.state != Travel.SIGNED
    )
    last = session.exec(used.order_by(col(Transaction.nonce).desc()).limit(1)).first()
    return 0 if last is None else last + 1


def fetch_receipts(rpc: RpcClient, asked: Sequence[Open]) -> dict[tuple[str, int], Receipt]:
    """Receipts by lane and nonce: that of any version counts."""
    versions = [(one, version) for one in asked for version in one.hashes]
    found = rpc.fetch_receipts([version for _, version in versions])
    return {
        (one.lane, one.nonce): receipt
        for (one, _), receipt in zip(versions, found, strict=True)
        if receipt is not None
    }


def get_operations(session: Session, lane: str, nonce: int) -> Sequence[Operation]:
    """The operations that a transaction carries, in its order."""
    carried = select(Operation).where(Operation.lane == lane, Operation.nonce == nonce)
    return session.exec(carried.order_by(col(Operation.index_in_transaction))).all()


def mark_mined(session: Session, moved: Open, receipt: Receipt, learned: Mapping[int, int]) -> None:
    """The transaction is in a block, and every entry that it was to write stands there.

    `learned` gives positions by sequence, where an operation learns its own only now.
    """
    _settle(session, moved, Travel.MINED, receipt)
    _move(session, moved, State.SENT, State.DONE, block_number=receipt.block_number)
    for sequence, position in learned.items():
        session.execute(
            update(Operation).where(col(Operation.sequence) == sequence).values(position=position)
        )


def mark_failed(session: Session, moved: Open, receipt: Receipt) -> None:
    """The transaction is in a block, in vain (status 0); its operations wait until that is final.

    To try them sooner could write an entry twice: were that block dropped, the same bytes might
    yet succeed.
    """
    _settle(session, moved, Travel.FAILED, receipt)


def mark_final(session: Session, moved: Open) -> None:
    """The transaction's block is final."""
    _travel(session, moved, Travel.FINAL)
    _move(session, moved, State.DONE, State.FINAL)


def mark_void(session: Session, moved: Open) -> None:
    """The transaction's failure is final; its operations queue again."""
    _travel(session, moved, Travel.VOID)
    _requeue(session, moved)


def mark_taken(session: Session, moved: Open, final: Block) -> None:
    """Its nonce went to another's transaction, as of a final block; its operations queue again."""
    _travel(session, moved, Travel.VOID, block_number=final.number, block_hash=final.hash)
    _requeue(session, moved)


def mark_lost(session: Session, moved: Open) -> None:
    """The transaction's block is no longer on the chain: the same bytes have to travel again."""
    _travel(session, moved, Travel.SIGNED, block_number=None, block_hash=None)
    for state in (State.DONE, State.FINAL):
        _move(session, moved, state, State.SENT, block_number=None)


def _read(
    session: Session,
    lanes: Collection[str],
    states: Collection[Travel],
    order: Sequence[Any],
    *,
    skip: int = 0,
    limit: int | None = None,
) -> list[Open]:
    columns = [getattr(Transaction, name) for name in _OPEN]
    chosen = (
        select(*columns)
        .where(col(Transaction.lane).in_(lanes), col(Transaction.state).in_(states))
        .order_by(*order)
        .offset(skip)
        .limit(limit)
    )
    rows = session.exec(chosen).all()
    versions: dict[tuple[str, int], list[Hash32]] = defaultdict(list)
    if rows:
        nonces = [row[1] for row in rows]
        signings = select(Version.lane, Version.nonce, Version.hash).where(
            col(Version.lane).in_(lanes), col(Version.nonce).between(min(nonces), max(nonces))
        )
        for lane, nonce, version in session.exec(signings):
            versions[lane, nonce].append(version)
    return [
        Open(lane, nonce, Travel(state), newest, tuple(versions[lane, nonce]), number, block)
        for lane, nonce, state, newest, number, block in rows
    ]


def _settle(session: Session, moved: Open, state: Travel, receipt: Receipt) -> None:
    _travel(
        session,
        moved,
        state,
        hash=receipt.transaction_hash,
        block_number=receipt.block_number,
        block_hash=receipt.block_hash,
    )


def _travel(session: Session, moved: Open, state: Travel, **values: object) -> None:
    session.execute(
        update(Transaction)
        .where(col(Transaction.lane) == moved.lane, col(Transaction.nonce) == moved.nonce)
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )


def _requeue(session: Session, moved: Open) -> None:
    nowhere = {"lane": None, "nonce": None, "index_in_transaction": None}
    _move(session, moved, State.SENT, State.QUEUED, **nowhere)


def _move(session: Session, moved: Open, before: State, after: State, **values: object) -> None:
    session.execute(
        update(Operation)
        .where(
            col(Operation.lane) == moved.lane,
            col(Operation.nonce) == moved.nonce,
            col(Operation.state) == before,
        )
        .values(state=after, updated_at=now(), **values)
        .execution_options(synchronize_session=False)
    )
