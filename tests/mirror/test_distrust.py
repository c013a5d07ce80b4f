"""A node that lies: nothing that it says untruly is ever committed, and it is said aloud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import AccountProof, WireLog, WireRange
from ledger.domain.log import APPENDED_TOPIC
from ledger.errors import RpcError, WrongChain
from ledger.mirror.reading import Distrusted
from ledger.mirror.steps import Applied, Finalised, RolledBack
from ledger.mirror.store import Store
from ledger.proofs.layout import ledger_head_slot
from ledger.types import parse_hex, to_hex
from tests.mirror.chain import Chain
from tests.mirror.mirroring import (
    assert_equals_chain,
    catch_up,
    contents,
    fetch_ledger_head,
    fresh_mirror,
)

ZERO = to_hex(bytes(32))
Lie = Callable[[list[WireLog]], list[WireLog]]


class Lying(RpcClient):
    """Asks the real node, and bends those of its answers that it is told to, `times` times."""

    def __init__(self, url: str, times: float, lies: dict[str, Callable[..., Any]]) -> None:
        super().__init__(url)
        self.lies = lies
        self.times = times

    def bend(self, what: str, answer: Any) -> Any:
        if what not in self.lies or self.times <= 0:
            return answer
        self.times -= 1
        return self.lies[what](answer)

    def fetch_wire_logs(self, *args: Any, **named: Any) -> list[WireLog]:
        if "refusal" in self.lies:
            self.bend("refusal", args)
        return self.bend("logs", super().fetch_wire_logs(*args, **named))

    def fetch_wire_range(self, *args: Any) -> WireRange:
        if "refusal" in self.lies:
            self.bend("refusal", args)
        told = super().fetch_wire_range(*args)
        return WireRange(
            self.bend("logs", told.logs),
            self.bend("storage", told.word),
            [self.bend("header", header) for header in told.headers],
        )

    def fetch_storage(self, *args: Any) -> bytes:
        return self.bend("storage", super().fetch_storage(*args))

    def fetch_proof(self, *args: Any) -> AccountProof:
        if "storage" in self.lies and self.times > 0:
            raise RpcError("eth_getProof", -32601, "the method does not exist")
        return self.bend("proof", super().fetch_proof(*args))

    def fetch(self, method: str, *params: Any) -> Any:
        return self.bend_header(method, params, super().fetch(method, *params))

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers = zip(calls, super().batch(calls), strict=True)
        return [self.bend_header(*call, answer) for call, answer in answers]

    def bend_header(self, method: str, params: Sequence[Any], answer: Any) -> Any:
        if method == "eth_getBlockByNumber" and params[0] not in ("latest", "0x0"):
            return self.bend("header", answer)
        return answer


def be_told(
    chain: Chain, store: Store, *, times: float = float("inf"), **lies: Callable[..., Any]
) -> None:
    """Mirror the chain as a lying node tells it."""
    with Lying(chain.rpc.url, times, lies) as rpc:
        catch_up(chain, store, rpc=rpc)


def some(lie: Lie) -> Lie:
    return lambda logs: lie(logs) if logs else []


def with_data(log: WireLog, at: int, byte: int) -> WireLog:
    body = parse_hex(log.data)
    return replace(log, data=to_hex(body[:at] + bytes([byte]) + body[at + 1 :]))


def with_topic(log: WireLog, number: int, topic: bytes) -> WireLog:
    topics = (*log.topics[:number], to_hex(topic), *log.topics[number + 1 :])
    return replace(log, topics=topics)


LIES: dict[str, Lie] = {
    "the last is missing": lambda logs: logs[:-1],
    "the first is missing": lambda logs: logs[1:],
    "one in the middle is missing": lambda logs: logs[:3] + logs[4:],
    "all are missing": lambda _: [],
    "one comes twice": lambda logs: [*logs[:3], *logs[:3][-1:], *logs[3:]],
    "all come twice": lambda logs: [*logs, *logs],
    "two are swapped": lambda logs: [*logs[:2][::-1], *logs[2:]],
    "they come backwards": lambda logs: logs[::-1],
    "one is of another block": lambda logs: [replace(logs[0], blockHash=ZERO), *logs[1:]],
    "one is of another contract": lambda logs: [replace(logs[0], address=ZERO[:42]), *logs[1:]],
    "an actor is another": lambda logs: [*logs[:-1], with_data(logs[-1], 63, 0xEE)],
    "a position is another": lambda logs: [*logs[:-1], with_data(logs[-1], 31, 0x09)],
    "a payload is another": lambda logs: [*logs[:-1], with_data(logs[-1], 140, 0xEE)],
    "a birth is another": lambda logs: [with_data(logs[0], 159, 1), *logs[1:]],
    "a subject is another": lambda logs: [*logs[:-1], with_topic(logs[-1], 1, bytes(32))],
    "an organisation is another": lambda logs: [*logs[:-1], with_topic(logs[-1], 2, bytes(32))],
    "a kind is unknown": lambda logs: [
        *logs[:-1],
        with_topic(logs[-1], 3, (99).to_bytes(32, "big")),
    ],
    "a kind is another": lambda logs: [
        *logs[:-1],
        with_topic(logs[-1], 3, (33).to_bytes(32, "big")),
    ],
    "a body is cut off": lambda logs: [*logs[:-1], replace(logs[-1], data=logs[-1].data[:-2])],
}


@pytest.fixture
def lived(chain: Chain) -> Chain:
    maker, user = chain.enrol(), chain.enrol()
    chain.mine()
    assets = chain.register(maker, 4)
    chain.mine()
    chain.transfer(maker, assets[0], user, 1)
    chain.observe(maker, assets[1], 1)
    chain.mine(2)
    return chain


def assert_truth_so_far(chain: Chain, store: Store) -> None:
    """What was committed, if anything, are the ledger's first entries and no others."""
    cursor = store.cursor()
    assert cursor.ledger_head == fetch_ledger_head(chain, cursor.hash)
    with fresh_mirror(chain) as fresh:
        told, truth = contents(store)["entry"], contents(fresh)["entry"]
    assert told == truth[: len(told)]
    assert len(told) < len(truth)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_about_logs_is_never_committed(lived: Chain, store: Store, lie: Lie) -> None:
    with pytest.raises(Distrusted):
        be_told(lived, store, logs=some(lie))
    assert_truth_so_far(lived, store)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_that_passes_is_asked_again_and_forgotten(
    lived: Chain, store: Store, lie: Lie
) -> None:
    be_told(lived, store, logs=some(lie), times=3)
    assert_equals_chain(lived, store)


