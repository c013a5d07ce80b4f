"""The ledger itself: entries, organisations, operations, and how it is doing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import (
    EXAMPLE_ADDRESS,
    EXAMPLE_DID,
    EXAMPLE_OPERATION,
    Address,
    Answer,
    AsOf,
    Hash,
    Moment,
    Request,
)
from api.schemas.kinds import KindWord
from api.schemas.receipts import GivenReceipt

StateWord = Literal["queued", "sent", "done", "final", "rejected"]
"""How far an operation is."""


class EntryAnswer(Answer):
    """One entry: an organisation did something to a subject, as its entry at `position`."""

    sequence: Annotated[int, Field(ge=1, description="its place in the whole ledger, from 1")]
    subject: Hash
    organisation: Annotated[Hash | None, Field(description="null where governance acted")]
    kind: KindWord
    position: Annotated[int, Field(ge=0)]
    actor: Annotated[Address, Field(description="the account that sent it")]
    at: Moment
    block: int
    transaction: Hash
    payload: Annotated[
        dict[str, Any],
        Field(
            description="the kind's own fields; bytes as hex",
            examples=[{"content_hash": "0x2b7e…0cfe"}],
        ),
    ]
    content_hash: Annotated[Hash | None, Field(description="of the document it points at")]
    document: Annotated[str | None, Field(description="where you may read it; null: you may not")]
    head: Annotated[Hash, Field(description="the subject's head after this entry")]


class Entries(Answer):
    """A page of entries; the header Link leads to the next one (RFC 8288)."""

    items: list[EntryAnswer]
    as_of: AsOf


class EnrolOrganisation(Request):
    """Enrol an organisation and give it a key."""

    did: Annotated[
        str,
        Field(
            min_length=7,
            max_length=2048,
            pattern=r"^did:[a-z0-9]+:[A-Za-z0-9._%:-]*[A-Za-z0-9._%-]$",
            description="its decentralised identifier (W3C DID Core, 3.1)",
            examples=[EXAMPLE_DID],
        ),
    ]
    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            examples=["Aurora Motors"],
        ),
    ]


class Enrolled(Answer):
    """The organisation is on its way; this is the only time its key is shown."""

    id: Hash
    did: str
    name: str
    address: Address
    api_key: Annotated[
        str | None,
        Field(
            description="null when a repeated request is answered again",
            examples=["al_k3w9x2pq_…"],
        ),
    ]
    operation: Annotated[str, Field(examples=[f"/v1/operations/{EXAMPLE_OPERATION}"])]
    receipt: GivenReceipt


class Organisation(Answer):
    """An organisation as its entries leave it."""

    id: Hash
    did: Annotated[str, Field(examples=[EXAMPLE_DID])]
    name: Annotated[str | None, Field(examples=["Aurora Motors"])]
    address: Annotated[Address, Field(description="holds its titles; stays when keys change")]
    active: bool
    accounts: list[Address]
    position: int
    head: Hash
    enrolled_at: Moment


class OneOrganisation(Organisation):
    """An organisation, and the block it is seen at."""

    as_of: AsOf


class Organisations(Answer):
    """A page of organisations; the header Link leads to the next one (RFC 8288)."""

    items: list[Organisation]
    as_of: AsOf


class OperationAnswer(Answer):
    """How far a request is on its way to the chain."""

    id: Annotated[str, Field(examples=[EXAMPLE_OPERATION])]
    organisation: Annotated[Hash | None, Field(description="who asked; null: the operator")]
    state: Annotated[
        StateWord, Field(description="`done`: its entry stands in the chain; `final`: for good")
    ]
    kind: KindWord
    subject: Hash
    position: Annotated[
        int, Field(description="of the entry; a prediction until it is sent, unless it was asked")
    ]
    lane: Annotated[
        str | None,
        Field(description="chain and sender", examples=[f"31337:{EXAMPLE_ADDRESS}"]),
    ]
    nonce: Annotated[int | None, Field(description="its transaction's, in its lane")]
    transaction: Annotated[Hash | None, Field(description="null until it is sent")]
    block: int | None
    reason: Annotated[
        dict[str, Any] | None,
        Field(
            description="why it was rejected, in the contract's words; `cancelled`: by whom",
            examples=[{"code": "AssetFrozen", "message": "AssetFrozen()", "values": {}}],
        ),
    ]
    accepted_at: Moment
    updated_at: Moment


class Operations(Answer):
    """A page of operations; the header Link leads to the next one (RFC 8288)."""

    items: list[OperationAnswer]


class BlockAnswer(Answer):
    """A block."""

    number: int
    hash: Hash


class OperationCounts(Answer):
    """How many operations stand where; each counted up to 50,000, which then means: or more."""

    queued: int
    sent: int
    done: int
    final: int
    rejected: int


class Queue(Answer):
    """What waits to be sent."""

    waiting: Annotated[int, Field(description="counted up to 50,000, which then means: or more")]
    oldest_seconds: Annotated[
        float | None, Field(description="for how long the first has waited", examples=[1.25])
    ]


class LaneAnswer(Answer):
    """The sequence of one sender's transactions."""

    id: Annotated[str, Field(examples=[f"31337:{EXAMPLE_ADDRESS}"])]
    role: Annotated[Literal["custodian", "governor"], Field(description="what it is for")]
    sender: Address
    chain_id: int
    next_nonce: int
    in_flight: Annotated[int, Field(description="transactions that are in no block yet")]
    oldest_seconds: Annotated[
        float | None, Field(description="age of the first that is in no block", examples=[0.4])
    ]
    halted: Annotated[str | None, Field(description="why nothing is sent, until it is released")]
    released: Annotated[bool, Field(description="it goes on as soon as that is safe")]
    held: Annotated[bool, Field(description="whether a submitter that runs works it")]


class Alarm(Answer):
    """Something that a person should know; it rests by itself once it is over."""

    code: Annotated[str, Field(examples=["insufficient_funds"])]
    about: Annotated[
        str | None,
        Field(
            description="lane, role or witness, if it is about one",
            examples=[f"31337:{EXAMPLE_ADDRESS}"],
        ),
    ]
    message: str
    needs: Annotated[
        str | None,
        Field(
            description="what a person should do; null: nothing, it heals by itself",
            examples=[f"send at least 21000000000000 wei to {EXAMPLE_ADDRESS} on chain 31337"],
        ),
    ]


class Status(Answer):
    """How the ledger is doing."""

    chain_id: int | None
    contract: Address | None
    domain: Hash | None
    block: Annotated[BlockAnswer | None, Field(description="newest block that is mirrored")]
    proven_block: Annotated[
        int | None, Field(description="up to here the entries fold to the chain's own ledger head")
    ]
    final_block: int | None
    ledger_head: Annotated[Hash | None, Field(description="rolling hash over every entry")]
    paused: Annotated[bool, Field(description="nothing is taken but acts of governance")]
    entries: int
    node_block: Annotated[int | None, Field(description="newest block that the node spoke of")]
    lag: Annotated[int | None, Field(description="blocks between node and mirror")]
    operations: OperationCounts
    queue: Queue
    lanes: list[LaneAnswer]
    alarms: list[Alarm]
    signer: Annotated[Address, Field(description="signs receipts and checkpoints of the service")]
    version: str


class Health(Answer):
    """Whether the service can do its work."""

    ready: bool
    reasons: list[str]
