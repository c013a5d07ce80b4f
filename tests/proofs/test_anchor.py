"""A log on a second chain holds what witnesses signed, and its state proves that it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from ledger.chain.checkpoint_log import CheckpointLog, Told, encode_anchor
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.errors import MalformedValue, WrongChain
from ledger.hashing import domain_separator, sha256
from ledger.proofs.anchor import (
    Anchor,
    Anchored,
    Contradiction,
    WrongAnchor,
    fetch_anchor,
    read_anchor,
    verify_anchor,
)
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.header import encode_header
from ledger.proofs.rlp import RlpError
from ledger.proofs.signed import NotDescended, SignedCheckpoint, verify_descent
from ledger.proofs.trie import TrieError
from ledger.proofs.witness import TooFewWitnesses, UnknownWitness
from ledger.types import Address, Hash32, parse_address
from tests.proofs.conftest import anvil, deploy, transact

ANNE, BERT, MALLORY = (KeystoreSigner(sha256(name)) for name in (b"anne", b"bert", b"mallory"))
DOMAIN = domain_separator(31337, bytes(20))


@dataclass(frozen=True, slots=True)
class Second:
    """The second chain, with the log on it."""

    rpc: RpcClient
    account: Address
    log: Address

    def anchor(self, checkpoint: Checkpoint, *signers: KeystoreSigner) -> None:
        signatures = [sign(one, checkpoint) for one in signers]
        transact(self.rpc, self.account, self.log, encode_anchor(checkpoint, signatures))

    def prove(self, checkpoint: Checkpoint, *signers: KeystoreSigner) -> tuple[Anchor, Hash32]:
        block = self.rpc.fetch_block("latest")
        witnesses = [one.address for one in signers]
        return fetch_anchor(self.rpc, self.log, checkpoint, witnesses, block.number), block.hash


@pytest.fixture(scope="module")
def second() -> Iterator[Second]:
    with anvil("--no-mining", "--chain-id", "4242") as rpc:
        account = parse_address(rpc.call("eth_accounts")[0])
        yield Second(rpc, account, deploy(rpc, account, "CheckpointLog", []))


def sign(signer: KeystoreSigner, checkpoint: Checkpoint) -> bytes:
    return signer.sign_message(checkpoint.message()).encode()


def checkpoint_of(number: int, head: bytes = b"head") -> Checkpoint:
    return Checkpoint(DOMAIN, number, sha256(b"block %d" % number), sha256(head))


def verify(second: Second, anchor: Anchor, block: Hash32, one: Checkpoint, k: int = 1) -> Anchored:
    trusted = [ANNE.address, BERT.address]
    return verify_anchor(
        anchor, one, log=second.log, block_hash=block, trusted=trusted, threshold=k
    )


def test_the_contract_computes_the_same_digest(second: Second) -> None:
    log = CheckpointLog(second.rpc, second.log)
    for number in (0, 7, 2**53, 2**64 - 1):
        one = checkpoint_of(number)
        assert log.fetch_digest(one) == one.digest()


def test_an_anchored_checkpoint_is_proven_by_the_other_chains_state(second: Second) -> None:
    one = checkpoint_of(100)
    second.anchor(one, ANNE, BERT)
    log = CheckpointLog(second.rpc, second.log)
    assert log.fetch_digest_of(DOMAIN, ANNE.address, 100) == one.digest()
    assert log.fetch_latest_of(DOMAIN, BERT.address) >= 100
    anchor, block = second.prove(one, ANNE, BERT)
    found = verify(second, anchor, block, one, 2)
    assert found.witnesses == (ANNE.address, BERT.address)
    assert found.block_hash == block
    assert read_anchor(anchor.value(), "anchor") == anchor


def test_what_is_not_anchored_is_not_there(second: Second) -> None:
    anchor, block = second.prove(checkpoint_of(101), ANNE)
    with pytest.raises(TooFewWitnesses):
        verify(second, anchor, block, checkpoint_of(101))


def test_others_words_do_not_count(second: Second) -> None:
    one = checkpoint_of(102)
    second.anchor(one, MALLORY)
    anchor, block = second.prove(one, MALLORY, ANNE)
    with pytest.raises(UnknownWitness):
        verify(second, anchor, block, one)


def test_the_same_witness_twice_counts_once(second: Second) -> None:
    one = checkpoint_of(103)
    second.anchor(one, ANNE)
    anchor, block = second.prove(one, ANNE)
    twice = replace(anchor, slots=anchor.slots * 2)
    with pytest.raises(TooFewWitnesses):
        verify(second, twice, block, one, 2)


def test_a_second_checkpoint_of_one_block_is_a_contradiction(second: Second) -> None:
    one, other = checkpoint_of(104), checkpoint_of(104, b"another head")
    second.anchor(one, ANNE)
    second.anchor(other, ANNE)
    anchor, block = second.prove(other, ANNE)
    with pytest.raises(Contradiction) as caught:
        verify(second, anchor, block, other)
    assert caught.value.fields["block"] == 104
    log = CheckpointLog(second.rpc, second.log)
    told = log.fetch_told(DOMAIN, 104)
    places = [(each.block_number, each.transaction) for each in told]
    assert told == [
        Told(True, ANNE.address, one, *places[0]),
        Told(False, ANNE.address, other, *places[1]),
    ]


def test_another_log_and_another_block_are_told(second: Second) -> None:
    one = checkpoint_of(105)
    second.anchor(one, ANNE)
    anchor, block = second.prove(one, ANNE)
    with pytest.raises(WrongAnchor, match="not the log"):
        verify_anchor(
            anchor, one, log=bytes(20), block_hash=block, trusted=[ANNE.address], threshold=1
        )
    with pytest.raises(WrongAnchor, match="block"):
        verify(second, anchor, sha256(b"another"), one)
    missing = replace(anchor, log=bytes(20))
    with pytest.raises(TrieError):
        verify_anchor(
            missing, one, log=bytes(20), block_hash=block, trusted=[ANNE.address], threshold=1
        )


def test_a_forged_log_is_none_of_the_chains_state(second: Second) -> None:
    """Somebody's own log holds the words; its proof does not lead to the log that is trusted."""
    one = checkpoint_of(106)
    own = deploy(second.rpc, second.account, "CheckpointLog", [])
    forged = Second(second.rpc, second.account, own)
    forged.anchor(one, ANNE)
    anchor, block = forged.prove(one, ANNE)
    with pytest.raises(TrieError):
        verify(second, replace(anchor, log=second.log), block, one)


