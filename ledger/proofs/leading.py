"""Leads a checkpoint down to an older block by the headers between, so that it vouches for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from ledger.errors import MalformedValue
from ledger.proofs.header import encode_header
from ledger.proofs.signed import MOST_HEADERS, SignedCheckpoint


class _Block(Protocol):
    @property
    def header(self) -> Mapping[str, Any]: ...


class HeaderSource(Protocol):
    """A node of the ledger's chain."""

    def fetch_block(self, block: int | str | bytes, /) -> _Block: ...


def lead_down(source: HeaderSource, signed: SignedCheckpoint, block: int) -> SignedCheckpoint:
    """The checkpoint with the headers from its own block down to the child of that one.

    They are to be verified: nothing of what the node says is believed.

    Raises:
        MalformedValue: the checkpoint is older than the block, or too much younger.
        NodeError: the node knows no such blocks, or not their headers.
    """
    number = signed.checkpoint.block_number
    if not number - MOST_HEADERS <= block <= number:
        raise MalformedValue(
            field="block",
            value=block,
            wanted=f"one that the checkpoint of block {number} can vouch for: up to"
            f" {MOST_HEADERS} blocks before it",
        )
    blocks = [source.fetch_block(one) for one in range(number, block, -1)]
    return replace(signed, headers=tuple([encode_header(one.header) for one in blocks]))
