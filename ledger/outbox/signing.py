"""The one database transaction in which nonce, positions, signature and bytes become durable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, bindparam
from sqlmodel import Session, col, select, update

from ledger.chain.signers.signer import Signer
from ledger.chain.signers.transaction import TransactionFields, verify_signed
from ledger.database.engine import reading, writing
from ledger.hashing import keccak
from ledger.outbox.clock import now
from ledger.outbox.failpoints import reach
from ledger.outbox.fees import Fee
from ledger.outbox.lanes import Lease, LeaseLost, change_lane
from ledger.outbox.queue import Waiting
from ledger.outbox.simulation import Rejection, Trial
from ledger.outbox.tables import Lane, Operation, State, Transaction, Version
from ledger.types import Address


@dataclass(frozen=True, slots=True)
class Signed:
    """A version of a transaction that is stored, and so may be broadcast."""

    lane: str
    nonce: int
    hash: bytes
    raw: bytes


def sign(
    engine: Engine, lease: Lease, signer: Signer, contract: Address, trial: Trial, fee: Fee
) -> Signed:
    """Sign the next transaction of a lane, and store nonce, positions and bytes in one go.

    Raises:
        LeaseLost: the lease is another's, or an operation is no longer queued.
    """
    with reading(engine) as session:
        nonce = session.get_one(Lane, lease.lane).next_nonce
    signed = _signed(lease, nonce, signer, contract, trial.calldata, trial.gas, fee)
    with writing(engine) as session:
        # Only the holder moves the nonce: with the lease still ours, it is what we read.
        change_lane(session, lease, next_nonce=nonce + 1)
        session.add(
            Transaction(
                lane=lease.lane,
                nonce=nonce,
                hash=signed.hash,
                calldata=trial.calldata,
                gas=trial.gas,
                created_at=now(),
            )
        )
        session.add(_version(signed, fee))
        _give_places(session, trial.goes, lease.lane, nonce)
        reach("before signing is committed")
    reach("after signing is committed")
    return signed


def sign_again(
    engine: Engine, lease: Lease, signer: Signer, contract: Address, nonce: int, fee: Fee
) -> Signed:
    """Sign a stored transaction once more, at a higher fee: same nonce, calldata and gas.

    Raises:
        LeaseLost: the lease is another's.
    """
    with reading(engine) as session:
        stored = session.get_one(Transaction, (lease.lane, nonce))
        calldata, gas = stored.calldata, stored.gas
    to = contract if calldata else signer.address
    signed = _signed(lease, nonce, signer, to, calldata, gas, fee)
    _store_version(engine, lease, signed, fee, calldata)
    return signed


def sign_empty(engine: Engine, lease: Lease, signer: Signer, nonce: int, fee: Fee) -> Signed:
    """Sign a transaction that does nothing under a nonce whose operations went another way.

    Raises:
        LeaseLost: the lease is another's.
    """
    with reading(engine) as session:
        gas = session.get_one(Transaction, (lease.lane, nonce)).gas
    signed = _signed(lease, nonce, signer, signer.address, b"", gas, fee)
    _store_version(engine, lease, signed, fee, b"")
    return signed


def _store_version(engine: Engine, lease: Lease, signed: Signed, fee: Fee, calldata: bytes) -> None:
    with writing(engine) as session:
        change_lane(session, lease)
        session.merge(_version(signed, fee))
        stored = session.get_one(Transaction, (lease.lane, signed.nonce))
        stored.hash, stored.calldata = signed.hash, calldata
        reach("before replacement is committed")
    reach("after replacement is committed")


def reject(engine: Engine, lease: Lease, rejected: Sequence[Rejection]) -> None:
    """Mark operations that the contract's rules forbid.

    Raises:
        LeaseLost: the lease is another's.
    """
    with writing(engine) as session:
        change_lane(session, lease)
        for one in rejected:
            session.execute(
                update(Operation)
                .where(
                    col(Operation.sequence) == one.waiting.sequence,
                    col(Operation.state) == State.QUEUED,
                )
                .values(state=State.REJECTED, reason=one.reason, updated_at=now())
            )


_PLACE: Final = (
    update(Operation.__table__)  # type: ignore[attr-defined]
    .where(col(Operation.sequence) == bindparam("at"))
    .values(
        state=State.SENT.value,
        position=bindparam("position"),
        lane=bindparam("lane"),
        nonce=bindparam("nonce"),
        index_in_transaction=bindparam("index"),
        updated_at=bindparam("time"),
    )
)


def _give_places(session: Session, goes: Sequence[Waiting], lane: str, nonce: int) -> None:
    sequences = [one.sequence for one in goes]
    queued = select(Operation.sequence).where(
        col(Operation.sequence).in_(sequences), Operation.state == State.QUEUED
    )
    if len(session.exec(queued.with_for_update()).all()) != len(goes):
        raise LeaseLost("an operation is no longer queued", lane=lane)
    time = now()
    session.connection().execute(
        _PLACE,
        [
            {
                "at": one.sequence,
                "position": one.entry.position,
                "lane": lane,
                "nonce": nonce,
                "index": index,
                "time": time,
            }
            for index, one in enumerate(goes)
        ],
    )


def _signed(
    lease: Lease,
    nonce: int,
    signer: Signer,
    contract: Address,
    calldata: bytes,
    gas: int,
    fee: Fee,
) -> Signed:
    asked = TransactionFields(
        chain_id=lease.chain_id,
        nonce=nonce,
        to=contract,
        data=calldata,
        gas=gas,
        max_fee_per_gas=fee.max_fee,
        max_priority_fee_per_gas=fee.tip,
    )
    raw = signer.sign_transaction(asked)
    verify_signed(raw, asked, signer.address)
    return Signed(lease.lane, nonce, keccak(raw), raw)


def _version(signed: Signed, fee: Fee) -> Version:
    return Version(
        hash=signed.hash,
        lane=signed.lane,
        nonce=signed.nonce,
        raw=signed.raw,
        max_fee=fee.max_fee,
        tip=fee.tip,
        created_at=now(),
    )
