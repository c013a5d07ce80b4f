"""A bundle with checkpoints in it, on paper: its form, its steps, and who vouches for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.errors import MalformedValue
from ledger.hashing import domain_separator, sha256
from ledger.proofs.bundle import Bundle
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.signed import SignedCheckpoint
from ledger.proofs.steps import WrongHeader, WrongLedgerHead
from ledger.proofs.trust import NotWitnessed, Witnesses, read_bundle, vouch_any
from ledger.proofs.verify import verify_bundle
from tests.proofs.paper import CHAIN_ID, CONTRACT, Paper, an_asset, block_hash

ANNE, BERT = (KeystoreSigner(sha256(name)) for name in (b"anne", b"bert"))
BOTH = Witnesses([ANNE.address, BERT.address], 2)


def plain() -> Bundle:
    paper = Paper()
    return paper.bundle(an_asset(paper))


def signed_by(bundle: Bundle, *signers: KeystoreSigner, **change: Any) -> SignedCheckpoint:
    verified = verify_bundle(
        encode_bundle(replace(bundle, checkpoints=())),
        block_hash=block_hash(bundle),
        contract=CONTRACT,
    )
    told: dict[str, Any] = {
        "domain": domain_separator(CHAIN_ID, CONTRACT),
        "block_number": verified.block.number,
        "block_hash": verified.block.hash,
        "ledger_head": verified.ledger_head,
    }
    one = Checkpoint(**(told | change))
    return SignedCheckpoint(one, tuple(who.sign_message(one.message()).encode() for who in signers))


def test_a_bundle_with_checkpoints_is_read_as_it_was_written() -> None:
    bundle = plain()
    witnessed = replace(bundle, checkpoints=(signed_by(bundle, ANNE, BERT),))
    raw = encode_bundle(witnessed)
    assert decode_bundle(raw) == read_bundle(raw) == witnessed
    verify_bundle(raw, block_hash=block_hash(bundle), contract=CONTRACT)
    found = vouch_any(witnessed, witnessed.checkpoints, BOTH, contract=CONTRACT)
    assert found.witnesses == (ANNE.address, BERT.address)
    assert found.block_hash == block_hash(bundle)


def test_checkpoints_are_in_order_and_left_out_where_there_is_none() -> None:
    bundle = plain()
    one = signed_by(bundle, ANNE)
    for checkpoints in ((one, one), (one, signed_by(bundle, ANNE, block_number=0))):
        with pytest.raises(MalformedValue, match="checkpoints"):
            decode_bundle(encode_bundle(replace(bundle, checkpoints=checkpoints)))
    value = json.loads(encode_bundle(bundle)) | {"checkpoints": []}
    with pytest.raises(MalformedValue, match="checkpoints"):
        decode_bundle(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"domain": sha256(b"another")}, WrongHeader),
        ({"block_hash": sha256(b"another")}, WrongHeader),
        ({"block_number": 0}, WrongHeader),
        ({"ledger_head": sha256(b"another")}, WrongLedgerHead),
    ],
)
def test_one_that_contradicts_its_bundle_fails_its_step(change: Any, step: Any) -> None:
    bundle = plain()
    witnessed = replace(bundle, checkpoints=(signed_by(bundle, ANNE, **change),))
    with pytest.raises(step):
        verify_bundle(encode_bundle(witnessed), block_hash=block_hash(bundle), contract=CONTRACT)


def test_the_reason_is_that_of_the_newest() -> None:
    bundle = plain()
    few, foreign = signed_by(bundle, ANNE), signed_by(bundle, ANNE, BERT, domain=sha256(b"other"))
    for checkpoints, cause in (
        ((), "no_checkpoint"),
        ((few,), "too_few_witnesses"),
        ((foreign, few), "wrong_domain"),
    ):
        with pytest.raises(NotWitnessed) as caught:
            vouch_any(bundle, checkpoints, BOTH, contract=CONTRACT)
        assert caught.value.cause == cause
    enough = signed_by(bundle, BERT, ANNE)
    found = vouch_any(bundle, (foreign, few, enough), BOTH, contract=CONTRACT)
    assert found.signed == enough


def test_another_contract_is_told() -> None:
    bundle = plain()
    with pytest.raises(NotWitnessed) as caught:
        vouch_any(bundle, (signed_by(bundle, ANNE, BERT),), BOTH, contract=bytes(20))
    assert caught.value.cause == "wrong_domain"
