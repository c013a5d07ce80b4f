"""The line does to answers what it says: a fault that changes nothing would show nothing."""

from __future__ import annotations

import random

import pytest

from ledger.chain.wire import quantity
from ledger.domain.log import APPENDED_TOPIC
from ledger.proofs.layout import ledger_head_slot
from ledger.types import to_hex
from tests.faults.mirror import lies
from tests.faults.mirror.grove import Grove
from tests.faults.mirror.line import Line, Trouble
from tests.faults.mirror.node import Node

_TRIES = 40


@pytest.fixture
def line(grove: Grove) -> Line:
    draw = random.Random(0)  # noqa: S311
    branch = grove.branches[0]
    node = Node(grove, draw, branch, len(branch) - 1, 0)
    return Line(node, lambda _: None, draw)


def changes(line: Line, fault: str, method: str, *params: object) -> bool:
    """Whether the answer to a request is ever another one with a fault."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    line.rate = 0.0
    honest = line.post(asked)
    line.rate, line.only = 1.0, fault
    for _ in range(_TRIES):
        try:
            if line.post(asked) != honest:
                return True
        except Trouble:
            return True
    return False


@pytest.mark.parametrize("lie", lies.HEADERS)
def test_every_lie_about_a_header_is_one(line: Line, lie: str) -> None:
    assert changes(line, lie, "eth_getBlockByNumber", "latest", False)


@pytest.mark.parametrize("lie", lies.LOGS)
def test_every_lie_about_logs_is_one(line: Line, lie: str) -> None:
    wanted = {
        "address": to_hex(line.node.grove.deployed.contract),
        "topics": [to_hex(APPENDED_TOPIC)],
        "fromBlock": "0x0",
        "toBlock": quantity(line.node.head),
    }
    assert changes(line, lie, "eth_getLogs", wanted)


@pytest.mark.parametrize("lie", lies.STORAGE)
def test_every_lie_about_the_ledger_head_is_one(line: Line, lie: str) -> None:
    contract, slot = to_hex(line.node.grove.deployed.contract), to_hex(ledger_head_slot())
    assert changes(line, lie, "eth_getStorageAt", contract, slot, "latest")


@pytest.mark.parametrize("lie", lies.PROOFS)
def test_every_lie_about_the_head_s_proof_is_one(line: Line, lie: str) -> None:
    contract, slot = to_hex(line.node.grove.deployed.contract), to_hex(ledger_head_slot())
    assert changes(line, lie, "eth_getProof", contract, [slot], "latest")


@pytest.mark.parametrize(
    "fault",
    ["drop", "timeout", "cut", "page", "garbage", "another", "null", "error", "behind", "sibling"],
)
def test_every_other_fault_is_one(line: Line, fault: str) -> None:
    assert changes(line, fault, "eth_getBlockByNumber", "latest", False)


@pytest.mark.parametrize("fault", ["half", "turned"])
def test_so_is_what_happens_to_a_batch(line: Line, fault: str) -> None:
    asked = [
        {"jsonrpc": "2.0", "id": number, "method": "eth_blockNumber", "params": []}
        for number in (1, 2)
    ]
    honest = line.post(asked)
    line.rate, line.only = 1.0, fault
    assert line.post(asked) != honest


def test_what_happens_inside_a_call_happens_before_or_after_it(line: Line) -> None:
    line.node.head -= 2
    line.act = lambda _: setattr(line.node, "head", line.node.head + 1)
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
    head, line.rate = line.node.head, 1.0
    line.only = "mine before"
    assert quantity(head + 1).encode() in line.post(asked)
    line.only = "mine after"
    assert quantity(head + 1).encode() in line.post(asked)
    assert line.node.head == head + 2
