"""Bundles built from a real node's answers prove what the contract holds; false answers do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ledger.chain.rpc import RpcClient, UnknownBlock
from ledger.chain.wire import AccountProof, Block, BlockId, Log
from ledger.domain.asset import Asset
from ledger.domain.kinds import Kind
from ledger.domain.organisation import Organisation
from ledger.domain.payloads import AccountAdded, Corrected, Frozen, Observed, Revised, Transferred
from ledger.errors import UnknownThing
from ledger.hashing import keccak, organisation_address
from ledger.proofs.build import ChainMoved, build_bundle
from ledger.proofs.header import UnknownHeader, encode_header
from ledger.proofs.layout import decode_word, encode_word, word_slot
from ledger.proofs.rlp import decode_list
from ledger.proofs.steps import StepFailed, WrongHistory, WrongState
from ledger.proofs.verify import verify_bundle
from ledger.ranges import Span
from ledger.types import parse_hex, to_hex
from tests.proofs.conftest import OnChain, anvil, deployed

REASON = keccak(b"a reason")


def a_history(chain: OnChain, serial: bytes) -> bytes:
    """An asset registered, then five entries in three blocks: one by the other organisation."""
    asset, (org, other) = chain.register(serial), chain.orgs
    chain.append(
        (asset, org, Revised(keccak(b"better")), 1),
        (asset, org, Observed(keccak(b"seen")), 2),
        (asset, org, Corrected(2, keccak(b"rather so")), 3),
    )
    chain.append((asset, org, Transferred(other), 4))
    chain.append((asset, other, Observed(keccak(b"unpacked")), 5), sender=1)
    return asset


def test_proves_an_asset_s_history_and_its_state(onchain: OnChain) -> None:
    asset = a_history(onchain, b"history")
    built = build_bundle(onchain.rpc, onchain.contract, asset)
    head = onchain.rpc.fetch_block("latest")
    found = verify_bundle(built.raw, block_hash=head.hash, contract=onchain.contract)
    assert found == built.verified
    assert (found.block.number, found.block.timestamp) == (head.number, head.timestamp)
    assert isinstance(found.state, Asset)
    assert found.state.owner == onchain.orgs[1]
    assert found.state.content_hash == keccak(b"better")
    assert [entry.actor for entry in found.entries] == [
        None,
        *[onchain.accounts[0]] * 4,
        onchain.accounts[1],
    ]


def test_the_same_question_gives_the_same_bytes(onchain: OnChain) -> None:
    asset = onchain.register(b"twice")
    first, second = (build_bundle(onchain.rpc, onchain.contract, asset) for _ in range(2))
    assert first.raw == second.raw


def test_proves_the_state_as_of_a_block(onchain: OnChain) -> None:
    before = onchain.rpc.fetch_block_number()
    asset = a_history(onchain, b"as of")
    counts = []
    for block in range(before + 1, before + 5):
        built = build_bundle(onchain.rpc, onchain.contract, asset, block)
        assert built.verified.block.number == block
        counts.append(built.verified.word.count)
    assert counts == [1, 4, 5, 6]
    with pytest.raises(UnknownThing, match=f"block {before}"):
        build_bundle(onchain.rpc, onchain.contract, asset, before)
    with pytest.raises(UnknownBlock):
        build_bundle(onchain.rpc, onchain.contract, asset, before + 1000)


def test_proves_every_asset_of_many_and_those_just_born(onchain: OnChain) -> None:
    assets = [onchain.register(bytes([number])) for number in range(25)]
    for asset in assets:
        found = build_bundle(onchain.rpc, onchain.contract, asset).verified
        assert found.state.head == asset


def test_proves_an_organisation_its_accounts_and_suspension(onchain: OnChain) -> None:
    org = onchain.orgs[1]
    onchain.append((org, org, AccountAdded(onchain.accounts[5]), 2), sender=1)
    onchain.call("suspend(bytes32,bytes32)", org, REASON)
    found = build_bundle(onchain.rpc, onchain.contract, org).verified
    onchain.call("reinstate(bytes32,bytes32)", org, REASON)
    assert isinstance(found.state, Organisation)
    assert not found.state.active
    assert found.state.accounts == {onchain.accounts[1], onchain.accounts[5]}
    assert found.state.did == "did:web:wheels.example"
    again = build_bundle(onchain.rpc, onchain.contract, org).verified
    assert isinstance(again.state, Organisation)
    assert again.state.active


def test_proves_a_freeze_and_a_direct_transfer(onchain: OnChain) -> None:
    asset = onchain.register(b"frozen")
    onchain.call("freeze(bytes32,bytes32)", asset, REASON)
    found = build_bundle(onchain.rpc, onchain.contract, asset).verified
    assert isinstance(found.state, Asset)
    assert found.state.frozen
    assert found.entries[1].kind == Kind.FROZEN
    assert found.entries[1].payload == Frozen(REASON).encode()
    onchain.call("unfreeze(bytes32,bytes32)", asset, REASON)
    here, there = (to_hex(organisation_address(org)) for org in onchain.orgs)
    token = int.from_bytes(asset, "big")
    onchain.call("approve(address,uint256)", to_hex(onchain.accounts[7]), token)
    approved = build_bundle(onchain.rpc, onchain.contract, asset).verified
    assert approved.main.approved == onchain.accounts[7]
    onchain.call("transferFrom(address,address,uint256)", here, there, token, sender=7)
    found = build_bundle(onchain.rpc, onchain.contract, asset).verified
    assert isinstance(found.state, Asset)
    assert found.state.owner == onchain.orgs[1]
    assert not found.word.approved
    assert found.entries[-1].actor == onchain.accounts[7]


def test_an_unknown_subject_or_contract_is_named(onchain: OnChain) -> None:
    with pytest.raises(UnknownThing, match="no subject 0x0707"):
        build_bundle(onchain.rpc, onchain.contract, b"\7" * 32)
    with pytest.raises(UnknownThing):
        build_bundle(onchain.rpc, b"\7" * 20, onchain.orgs[0])


# -- headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fork", "fields"),
    [
        ("london", 16),
        ("paris", 16),
        ("shanghai", 17),
        ("cancun", 20),
        ("prague", 21),
        ("osaka", 21),
    ],
)
def test_headers_of_every_fork_hash_to_their_block(fork: str, fields: int) -> None:
    with anvil("--hardfork", fork) as rpc:
        rpc.call("evm_mine")
        block = rpc.fetch_block("latest")
        raw = encode_header(block.header)
        assert keccak(raw) == block.hash
        assert len(decode_list(raw)) == fields


@pytest.mark.parametrize(
    "change",
    [
        {"gasUsed": "0x1"},
        {"gasUsed": "21000"},
        {"gasUsed": None},
        {"extraData": "0xzz"},
        {"hash": None},
        {"stateRoot": 7},
        {"withdrawalsRoot": None},
    ],
)
def test_a_header_that_is_not_its_block_s_is_refused(
    onchain: OnChain, change: dict[str, Any]
) -> None:
    header = dict(onchain.rpc.fetch_block("latest").header)
    with pytest.raises(UnknownHeader):
        encode_header(header | change)


# -- nodes that lie, and chains that move ------------------------------------------------------


@dataclass
class Between:
    """A node between whose answers something happens, or whose answers are changed."""

    rpc: RpcClient
    after_proof: Callable[[], object] = lambda: None
    change_logs: Callable[[list[Log]], list[Log]] = lambda logs: logs
    change_proof: Callable[[AccountProof], AccountProof] = lambda proof: proof
    change_time: Callable[[Any], Any] = lambda answer: answer
    asked: list[str] = field(default_factory=list)

    def chain_id(self) -> int:
        return self.rpc.chain_id()

    def fetch_block(self, block: BlockId) -> Block:
        self.asked.append("block")
        return self.rpc.fetch_block(block)

    def find_block(self, block: BlockId) -> Block | None:
        return self.rpc.find_block(block)

    def fetch_proof(self, address: bytes, slots: Sequence[bytes], block: BlockId) -> AccountProof:
        proof = self.change_proof(self.rpc.fetch_proof(address, slots, block))
        self.after_proof()
        return proof

    def read_logs(
        self,
        address: bytes,
        topics: Sequence[bytes | Sequence[bytes] | None],
        first: int,
        last: int,
        span: Span,
    ) -> Iterator[tuple[int, list[Log]]]:
        for upto, logs in self.rpc.read_logs(address, topics, first, last, span):
            yield upto, self.change_logs(logs)

    def fetch_batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return [self.change_time(answer) for answer in self.rpc.fetch_batch(calls)]


@pytest.fixture(scope="module")
def asset(onchain: OnChain) -> bytes:
    return a_history(onchain, b"asset")


@pytest.mark.parametrize(
    "change",
    [
        lambda logs: logs[:-1],
        lambda logs: logs[:2] + logs[3:],
        lambda logs: [*logs, logs[-1]],
        lambda logs: [*logs[:-1], replace(logs[-1], data=logs[-1].data[:-1] + b"\7")],
    ],
)
def test_logs_left_out_doubled_or_changed_are_noticed(
    onchain: OnChain, asset: bytes, change: Callable[[list[Log]], list[Log]]
) -> None:
    with pytest.raises(WrongHistory):
        build_bundle(Between(onchain.rpc, change_logs=change), onchain.contract, asset)


def test_times_that_are_not_the_blocks_are_noticed(onchain: OnChain, asset: bytes) -> None:
    def later(answer: Mapping[str, Any]) -> dict[str, Any]:
        return {**answer, "timestamp": hex(int(answer["timestamp"], 16) + 1)}

    with pytest.raises(StepFailed):
        build_bundle(Between(onchain.rpc, change_time=later), onchain.contract, asset)


def test_nodes_listed_though_embedded_are_left_out(onchain: OnChain, asset: bytes) -> None:
    def listing(proof: AccountProof) -> AccountProof:
        slots = [replace(slot, nodes=(*slot.nodes, b"\xc2\x31\1")) for slot in proof.slots]
        return replace(proof, slots=tuple(slots))

    built = build_bundle(Between(onchain.rpc, change_proof=listing), onchain.contract, asset)
    assert built.raw == build_bundle(onchain.rpc, onchain.contract, asset).raw


@pytest.fixture
def moving() -> Iterator[OnChain]:
    """A chain of its own, for it is reorganised."""
    with deployed() as chain:
        yield chain


def test_a_reorganisation_while_building_is_survived(moving: OnChain) -> None:
    asset = a_history(moving, b"moving")
    moves = iter([lambda: moving.rpc.call("anvil_reorg", 2, [])])
    source = Between(moving.rpc, after_proof=lambda: next(moves, lambda: None)())
    found = build_bundle(source, moving.contract, asset).verified
    assert source.asked == ["block", "block"]
    assert found.block.hash == moving.rpc.fetch_block("latest").hash
    assert found.word.count < 6


def test_a_chain_that_never_rests_is_named(moving: OnChain) -> None:
    asset = a_history(moving, b"restless")
    times = iter(range(1, 100))

    def move() -> None:
        moving.rpc.call("evm_increaseTime", next(times))
        moving.rpc.call("anvil_reorg", 1, [])

    source = Between(moving.rpc, after_proof=move, change_logs=lambda logs: logs[:-1])
    with pytest.raises(ChainMoved, match="reorganised"):
        build_bundle(source, moving.contract, asset)


def test_storage_rewritten_by_the_chain_s_operator_contradicts_the_entries(
    moving: OnChain,
) -> None:
    asset = moving.register(b"stolen")
    slot = word_slot(asset)
    word = decode_word(int.from_bytes(moving.rpc.fetch_storage(moving.contract, slot), "big"))
    forged = encode_word(replace(word, owner=b"\x66" * 20)).to_bytes(32, "big")
    moving.rpc.call("anvil_setStorageAt", to_hex(moving.contract), to_hex(slot), to_hex(forged))
    moving.rpc.call("evm_mine")
    with pytest.raises(WrongState, match="owner") as caught:
        build_bundle(moving.rpc, moving.contract, asset)
    assert parse_hex(caught.value.expected) == b"\x66" * 20
