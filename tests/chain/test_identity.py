"""A node is used only if its chain is ours: in id, first block, contract, code and history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chain.finality import TagFinality
from ledger.chain.identity import Deployed, verify_deployed
from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.cli.worker import load_deployed
from ledger.errors import NodeUnavailable, WrongChain
from ledger.hashing import keccak
from ledger.settings import Settings
from ledger.types import ZERO_HASH
from tests.ledgers import DeployedLedger, deploy


@pytest.fixture
def ours(deployed: DeployedLedger) -> Deployed:
    return load_deployed(Settings(data=deployed.data))


def verify(rpc: RpcClient, expected: Deployed) -> None:
    verify_deployed(rpc, expected, TagFinality())


def test_the_manifest_names_all_that_is_compared(deployed: DeployedLedger, ours: Deployed) -> None:
    assert ours.code_hash == keccak(deployed.rpc.fetch_code(ours.contract))
    assert ours.block_hash == deployed.rpc.fetch_block(ours.block).hash
    verify(deployed.rpc, ours)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"chain_id": 1}, "its chain id is 31337, not 1"),
        ({"genesis_hash": ZERO_HASH}, "its first block is "),
        ({"contract": bytes(20)}, "there is no contract at 0x0000"),
        ({"code_hash": ZERO_HASH}, "its ledger's code is "),
        ({"block_hash": ZERO_HASH}, "is 0x"),
    ],
)
def test_another_chain_is_told_by_what_differs(
    deployed: DeployedLedger, ours: Deployed, changed: dict[str, object], said: str
) -> None:
    with pytest.raises(WrongChain, match=said):
        verify(deployed.rpc, replace(ours, **changed))  # type: ignore[arg-type]


def test_a_chain_that_parted_before_the_contract_came_is_another(
    deployed: DeployedLedger, ours: Deployed
) -> None:
    rpc = deployed.rpc
    rpc.call("anvil_reorg", rpc.fetch_block_number() - ours.block + 1, [])
    with pytest.raises(WrongChain, match="there is no contract"):
        verify(rpc, ours)


def test_the_same_plan_on_a_fresh_chain_is_another_ledger(ours: Deployed, tmp_path: Path) -> None:
    with Anvil.start(tmp_path / "other") as anvil:
        deploy(anvil, tmp_path / "other")
        with pytest.raises(WrongChain, match="serves another chain"):
            verify(anvil.rpc, ours)


def test_a_node_that_is_merely_late_is_waited_for(deployed: DeployedLedger, ours: Deployed) -> None:
    later = replace(ours, contract=b"\x11" * 20, block=10_000)
    with pytest.raises(NodeUnavailable, match="the contract came in block 10000"):
        verify(deployed.rpc, later)
