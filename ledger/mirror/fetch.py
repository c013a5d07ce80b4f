"""Asks the node for a range of blocks, and distrusts the answer's form.

Only what the ledger head proves is proven; here stand the checks that need no fold: that logs
are the contract's, in order, once each, and in the very blocks whose headers were read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient, header_call
from ledger.chain.wire import Block, WireLog, read_block
from ledger.domain.log import APPENDED_TOPIC
from ledger.errors import LedgerError, NodeUnavailable, RpcError
from ledger.mirror.proven import Prover
from ledger.mirror.reading import Distrusted, Reading, read_logs
from ledger.mirror.steps import PassedBlock
from ledger.proofs.layout import ledger_head_slot
from ledger.types import ZERO_HASH, Hash32, to_hex

_log = logging.getLogger(__name__)

_FEW: Final = 32
"""Blocks of which all headers are asked for along with the logs."""


@dataclass(frozen=True, slots=True)
class AskedRange:
    """What the node answered about the blocks from `first` to `last`; nobody has read it yet.

    `headers` are those of both ends, and of every block that holds a log. `ledger_head` is the
    contract's own after `last`, which is `proven` or only told; None where the node has forgotten
    that state.
    """

    first: Block
    last: Block
    headers: Mapping[int, Block]
    logs: Sequence[WireLog]
    ledger_head: Hash32 | None
    proven: bool


@dataclass(frozen=True, slots=True)
class FetchedRange:
    """The blocks after one another from `first` to `last`, as the node tells them."""

    first: Block
    last: Block
    reading: Reading
    ledger_head: Hash32 | None
    proven: bool


def ask_range(
    rpc: RpcClient,
    deployed: Deployed,
    first: int,
    last: int | Block,
    *,
    settled: bool,
    prover: Prover | None = None,
) -> AskedRange:
    """Ask the node about the blocks from number `first` to `last`.

    `settled`: the blocks will not change any more: then their state may be forgotten. With `prover`
    the ledger head is proven, where that is quick.

    Raises:
        Distrusted: the node refuses, or does not answer about more than one block.
        NodeUnavailable: it does not answer about one.
    """
    number = last.number if isinstance(last, Block) else last
    # Numbers are enough to name blocks that keep them; one alone is named by its hash.
    at_once = settled and first < number
    told = None
    try:
        if at_once:
            headers, logs, told = _ask_at_once(rpc, deployed, first, number)
        else:
            headers = _fetch_ends(rpc, first, last)
            logs = _fetch_logs(rpc, deployed, headers[first], headers[number])
        # Many logs are of one block, and name it by the same text.
        numbers = set(map(_number, {log.blockNumber for log in logs}))
        missing = sorted(numbers - headers.keys())
        headers |= {block.number: block for block in fetch_headers(rpc, missing)}
        begin, end = headers[first], headers[number]
        ledger_head = _find_proven_head(prover, end)
        proven = ledger_head is not None
        if not proven:
            ledger_head = told if at_once else _find_ledger_head(rpc, deployed, end, settled)
    except (RpcError, NodeUnavailable) as error:
        if isinstance(error, NodeUnavailable) and number == first:
            raise
        # Of many blocks it may be too much at once, as some say by saying nothing.
        raise Distrusted(f"the node refuses: {error}", first=first, last=number) from error
    return AskedRange(begin, end, headers, logs, ledger_head, proven)


def read_range(asked: AskedRange, deployed: Deployed, domain: Hash32) -> FetchedRange:
    """Read what the node answered.

    Raises:
        Distrusted: it contradicts itself, or tells of no such entries.
    """
    headers = asked.headers
    times = {number: header.timestamp for number, header in headers.items()}
    reading = read_logs(asked.logs, domain, deployed.contract, times)
    _verify_headers(headers)
    _verify_blocks(reading, headers, asked.first, asked.last)
    if asked.ledger_head == ZERO_HASH and asked.last.number >= deployed.block:
        # It founds itself where it comes to be: nothing, and no entries to it, would agree.
        raise Distrusted("a ledger that is there has a ledger head", block=asked.last.number)
    return FetchedRange(asked.first, asked.last, reading, asked.ledger_head, asked.proven)


def fetch_headers(rpc: RpcClient, numbers: Sequence[int]) -> Iterator[Block]:
    """Fetch headers by number, many a request. Raises Distrusted where a block is not there."""
    calls = list(map(header_call, numbers))
    for number, answer in zip(numbers, rpc.fetch_batch(calls), strict=True):
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


def fetch_base(rpc: RpcClient, deployed: Deployed) -> PassedBlock:
    """Fetch the block before the contract's: there the mirror begins, empty.

    Raises:
        Distrusted: the contract's block is not the one remembered, or does not follow this one;
            what began on another chain's would go on with that chain.
    """
    number, first = max(deployed.block - 1, 0), deployed.block
    headers = {block.number: block for block in fetch_headers(rpc, sorted({number, first}))}
    base, contracts = headers[number], headers[first]
    expected = deployed.block_hash or contracts.hash
    if contracts.hash != expected:
        raise Distrusted(
            f"block {first} is not the one that the contract came in",
            expected=to_hex(expected),
            found=to_hex(contracts.hash),
        )
    if number < first and contracts.parent_hash != base.hash:
        raise Distrusted(f"block {first} does not follow block {number}", block=first)
    return PassedBlock(number, base.hash, base.timestamp, ZERO_HASH, 0)


def _ask_at_once(
    rpc: RpcClient, deployed: Deployed, first: int, last: int
) -> tuple[dict[int, Block], Sequence[WireLog], Hash32 | None]:
    """Headers, logs and ledger head of blocks that keep their numbers, by one request."""
    numbers = range(first, last + 1) if last - first < _FEW else (first, last)
    told = rpc.fetch_wire_range(
        deployed.contract, [APPENDED_TOPIC], ledger_head_slot(), (first, last), numbers
    )
    answers = zip(numbers, told.headers, strict=True)
    return {number: _read_header(number, one) for number, one in answers}, told.logs, told.word


def _fetch_ends(rpc: RpcClient, first: int, last: int | Block) -> dict[int, Block]:
    headers = {last.number: last} if isinstance(last, Block) else {}
    ends = {first, last} if isinstance(last, int) else {first} - headers.keys()
    return headers | {block.number: block for block in fetch_headers(rpc, sorted(ends))}


def _fetch_logs(rpc: RpcClient, deployed: Deployed, first: Block, last: Block) -> list[WireLog]:
    topics = [APPENDED_TOPIC]
    if first.number == last.number:
        return rpc.fetch_wire_logs(deployed.contract, topics, block_hash=last.hash)
    return rpc.fetch_wire_logs(deployed.contract, topics, first.number, last.number)


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError as error:
        raise Distrusted(f"a log is no log: {error}") from error


def _find_proven_head(prover: Prover | None, block: Block) -> Hash32 | None:
    if prover is None or not prover.quick:
        return None
    try:
        return prover.fetch(block)
    except RpcError as error:
        _log.debug("the head after block %d is not proven yet: %s", block.number, error)
        return None


def _find_ledger_head(
    rpc: RpcClient, deployed: Deployed, block: Block, settled: bool
) -> Hash32 | None:
    """The ledger head as the node tells it."""
    try:
        # By hash, so that a reorganisation meanwhile cannot slip another block's state in.
        return rpc.fetch_storage(deployed.contract, ledger_head_slot(), block.hash)
    except RpcError:
        if settled:
            return None
        raise


def _verify_headers(headers: Mapping[int, Block]) -> None:
    for below, above in pairwise(sorted(headers)):
        if below + 1 == above and headers[above].parent_hash != headers[below].hash:
            raise Distrusted(f"block {above} does not follow block {below}", block=above)
        if headers[above].timestamp < headers[below].timestamp:
            raise Distrusted(f"block {above} is older than block {below}", block=above)


def _verify_blocks(
    reading: Reading, headers: Mapping[int, Block], first: Block, last: Block
) -> None:
    """The blocks that hold entries are within the range, and those whose headers were read."""
    for number, hash_, _ in reading.blocks:
        if not first.number <= number <= last.number:
            raise Distrusted(f"a log of block {number}, which was not asked for", block=number)
        if number in headers and hash_ != headers[number].hash:
            raise Distrusted(
                f"a log's block {number} is not the chain's",
                found=to_hex(hash_),
                expected=to_hex(headers[number].hash),
            )
