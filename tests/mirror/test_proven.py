"""A ledger head is proven by the block's hash, and by nothing that the node says beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.rpc import RpcClient
from ledger.chain.wire import AccountProof
from ledger.errors import RpcError
from ledger.mirror import proven
from ledger.mirror.proven import Prover
from ledger.mirror.reading import Distrusted
from ledger.types import ZERO_HASH
from tests.mirror.chain import Chain
from tests.mirror.mirroring import fetch_ledger_head


class Proving:
    """The real node, whose proofs another hand changes; `seconds` is how long each takes."""

    def __init__(self, rpc: RpcClient, change: Any = lambda proof: proof, seconds: float = 0.0):
        self.rpc, self.change, self.seconds, self.now = rpc, change, seconds, 100.0

    def fetch_proof(self, *asked: Any) -> AccountProof:
        self.now += self.seconds
        return self.change(self.rpc.fetch_proof(*asked))

    def monotonic(self) -> float:
        return self.now


def prover(chain: Chain, *given: Any, **named: Any) -> Prover:
    return Prover(Proving(chain.rpc, *given, **named), chain.deployed.contract)  # type: ignore[arg-type]


def test_the_head_of_each_block_is_proven(chain: Chain) -> None:
    chain.enrol()
    chain.mine(2)
    for number in range(chain.deployed.block, chain.rpc.fetch_block_number() + 1):
        block = chain.rpc.fetch_block(number)
        assert prover(chain).fetch(block) == fetch_ledger_head(chain, block.hash)


def test_before_the_contract_is_there_it_is_proven_to_have_none(chain: Chain) -> None:
    block = chain.rpc.fetch_block(chain.deployed.block - 1)
    assert prover(chain).fetch(block) == ZERO_HASH


def test_what_is_said_beside_the_proof_is_not_believed(chain: Chain) -> None:
    block = chain.rpc.fetch_block("latest")
    said = lambda proof: replace(proof, slots=(replace(proof.slots[0], value=1),))  # noqa: E731
    assert prover(chain, said).fetch(block) == fetch_ledger_head(chain, block.hash)


def without_the_slots_last(proof: AccountProof) -> AccountProof:
    [slot] = proof.slots
    return replace(proof, slots=(replace(slot, nodes=slot.nodes[:-1]),))


LIES: dict[str, Any] = {
    "of no slot": lambda proof: replace(proof, slots=()),
    "a node of the account is missing": lambda proof: replace(proof, nodes=proof.nodes[:-1]),
    "a node of the slot is missing": without_the_slots_last,
    "a node too many": lambda proof: replace(proof, nodes=(*proof.nodes, proof.nodes[-1])),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_what_does_not_prove_is_not_believed(chain: Chain, lie: Any) -> None:
    with pytest.raises(Distrusted, match="not what its hash says"):
        prover(chain, lie).fetch(chain.rpc.fetch_block("latest"))


def test_another_blocks_proof_is_not_believed(chain: Chain) -> None:
    chain.enrol()
    chain.mine()
    older, newest = chain.rpc.fetch_block(chain.deployed.block), chain.rpc.fetch_block("latest")
    with pytest.raises(Distrusted):
        prover(chain).fetch(replace(newest, hash=older.hash, header=dict(newest.header)))


@pytest.mark.parametrize("name", ["stateRoot", "hash", "timestamp", "receiptsRoot"])
def test_a_header_that_does_not_hash_to_its_hash_proves_nothing(chain: Chain, name: str) -> None:
    block = chain.rpc.fetch_block("latest")
    changed = block.header[name][:-1] + ("0" if block.header[name][-1] != "0" else "1")
    with pytest.raises(Distrusted, match=f"block {block.number}"):
        prover(chain).fetch(replace(block, header={**block.header, name: changed}))


def test_where_proofs_are_slow_they_are_asked_for_now_and_then(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Proving(chain.rpc, seconds=0.5)
    monkeypatch.setattr(proven, "time", node)
    asking = Prover(node, chain.deployed.contract)  # type: ignore[arg-type]
    assert (asking.quick, asking.is_due) == (True, True)
    asking.fetch(chain.rpc.fetch_block("latest"))
    assert (asking.quick, asking.is_due) == (False, False)
    node.now += 4.0
    assert asking.is_due
    node.seconds = 0.001
    asking.fetch(chain.rpc.fetch_block("latest"))
    assert asking.quick


def test_a_node_that_refuses_is_asked_again_later(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: AccountProof) -> AccountProof:
        raise RpcError("eth_getProof", -32601, "the method does not exist")

    node = Proving(chain.rpc, refuse)
    monkeypatch.setattr(proven, "time", node)
    asking = Prover(node, chain.deployed.contract)  # type: ignore[arg-type]
    with pytest.raises(RpcError):
        asking.fetch(chain.rpc.fetch_block("latest"))
    assert (asking.quick, asking.is_due) == (False, False)
    node.now += 1.0
    assert asking.is_due


def test_a_proof_that_was_begun_is_asked_for_once(chain: Chain) -> None:
    asked: list[int] = []

    def note(proof: AccountProof) -> AccountProof:
        asked.append(1)
        return proof

    asking = prover(chain, note)
    block = chain.rpc.fetch_block("latest")
    asking.begin(block)
    assert asking.fetch(block) == fetch_ledger_head(chain, block.hash)
    assert len(asked) == 1


def test_a_proof_that_was_begun_proves_no_other_block(chain: Chain) -> None:
    asking = prover(chain)
    asking.begin(chain.rpc.fetch_block("latest"))
    chain.enrol()
    newest = chain.rpc.fetch_block("latest")
    assert asking.fetch(newest) == fetch_ledger_head(chain, newest.hash)


def test_a_proof_that_was_begun_and_failed_is_asked_for_again(chain: Chain) -> None:
    refusals = [RpcError("eth_getProof", -32000, "busy")]

    def refuse_once(proof: AccountProof) -> AccountProof:
        if refusals:
            raise refusals.pop()
        return proof

    asking = prover(chain, refuse_once)
    block = chain.rpc.fetch_block("latest")
    asking.begin(block)
    with pytest.raises(RpcError):
        asking.fetch(block)
    assert asking.fetch(block) == fetch_ledger_head(chain, block.hash)
