"""The naive loop: get logs, process each, add it to the session, as web3.py and SQLModel show it.

A client of its own: reads its job from standard input. Nothing is proven, and nothing would be
rolled back.
"""

from __future__ import annotations

import json
import sys
from typing import Any, ClassVar

from sqlmodel import BigInteger, Column, Field, Session, SQLModel, create_engine
from web3 import Web3

_BLOCKS = 25
_REGISTERED, _TRANSFERRED, _ACCEPTED, _TITLE_FORCED = 32, 38, 41, 66
_OWNER = bytes(32)


class Entry(SQLModel, table=True):
    """An entry, with its place on the chain."""

    __tablename__: ClassVar[Any] = "entry"

    block_number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    log_index: int = Field(primary_key=True)
    transaction_hash: bytes
    subject: bytes = Field(index=True)
    org: bytes = Field(index=True)
    kind: int
    position: int
    actor: str
    timestamp: int = Field(sa_column=Column(BigInteger))
    payload: bytes


class Owner(SQLModel, table=True):
    """Who owns an asset now."""

    __tablename__: ClassVar[Any] = "owner"

    asset: bytes = Field(primary_key=True)
    org: bytes = Field(index=True)


def main() -> None:
    """Mirror what the job says, a commit a range."""
    job = json.load(sys.stdin)
    engine = create_engine(job["database_url"])
    SQLModel.metadata.create_all(engine)
    w3 = Web3(Web3.HTTPProvider(job["rpc_url"]))
    address = Web3.to_checksum_address(job["contract"])
    ledger = w3.eth.contract(address=address, abi=job["abi"])
    event = ledger.events.Appended()
    with Session(engine) as session:
        for first in range(job["first"], job["last"] + 1, _BLOCKS):
            wanted: Any = {
                "address": address,
                "topics": [job["topic"]],
                "fromBlock": first,
                "toBlock": min(first + _BLOCKS - 1, job["last"]),
            }
            logs: Any = w3.eth.get_logs(wanted)
            for log in logs:
                add(session, event.process_log(log), log["blockTimestamp"])
            session.commit()


def add(session: Session, log: Any, timestamp: str) -> None:
    """Add an entry, and what it says of its subject's owner."""
    said = log["args"]
    session.add(
        Entry(
            block_number=log["blockNumber"],
            log_index=log["logIndex"],
            transaction_hash=bytes(log["transactionHash"]),
            subject=said["subject"],
            org=said["org"],
            kind=said["kind"],
            position=said["position"],
            actor=said["actor"],
            timestamp=int(timestamp, 16),
            payload=said["payload"],
        )
    )
    owner = find_owner(said["kind"], said["org"], said["payload"])
    if owner is not None:
        session.merge(Owner(asset=said["subject"], org=owner))


def find_owner(kind: int, org: bytes, payload: bytes) -> bytes | None:
    """Who owns the subject after an entry; None if that says nothing of it."""
    if kind in {_REGISTERED, _TRANSFERRED, _TITLE_FORCED}:
        return payload[:32]
    return org if kind == _ACCEPTED and payload == _OWNER else None


if __name__ == "__main__":
    main()
