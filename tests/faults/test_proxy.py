"""The proxy does to requests what it says, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.errors import NodeUnavailable, RpcError
from tests.faults.faults import Faults
from tests.faults.proxy import Proxy, Upstream


@pytest.fixture
def faults(anvil: Anvil) -> Iterator[Faults]:
    """Faults before a node that tells by its blocks what has reached it."""
    anvil.rpc.call("evm_setAutomine", False)
    draw = random.Random(0)  # noqa: S311
    made = Faults(Upstream(anvil.url), None, None, lambda _: None, draw, rate=1.0)
    yield made
    made.close()


@pytest.fixture
def client(faults: Faults) -> Iterator[RpcClient]:
    with Proxy(faults.answer) as proxy, RpcClient(proxy.url, patience=0.0) as client:
        yield client


@pytest.mark.parametrize("fault", ["drop before", "busy", "error"])
def test_what_is_stopped_before_the_node_does_not_reach_it(
    anvil: Anvil, faults: Faults, client: RpcClient, fault: str
) -> None:
    faults.only = fault
    with pytest.raises((NodeUnavailable, RpcError)):
        client.call("evm_mine")
    assert anvil.rpc.fetch_block_number() == 0


@pytest.mark.parametrize("fault", ["drop after", "cut", "truncate", "lie"])
def test_what_is_lost_on_the_way_back_has_reached_the_node(
    anvil: Anvil, faults: Faults, client: RpcClient, fault: str
) -> None:
    faults.only = fault
    with pytest.raises((NodeUnavailable, RpcError)):
        client.call("evm_mine")
    assert anvil.rpc.fetch_block_number() == 1


def test_a_duplicate_reaches_the_node_twice(
    anvil: Anvil, faults: Faults, client: RpcClient
) -> None:
    faults.only = "duplicate"
    client.call("evm_mine")
    assert anvil.rpc.fetch_block_number() == 2


def test_a_stale_answer_is_one_that_was_right_before(
    anvil: Anvil, faults: Faults, client: RpcClient
) -> None:
    faults.only = "delay"
    assert client.fetch_block_number() == 0
    anvil.rpc.call("evm_mine")
    faults.only = "stale"
    assert client.fetch_block_number() == 0
    faults.rate = 0.0
    assert client.fetch_block_number() == 1


def test_what_happens_inside_a_call_happens_before_or_after_it(
    anvil: Anvil, faults: Faults, client: RpcClient
) -> None:
    faults.act = lambda _: anvil.rpc.call("evm_mine")
    faults.only = "mine before"
    assert client.fetch_block_number() == 1
    faults.only = "mine after"
    assert client.fetch_block_number() == 1
    assert anvil.rpc.fetch_block_number() == 2


def test_a_proxy_that_is_down_answers_nobody(anvil: Anvil) -> None:
    with (
        Upstream(anvil.url) as node,
        Proxy(node.ask) as proxy,
        RpcClient(proxy.url, patience=0.0) as client,
    ):
        assert client.fetch_block_number() == 0
        proxy.go_down()
        with pytest.raises(NodeUnavailable):
            client.fetch_block_number()
        proxy.up = True
        assert client.fetch_block_number() == 0
