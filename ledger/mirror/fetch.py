"""Asks the node for a range of blocks, and distrusts the answer's form.

Only what the ledger head proves is proven; here stand the checks that need no fold: that logs
are the contract's, in order, once each, and in the very blocks whose headers were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Block, Log, block_parameter, read_block
from ledger.domain.log import APPENDED_TOPIC, BadLog, LoggedEntry, decode_appended
from ledger.errors import LedgerError, MirrorError, NodeUnavailable, RpcError
from ledger.proofs.layout import ledger_head_slot
from ledger.types import Address, Hash32, to_hex

_BATCH: Final = 100


class Distrusted(MirrorError):
    """What the node told is not what the chain holds; asked again, it may tell better."""

    code = "distrusted"


@dataclass(frozen=True, slots=True)
class FetchedRange:
    """The blocks after one another up to `last`, as the node tells them.

    `first` follows the mirror's block; `headers` are those of every block that holds a log and
    of both ends; `ledger_head` is the contract's own after `last`.
    """

    first: Block
    last: Block
    headers: Mapping[int, Block]
    logs: Sequence[tuple[Log, LoggedEntry]]
    ledger_head: Hash32


def fetch_range(rpc: RpcClient, contract: Address, first: int, last: Block) -> FetchedRange:
    """Fetch the entries of the blocks from number `first` to the block `last`.

    Raises:
        Distrusted: the node refuses, contradicts itself, or tells of no such entries.
        NodeUnavailable: it does not answer.
    """
    try:
        headers = {last.number: last}
        if first != last.number:
            headers[first] = next(fetch_headers(rpc, [first]))
        logs = _fetch_logs(rpc, contract, first, last)
        missing = sorted({log.block_number for log in logs} - headers.keys())
        headers |= {block.number: block for block in fetch_headers(rpc, missing)}
        # By hash, so that a reorg meanwhile cannot slip another block's state in.
        ledger_head = rpc.fetch_storage(contract, ledger_head_slot(), last.hash)
    except RpcError as error:
        raise Distrusted(f"the node refuses: {error}", first=first, last=last.number) from error
    _verify_headers(headers)
    entries = [_read(log, contract, headers) for log in logs]
    _verify_order(logs)
    return FetchedRange(headers[first], last, headers, entries, ledger_head)


def fetch_headers(rpc: RpcClient, numbers: Sequence[int]) -> Iterator[Block]:
    """Fetch headers by number, many a request. Raises Distrusted where a block is not there."""
    for start in range(0, len(numbers), _BATCH):
        asked = numbers[start : start + _BATCH]
        calls = [("eth_getBlockByNumber", (block_parameter(number), False)) for number in asked]
        for number, answer in zip(asked, rpc.batch(calls), strict=True):
            yield _read_header(number, answer)


def _read_header(number: int, answer: object) -> Block:
    if not isinstance(answer, dict):
        raise Distrusted(f"the node has no block {number}: {answer}", block=number)
    try:
        block = read_block(answer)
    except (KeyError, ValueError, LedgerError) as error:
        raise NodeUnavailable(f"block {number} has no usable header: {error}") from error
    if block.number != number:
        raise Distrusted(f"asked for block {number}, got {block.number}", block=number)
    return block


def _fetch_logs(rpc: RpcClient, contract: Address, first: int, last: Block) -> list[Log]:
    if first == last.number:
        return rpc.fetch_logs(contract, [APPENDED_TOPIC], block_hash=last.hash)
    return rpc.fetch_logs(contract, [APPENDED_TOPIC], first, last.number)


def _verify_headers(headers: Mapping[int, Block]) -> None:
    for below, above in pairwise(sorted(headers)):
        if below + 1 == above and headers[above].parent_hash != headers[below].hash:
            raise Distrusted(f"block {above} does not follow block {below}", block=above)
        if headers[above].timestamp < headers[below].timestamp:
            raise Distrusted(f"block {above} is older than block {below}", block=above)


def _read(log: Log, contract: Address, headers: Mapping[int, Block]) -> tuple[Log, LoggedEntry]:
    if log.address != contract:
        raise Distrusted("a log of another contract", contract=to_hex(log.address))
    if log.block_hash != headers[log.block_number].hash:
        raise Distrusted(
            f"a log's block {log.block_number} is not the chain's",
            found=to_hex(log.block_hash),
            expected=to_hex(headers[log.block_number].hash),
        )
    try:
        return log, decode_appended(log.topics, log.data)
    except BadLog as error:
        raise Distrusted(str(error), **error.fields) from error


def _verify_order(logs: Iterable[Log]) -> None:
    for one, next_one in pairwise(logs):
        before = one.block_number, one.log_index
        after = next_one.block_number, next_one.log_index
        if before >= after:
            raise Distrusted(f"log {after} comes after log {before}", block=after[0])
