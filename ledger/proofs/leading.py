"""Leads a checkpoint down to an older block by the headers between, so that it vouches for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from ledger.errors import LedgerError, MalformedValue, NodeUnavailable
from ledger.proofs.header import encode_header
from ledger.proofs.signed import MOST_HEADERS, SignedCheckpoint


class HeaderSource(Protocol):
    """A node of the ledger's chain."""

    def fetch_batch(self, calls: Sequence[tuple[str, Sequence[object]]], /) -> list[Any]: ...


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
    asked = [("eth_getBlockByNumber", (hex(one), False)) for one in range(number, block, -1)]
    headers = [_encode(answer) for answer in source.fetch_batch(asked)]
    return replace(signed, headers=tuple(headers))


def _encode(answer: Any) -> bytes:
    if isinstance(answer, LedgerError):
        raise answer
    if not isinstance(answer, dict):
        raise NodeUnavailable("the node knows no such block", method="eth_getBlockByNumber")
    return encode_header(answer)
