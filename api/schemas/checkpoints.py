"""Checkpoints: what the ledger was at a block, and who signed that."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.schemas.base import Address, Answer, AsOf, Hash, HashInput, Moment, Request
from api.schemas.receipts import EXAMPLE_SIGNATURE, Signature
from ledger.errors import MalformedValue
from ledger.signatures import LENGTH, decode_signature
from ledger.types import parse_hex


def _signature(value: object) -> bytes:
    try:
        raw = parse_hex(value, size=LENGTH)
        decode_signature(raw)
    except MalformedValue as error:
        raise ValueError(f"must be {error.fields['wanted']}") from None
    return raw


SignatureInput = Annotated[
    bytes,
    BeforeValidator(_signature),
    WithJsonSchema(
        {"type": "string", "pattern": "^0x[0-9a-fA-F]{130}$", "examples": [EXAMPLE_SIGNATURE]}
    ),
]


class SignCheckpoint(Request):
    """A member's word for a checkpoint: what it signed, by one of its accounts (EIP-712)."""

    block_hash: HashInput
    ledger_head: HashInput
    signature: SignatureInput


class WordAnswer(Answer):
    """One witness's word."""

    witness: Address
    organisation: Annotated[Hash | None, Field(description="whose account; null: the service")]
    block_hash: Hash
    ledger_head: Hash
    signature: Annotated[
        Signature | None, Field(description="null: told by the log on another chain")
    ]
    agrees: Annotated[bool, Field(description="whether it is of this very checkpoint")]
    signed_at: Annotated[Moment, Field(description="when it came here")]


class AnchorAnswer(Answer):
    """Where a checkpoint stands on another chain."""

    chain_id: int
    log: Annotated[Address, Field(description="the CheckpointLog there")]
    transaction: Hash
    block: Annotated[int, Field(description="of that chain")]
    signatures: Annotated[int, Field(description="that were taken there")]
    anchored_at: Moment


class CheckpointAnswer(Answer):
    """What the ledger was at a final block, and who says so.

    `digest` is what witnesses sign: EIP-712, `Checkpoint(bytes32 domain,uint64 blockNumber,bytes32
    blockHash,bytes32 ledgerHead)`, domain name "AssetLedgerCheckpoint", version "1".
    """

    domain: Annotated[Hash, Field(description="of the ledger: binds chain and contract")]
    block_number: int
    block_hash: Hash
    ledger_head: Hash
    digest: Hash
    entries: Annotated[int, Field(description="of the whole ledger, up to that block")]
    timestamp: Annotated[Moment, Field(description="the block's")]
    made_at: Moment
    signatures: list[WordAnswer]
    anchors: list[AnchorAnswer]
    file: Annotated[str, Field(examples=["/v1/checkpoints/4711/file"])]


class Checkpoints(Answer):
    """A page of checkpoints; the header Link leads to the next one (RFC 8288)."""

    items: list[CheckpointAnswer]
    as_of: AsOf


class CheckpointFile(Answer):
    """A checkpoint's file, which `checkpoint sign` and `verify --checkpoint` take."""

    format: Literal["asset-ledger-checkpoint/1"]
    domain: Hash
    block_number: int
    block_hash: Hash
    ledger_head: Hash
    signatures: list[Signature]
