"""Tables of what witnesses say about checkpoints, and of where it is anchored.

Columns ending in `_at` are milliseconds since 1970. Unlike the mirror's tables these are kept, and
cannot be made again.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class CheckpointSignature(SQLModel, table=True):
    """A witness's word for what the ledger was at a block; `org` is null where the service signed.

    One that signed two checkpoints of a block has two rows, which is an alarm. `signature` is null
    where a log on another chain told it.
    """

    __tablename__ = "checkpoint_signature"

    block_number: int = Field(sa_type=BigInteger, primary_key=True)
    witness: bytes = Field(sa_type=LargeBinary, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    block_hash: bytes = Field(sa_type=LargeBinary)
    ledger_head: bytes = Field(sa_type=LargeBinary)
    signature: bytes | None = Field(default=None, sa_type=LargeBinary)
    org: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: int = Field(sa_type=BigInteger)


class CheckpointAnchor(SQLModel, table=True):
    """A checkpoint as it stands in the log at an address of another chain."""

    __tablename__ = "checkpoint_anchor"

    block_number: int = Field(sa_type=BigInteger, primary_key=True)
    chain_id: int = Field(sa_type=BigInteger, primary_key=True)
    log: bytes = Field(sa_type=LargeBinary, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary)
    signatures: int = Field(sa_type=BigInteger)
    transaction_hash: bytes = Field(sa_type=LargeBinary)
    anchored_block: int = Field(sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)