def test_a_ledger_head_that_differs_is_never_committed(lived: Chain, store: Store) -> None:
    with pytest.raises(Distrusted, match="another ledger head"):
        be_told(lived, store, storage=lambda _: b"\x01" * 32)
    assert store.cursor().sequence == 0


def test_another_blocks_state_is_never_committed(lived: Chain, store: Store) -> None:
    """Nor would it help to have it agree with the logs, as where a node lags behind."""
    older = lived.rpc.fetch_proof(
        lived.deployed.contract, [ledger_head_slot()], lived.deployed.block
    )
    with pytest.raises(Distrusted, match="not what its hash says"):
        be_told(lived, store, proof=lambda _: older, logs=lambda logs: logs[:1])
    assert_truth_so_far(lived, store)


def test_a_told_head_that_agrees_with_short_logs_is_taken_back_once_it_can_be_proven(
    lived: Chain, store: Store
) -> None:
    """The mirror once took such a head for proven, and never got over it."""
    logs = lived.rpc.fetch_wire_logs(lived.deployed.contract, [APPENDED_TOPIC])
    before = int(logs[-1].blockNumber, 16) - 1
    older = fetch_ledger_head(lived, lived.rpc.fetch_block(before).hash)
    short = [log for log in logs if int(log.blockNumber, 16) <= before]
    with Lying(lived.rpc.url, 2, {"logs": lambda _: short, "storage": lambda _: older}) as rpc:
        steps = catch_up(lived, store, rpc=rpc)
    assert [type(step) for step in steps if not isinstance(step, Finalised)] == [
        *(Applied, RolledBack, Applied),
    ]
    assert store.cursor().proven == store.cursor().number
    assert_equals_chain(lived, store)


def test_a_node_that_does_not_prove_is_followed_and_nothing_is_proven_by_it(
    lived: Chain, store: Store
) -> None:
    be_told(lived, store, storage=lambda head: head)
    cursor = store.cursor()
    assert cursor.number == lived.rpc.fetch_block_number()
    assert cursor.proven < lived.deployed.block
    catch_up(lived, store)
    assert store.cursor().proven == cursor.number
    assert_equals_chain(lived, store)


def test_a_node_that_tells_neither_entries_nor_a_ledger_head_is_not_believed(
    lived: Chain, store: Store
) -> None:
    """Both fold to zero, and what follows could never be mirrored."""
    with pytest.raises(Distrusted, match="has a ledger head"):
        be_told(lived, store, logs=lambda _: [], storage=lambda _: bytes(32))
    assert store.cursor().number < lived.deployed.block
    catch_up(lived, store)
    assert_equals_chain(lived, store)


HEADERS: dict[str, dict[str, str]] = {
    "hash": {"hash": "0x" + "01" * 32},
    "parent": {"parentHash": "0x" + "01" * 32},
    "number": {"number": "0x1"},
    "time": {"timestamp": hex(2**31)},
}


@pytest.mark.parametrize("lie", HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_do_not_fit_are_never_committed(
    lived: Chain, store: Store, lie: dict[str, str]
) -> None:
    with pytest.raises((Distrusted, WrongChain)):
        be_told(lived, store, header=lambda header: header | lie)
    assert store.cursor().sequence == 0


def test_a_node_that_refuses_wide_ranges_is_asked_for_narrow_ones(
    lived: Chain, store: Store
) -> None:
    lived.mine(30)

    def refuse(args: tuple[Any, ...]) -> None:
        # A block that is asked for by its hash has no range.
        blocks = args[3] if len(args) == 5 else args[2:]
        if blocks and blocks[1] - blocks[0] >= 5:
            raise RpcError("eth_getLogs", -32000, "query exceeds whatever we call our limit")

    be_told(lived, store, refusal=refuse)
    assert_equals_chain(lived, store)


def test_a_node_that_refuses_everything_is_quoted(lived: Chain, store: Store) -> None:
    def refuse(_: object) -> None:
        raise RpcError("eth_getLogs", -32000, "missing trie node")

    with pytest.raises(Distrusted, match="missing trie node"):
        be_told(lived, store, refusal=refuse)
