"""A checkpoint with what speaks for it, as a file beside a bundle or inside of one.

A file is one JSON object: `format`, the checkpoint's `domain`, `block_number`, `block_hash` and
`ledger_head`, its `signatures`, and perhaps `headers` and an `anchor`. `headers` lead from the
checkpoint's block down to the block after the one that a bundle proves, each the parent of the one
before; there are none where the checkpoint is of that very block.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import JsonValue
from ledger.errors import MalformedValue, VerificationError
from ledger.hashing import keccak
from ledger.proofs.anchor import MOST_WITNESSES, Anchor, read_anchor
from ledger.proofs.checkpoint import MEMBERS, Checkpoint, read_checkpoint
from ledger.proofs.header import read_header
from ledger.proofs.members import load_file, read_all_bytes, read_object
from ledger.signatures import LENGTH
from ledger.types import Hash32, to_hex

FORMAT: Final = "asset-ledger-checkpoint/1"
"""How a checkpoint's file calls itself."""

MOST_HEADERS: Final = 1024
"""Blocks by which a checkpoint may be younger than what it speaks for."""


class NotDescended(VerificationError):
    """A checkpoint's block is neither the block in question nor one that follows it."""

    code = "not_descended"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint, its witnesses' signatures (65 bytes each), and other evidence for it."""

    checkpoint: Checkpoint
    signatures: tuple[bytes, ...]
    headers: tuple[bytes, ...] = ()
    anchor: Anchor | None = None

    def value(self) -> dict[str, JsonValue]:
        """The members as JSON; evidence that is not there is left out."""
        value = self.checkpoint.value() | {"signatures": [to_hex(one) for one in self.signatures]}
        if self.headers:
            value["headers"] = [to_hex(one) for one in self.headers]
        if self.anchor is not None:
            value["anchor"] = self.anchor.value()
        return value


def read_signed(
    value: JsonValue, field: str, *, others: frozenset[str] = frozenset()
) -> SignedCheckpoint:
    """Read a checkpoint and its evidence strictly. Raises MalformedValue."""
    optional = {"headers", "anchor"}
    members = read_object(value, MEMBERS | {"signatures"} | others, field, optional=optional)
    headers = members.get("headers", [])
    if headers == [] and "headers" in members:
        raise MalformedValue(field=f"{field}.headers", value=headers, wanted="left out if none")
    anchor = members.get("anchor")
    return SignedCheckpoint(
        checkpoint=read_checkpoint(members, field),
        signatures=read_all_bytes(
            members["signatures"], LENGTH, f"{field}.signatures", most=MOST_WITNESSES
        ),
        headers=read_all_bytes(headers, None, f"{field}.headers", most=MOST_HEADERS),
        anchor=None if anchor is None else read_anchor(anchor, f"{field}.anchor"),
    )


def decode_file(raw: bytes) -> SignedCheckpoint:
    """Read a checkpoint's file.

    Raises:
        DocumentError: it is no strict JSON.
        MalformedValue: a member is missing, unknown or malformed.
    """
    value = load_file(raw, FORMAT, "checkpoint")
    return read_signed(value, "checkpoint", others=frozenset({"format"}))


def encode_file(signed: SignedCheckpoint) -> bytes:
    """Write a checkpoint's file; the same gives the same bytes."""
    return (json.dumps({"format": FORMAT} | signed.value(), indent=2) + "\n").encode()


def verify_descent(signed: SignedCheckpoint, block_hash: Hash32, block_number: int) -> None:
    """Check that a checkpoint is of a block, or that its headers lead from its own down to it.

    Raises:
        NotDescended: a header is of another block than the one before it names, or they end
            elsewhere.
        RlpError: a header is none.
    """
    expected, number = signed.checkpoint.block_hash, signed.checkpoint.block_number
    for raw in signed.headers:
        _require_same(expected, keccak(raw))
        header = read_header(raw)
        if header.number != number:
            raise NotDescended(
                f"the header of {to_hex(expected)} is not of block {number}",
                expected=number,
                found=header.number,
            )
        expected, number = header.parent, number - 1
    _require_same(expected, block_hash)
    if number != block_number:
        raise NotDescended(
            f"the checkpoint's block number {signed.checkpoint.block_number} is not its block's",
            expected=block_number,
            found=number,
        )


def verify_ledger_head(signed: SignedCheckpoint, proven: Hash32) -> None:
    """Check that the ledger head that was signed is the one that the block's state holds.

    Of a checkpoint of a later block nothing can be said.

    Raises:
        VerificationError: they are two.
    """
    told = signed.checkpoint.ledger_head
    if not signed.headers and told != proven:
        raise VerificationError(
            "the checkpoint has another ledger head than the block's state holds",
            expected=to_hex(proven),
            found=to_hex(told),
        )


def _require_same(expected: Hash32, found: Hash32) -> None:
    if expected != found:
        raise NotDescended(
            f"the checkpoint speaks for block {to_hex(expected)}, not {to_hex(found)}",
            expected=to_hex(expected),
            found=to_hex(found),
        )
