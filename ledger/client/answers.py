"""What the API answers, as types; hashes and addresses stay 0x-hex, as JSON has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, TypeAlias

TIME: Final = "time"
"""Marks a text that is a moment, so that tables can hold it as one."""

Time: TypeAlias = Annotated[str, TIME]
"""A moment (RFC 3339, UTC), as JSON has it."""

OperationState: TypeAlias = Literal["queued", "sent", "done", "final", "rejected"]

SETTLED: Final[dict[str, frozenset[str]]] = {
    "accepted": frozenset({"queued", "sent", "done", "final", "rejected"}),
    "done": frozenset({"done", "final", "rejected"}),
    "final": frozenset({"final", "rejected"}),
}
"""For each thing that one may wait for: the states in which the waiting is over."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """The block that an answer is true at."""

    block: int
    hash: str
    finality: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry on its way to the chain; `repeated`: the service had accepted it before."""

    id: str
    position: int | None
    operation: str
    content_hash: str | None = None
    repeated: bool = False
    receipt: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One of many assets that were sent together: accepted, or `problem` says why not.

    `receipt` says where among the answer's receipts it stands.
    """

    index: int
    serial: str | None = None
    id: str | None = None
    content_hash: str | None = None
    operation: str | None = None
    repeated: bool = False
    problem: dict[str, Any] | None = None
    receipt: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """What became of many assets that were sent together.

    `receipts` has what the items' receipts share; `read_receipts` makes each of them.
    """

    items: list[BulkItem]
    receipts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new organisation; `api_key` is told once, and None when the request is repeated."""

    id: str
    did: str
    name: str
    address: str
    operation: str
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OrganisationAnswer:
    """An organisation as it stands."""

    id: str
    did: str
    name: str | None
    address: str
    active: bool
    position: int
    accounts: tuple[str, ...] = ()
    head: str | None = None
    enrolled_at: Time | None = None
    as_of: AsOf | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AssetAnswer:
    """An asset as it stands; `serial` is None to who may not see it."""

    id: str
    organisation: str
    owner: str
    asset_kind: str
    content_hash: str | None
    registered_content_hash: str | None
    position: int
    head: str
    frozen: bool
    stage: str = "planned"
    custodian: str | None = None
    operator: str | None = None
    lien_holder: str | None = None
    parent: str | None = None
    serial: str | None = None
    schema: str | None = None
    registered_at: Time | None = None
    updated_at: Time | None = None
    as_of: AsOf | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """One entry of the ledger; `sequence` counts all entries, `position` the subject's."""

    sequence: int
    subject: str
    organisation: str | None
    kind: str
    position: int
    actor: str
    at: Time
    block: int
    transaction: str
    head: str
    payload: dict[str, Any]
    content_hash: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class OperationAnswer:
    """How far a request has come on its way to the chain; `reason` says why it was rejected."""

    id: str
    state: OperationState
    kind: str
    organisation: str | None = None
    subject: str | None = None
    position: int | None = None
    lane: str | None = None
    nonce: int | None = None
    transaction: str | None = None
    block: int | None = None
    reason: Any = None
    accepted_at: Time | None = None
    updated_at: Time | None = None


@dataclass(frozen=True, slots=True)
class BlockAnswer:
    """The mirror's newest block."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class LaneAnswer:
    """The sequence of one sender's transactions; ages are in seconds."""

    id: str
    role: str
    sender: str
    next_nonce: int
    in_flight: int
    oldest_seconds: float | None
    halted: str | None
    released: bool
    held: bool


@dataclass(frozen=True, slots=True)
class AlarmAnswer:
    """Something that a person should know, and what it needs; None: nothing, it heals itself."""

    code: str
    message: str
    needs: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The service's state: how far the mirror is, and what waits."""

    chain_id: int
    contract: str
    block: BlockAnswer
    final_block: int | None
    ledger_head: str
    entries: int
    paused: bool = False
    lag: int | None = None
    operations: dict[str, int] = field(default_factory=dict)
    queue: dict[str, Any] = field(default_factory=dict)
    lanes: tuple[LaneAnswer, ...] = ()
    alarms: tuple[AlarmAnswer, ...] = ()
    version: str = ""
