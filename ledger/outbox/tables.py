"""Tables of the outbox: who may ask, what was asked, and how it travels to the chain.

Columns ending in `_at` or `_until` are milliseconds since 1970; hashes, ids and addresses are
bytes. Only `block_number` and `nonce` are the chain's own numbers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from ledger.documents.packs import Place

_Sequence = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers INTEGER keys only


MOUNTS: Final = "kind IN (43, 44)"
"""The operations whose payload is a parent, in the words by which an index of them is found."""


class State(StrEnum):
    """How far an operation is: `queued → sent → done → final`, or `queued → rejected`.

    What is queued is rejected by the contract's rules, or cancelled; what is rejected may be
    queued again. A transaction that fails for good takes its operations back to `queued`, a
    reorganisation takes them from `done` or `final` to `sent`.
    """

    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    FINAL = "final"
    REJECTED = "rejected"


class Travel(StrEnum):
    """How far a transaction is: `signed → mined → final`, or `failed` (status 0) `→ void`.

    A failed one is void once its failure is final: only then may its operations try again. So is
    one whose nonce went to somebody else's transaction.
    """

    SIGNED = "signed"
    MINED = "mined"
    FAILED = "failed"
    FINAL = "final"
    VOID = "void"


class Role(StrEnum):
    """Which of the ledger's own accounts sends an operation."""

    CUSTODIAN = "custodian"
    GOVERNOR = "governor"


class Tenant(SQLModel, table=True):
    """An organisation that is served here: it was enrolled through this service."""

    __tablename__ = "tenant"

    org: bytes = Field(sa_type=LargeBinary, primary_key=True)
    did: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    operation: str = Field(sa_type=Text)
    created_at: int = Field(sa_type=BigInteger)


class ApiKey(SQLModel, table=True):
    """A key to the API; `org` is null for the operator's, `roles` words with blanks between.

    `replaces` names the key that this one was made to follow, `account` the wallet that signed in
    for it. `last_used_at` is coarse: it may be an hour old.
    """

    __tablename__ = "api_key"

    prefix: str = Field(sa_type=Text, primary_key=True)
    secret_hash: bytes = Field(sa_type=LargeBinary)
    org: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    roles: str = Field(sa_type=Text)
    name: str | None = Field(default=None, sa_type=Text)
    replaces: str | None = Field(default=None, sa_type=Text)
    account: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int | None = Field(default=None, sa_type=BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=BigInteger)
    last_used_at: int | None = Field(default=None, sa_type=BigInteger)


class Document(SQLModel, table=True):
    """A document that was accepted, whom it is about, and where its bytes lie in the store.

    `data_class` is null of what is ordinary; else it is not to leave the `jurisdiction`.
    """

    __tablename__ = "document"

    content_hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    org: bytes = Field(sa_type=LargeBinary)
    subject: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    size: int = Field(sa_type=BigInteger)
    media_type: str = Field(sa_type=Text)
    pack: str = Field(sa_type=Text)
    pack_offset: int = Field(sa_type=BigInteger)
    pack_length: int = Field(sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)
    data_class: str | None = Field(default=None, sa_type=Text)
    jurisdiction: str | None = Field(default=None, sa_type=Text)

    @property
    def place(self) -> Place:
        """Where the document lies in the store."""
        return Place(self.pack, self.pack_offset, self.pack_length)


class Registration(SQLModel, table=True):
    """An organisation's serial and the asset it stands for; a serial is given once."""

    __tablename__ = "registration"
    __table_args__ = (Index("ix_registration_serial", "serial"),)

    org: bytes = Field(sa_type=LargeBinary, primary_key=True)
    serial: str = Field(sa_type=Text, primary_key=True)
    asset: bytes = Field(sa_type=LargeBinary, unique=True)
    content_hash: bytes = Field(sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)
    operation: str = Field(sa_type=Text)