@pytest.mark.parametrize("part", ["account_proof", "slots"])
def test_nodes_left_out_are_an_error_and_never_absence(second: Second, part: str) -> None:
    one = checkpoint_of(107)
    second.anchor(one, ANNE)
    anchor, block = second.prove(one, ANNE)
    if part == "account_proof":
        spoilt = replace(anchor, account_proof=anchor.account_proof[:-1])
    else:
        [slot] = anchor.slots
        spoilt = replace(anchor, slots=(replace(slot, nodes=slot.nodes[:-1]),))
    with pytest.raises(TrieError):
        verify(second, spoilt, block, one)


def test_a_header_of_something_else_is_none(second: Second) -> None:
    one = checkpoint_of(108)
    anchor, _ = second.prove(one, ANNE)
    with pytest.raises(RlpError):
        verify(second, replace(anchor, header=b"\xc0"), keccak_of(b"\xc0"), one)


def keccak_of(raw: bytes) -> Hash32:
    from ledger.hashing import keccak

    return keccak(raw)


def test_a_threshold_is_looked_at_first(second: Second) -> None:
    anchor, block = second.prove(checkpoint_of(109), ANNE)
    with pytest.raises(MalformedValue):
        verify(second, anchor, block, checkpoint_of(109), 3)


def test_no_log_at_an_address_is_told(second: Second) -> None:
    CheckpointLog(second.rpc, second.log).verify_there()
    with pytest.raises(WrongChain):
        CheckpointLog(second.rpc, bytes(20)).verify_there()


def test_a_later_checkpoint_speaks_for_a_block_by_the_headers_between(second: Second) -> None:
    second.rpc.call("anvil_mine", "0x5")
    newest = second.rpc.fetch_block("latest")
    of = Checkpoint(DOMAIN, newest.number, newest.hash, sha256(b"head"))
    older = second.rpc.fetch_block(newest.number - 3)
    headers = tuple(
        encode_header(second.rpc.fetch_block(newest.number - back).header) for back in range(3)
    )
    signed = SignedCheckpoint(of, (), headers)
    verify_descent(signed, older.hash, older.number)
    for spoilt in (headers[1:], headers[:-1], headers[::-1], (*headers, headers[0])):
        with pytest.raises(NotDescended):
            verify_descent(replace(signed, headers=spoilt), older.hash, older.number)
    lying = replace(signed, checkpoint=replace(of, block_number=newest.number + 1))
    with pytest.raises(NotDescended):
        verify_descent(lying, older.hash, older.number)
    with pytest.raises(NotDescended):
        verify_descent(signed, older.hash, older.number + 1)