class BatchRegistration(SQLModel, table=True):
    """A batch that an organisation sent, `digest` being over its lines and attributes.

    One row, however many assets: their serials are found in the batch's own index.
    """

    __tablename__ = "batch_registration"
    __table_args__ = (UniqueConstraint("org", "digest"),)

    batch: bytes = Field(sa_type=LargeBinary, primary_key=True)
    org: bytes = Field(sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)
    name: str | None = Field(default=None, sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    operation: str = Field(sa_type=Text)
    created_at: int = Field(sa_type=BigInteger)
    data_class: str | None = Field(default=None, sa_type=Text)
    jurisdiction: str | None = Field(default=None, sa_type=Text)


class Request(SQLModel, table=True):
    """An Idempotency-Key that was used, for what, and what came of it; kept for ever."""

    __tablename__ = "request"

    org: bytes = Field(sa_type=LargeBinary, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary)
    operation: str = Field(sa_type=Text)
    created_at: int = Field(sa_type=BigInteger)


class Operation(SQLModel, table=True):
    """A request on its way to the chain: one entry.

    `org` is zero where governance acts. `position` is a prediction until the operation is sent,
    unless `position_fixed`. `lane`, `nonce` and `index_in_transaction` name its place in a
    transaction, and stand once it is sent. `signing` and `receipt_index` name the receipt that was
    given, `promised` the position that it tells; null: it is from before receipts were given.
    `actor`, `deadline` (seconds since 1970) and `signature` stand where a wallet signed the entry,
    which is then relayed and not ours.
    """

    __tablename__ = "operation"
    __table_args__ = (
        Index("ix_operation_queue", "state", "role", "sequence"),
        Index("ix_operation_turn", "state", "role", "org", "sequence"),
        Index("ix_operation_subject", "subject", "position"),
        Index("ix_operation_transaction", "lane", "nonce"),
        Index(
            "ix_operation_parent",
            *("payload", "sequence"),
            sqlite_where=text(MOUNTS),
            postgresql_where=text(MOUNTS),
        ),
    )

    sequence: int | None = Field(default=None, sa_type=_Sequence, primary_key=True)
    id: str = Field(sa_type=Text, unique=True)
    org: bytes = Field(sa_type=LargeBinary)
    role: str = Field(sa_type=Text)
    kind: int = Field(sa_type=Integer)
    subject: bytes = Field(sa_type=LargeBinary)
    position: int = Field(sa_type=BigInteger)
    position_fixed: bool
    payload: bytes = Field(sa_type=LargeBinary)
    state: str = Field(default=State.QUEUED, sa_type=Text)
    reason: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    lane: str | None = Field(default=None, sa_type=Text)
    nonce: int | None = Field(default=None, sa_type=BigInteger)
    index_in_transaction: int | None = Field(default=None, sa_type=Integer)
    block_number: int | None = Field(default=None, sa_type=BigInteger)
    accepted_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)
    signing: int | None = Field(default=None, sa_type=BigInteger)
    receipt_index: int | None = Field(default=None, sa_type=Integer)
    promised: int | None = Field(default=None, sa_type=BigInteger)
    actor: bytes | None = Field(default=None, sa_type=LargeBinary)
    deadline: int | None = Field(default=None, sa_type=BigInteger)
    signature: bytes | None = Field(default=None, sa_type=LargeBinary)


class ReceiptSigning(SQLModel, table=True):
    """One signature over receipts that were given together; `leaves` are their hashes, joined."""

    __tablename__ = "receipt_signing"

    id: int | None = Field(default=None, sa_type=_Sequence, primary_key=True)
    domain: bytes = Field(sa_type=LargeBinary)
    leaves: bytes = Field(sa_type=LargeBinary)
    signer: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    created_at: int = Field(sa_type=BigInteger)


class Lane(SQLModel, table=True):
    """The sequence of transactions of one sender on one chain; its id is "<chain>:0x<sender>".

    Whoever holds the lease may sign, and proves it with `lease_token`: the token grows with each
    holder, so a former holder that wakes up late cannot write. `halted` says why nothing is sent,
    `released` that a person lets it go on.
    """

    __tablename__ = "lane"
    __table_args__ = (UniqueConstraint("chain_id", "sender"),)

    id: str = Field(sa_type=Text, primary_key=True)
    role: str = Field(sa_type=Text)
    chain_id: int = Field(sa_type=BigInteger)
    sender: bytes = Field(sa_type=LargeBinary)
    next_nonce: int = Field(sa_type=BigInteger)
    halted: str | None = Field(default=None, sa_type=Text)
    released: bool = False
    lease_holder: str | None = Field(default=None, sa_type=Text)
    lease_token: int = Field(default=0, sa_type=BigInteger)
    lease_until: int = Field(default=0, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)


class Transaction(SQLModel, table=True):
    """What a lane sends under one nonce; its signed bytes are its `Version`s.

    `hash` is the version that was mined, else the newest. `block_hash` and `block_number` are
    those of its receipt.
    """

    __tablename__ = "transaction"
    __table_args__ = (Index("ix_transaction_state", "state", "block_number"),)

    lane: str = Field(sa_type=Text, primary_key=True)
    nonce: int = Field(sa_type=BigInteger, primary_key=True)
    state: str = Field(default=Travel.SIGNED, sa_type=Text)
    hash: bytes = Field(sa_type=LargeBinary)
    calldata: bytes = Field(sa_type=LargeBinary)
    gas: int = Field(sa_type=BigInteger)
    block_number: int | None = Field(default=None, sa_type=BigInteger)
    block_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: int = Field(sa_type=BigInteger)


class Version(SQLModel, table=True):
    """One signing of a transaction: the same nonce and calldata, at its own fee (wei per gas)."""

    __tablename__ = "version"
    __table_args__ = (Index("ix_version_transaction", "lane", "nonce"),)

    hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    lane: str = Field(sa_type=Text)
    nonce: int = Field(sa_type=BigInteger)
    raw: bytes = Field(sa_type=LargeBinary)
    max_fee: int = Field(sa_type=BigInteger)
    tip: int = Field(sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)


class Alarm(SQLModel, table=True):
    """Something that a person should know; standing while `cleared_at` is null.

    `needs` says what that person should do; null: nothing, it heals by itself. `code` is followed
    by `:` and what the alarm is about, if there may be several of its kind.
    """

    __tablename__ = "alarm"

    code: str = Field(sa_type=Text, primary_key=True)
    message: str = Field(sa_type=Text)
    raised_at: int = Field(sa_type=BigInteger)
    cleared_at: int | None = Field(default=None, sa_type=BigInteger)
    needs: str | None = Field(default=None, sa_type=Text)
