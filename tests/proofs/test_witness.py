"""A checkpoint counts by the witnesses that somebody trusts, and by nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.errors import DocumentError, MalformedValue, VerificationError
from ledger.hashing import domain_separator, keccak, sha256
from ledger.proofs.checkpoint import Checkpoint, WrongDomain, verify_domain
from ledger.proofs.signed import (
    NotDescended,
    SignedCheckpoint,
    decode_file,
    encode_file,
    verify_descent,
)
from ledger.proofs.witness import (
    BadSignature,
    TooFewWitnesses,
    UnknownWitness,
    verify_witnesses,
)
from ledger.signatures import ORDER
from ledger.types import to_hex

CONTRACT = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
DOMAIN = domain_separator(31337, CONTRACT)
CHECKPOINT = Checkpoint(DOMAIN, 4711, sha256(b"block"), sha256(b"head"))
ANNE, BERT, CLEO, MALLORY = (
    KeystoreSigner(sha256(name)) for name in (b"anne", b"bert", b"cleo", b"mallory")
)
TRUSTED = [ANNE.address, BERT.address, CLEO.address]


def sign(signer: KeystoreSigner, checkpoint: Checkpoint = CHECKPOINT) -> bytes:
    return signer.sign_message(checkpoint.message()).encode()


def high(signature: bytes) -> bytes:
    """The other signature that verifies, which EIP-2 forbids."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def test_the_digest_is_the_vectors() -> None:
    """Computed once by eth_account's encoder of typed data."""
    vector = "0xb2259c83312dee3a94aade5f43b4a3802d479f8a9da31446a714ca7b82dc3cb6"
    assert to_hex(CHECKPOINT.digest()) == vector


def test_the_digest_is_what_wallets_sign_as_typed_data() -> None:
    from eth_account.messages import encode_typed_data

    told = encode_typed_data(
        {"name": "AssetLedgerCheckpoint", "version": "1"},
        {
            "Checkpoint": [
                {"name": "domain", "type": "bytes32"},
                {"name": "blockNumber", "type": "uint64"},
                {"name": "blockHash", "type": "bytes32"},
                {"name": "ledgerHead", "type": "bytes32"},
            ]
        },
        {
            "domain": CHECKPOINT.domain,
            "blockNumber": CHECKPOINT.block_number,
            "blockHash": CHECKPOINT.block_hash,
            "ledgerHead": CHECKPOINT.ledger_head,
        },
    )
    assert keccak(b"\x19\x01" + told.header + told.body) == CHECKPOINT.digest()


def test_enough_trusted_witnesses_are_enough() -> None:
    signatures = [sign(BERT), sign(ANNE)]
    assert verify_witnesses(CHECKPOINT, signatures, TRUSTED, 2) == (BERT.address, ANNE.address)


def test_too_few_witnesses_are_counted() -> None:
    with pytest.raises(TooFewWitnesses) as caught:
        verify_witnesses(CHECKPOINT, [sign(ANNE)], TRUSTED, 2)
    assert (caught.value.fields["expected"], caught.value.fields["found"]) == (2, 1)
    with pytest.raises(TooFewWitnesses):
        verify_witnesses(CHECKPOINT, [], TRUSTED, 1)


def test_the_same_witness_twice_counts_once() -> None:
    with pytest.raises(TooFewWitnesses) as caught:
        verify_witnesses(CHECKPOINT, [sign(ANNE), sign(ANNE)], TRUSTED, 2)
    assert caught.value.fields["counted"] == [to_hex(ANNE.address)]


def test_a_witness_trusted_twice_is_one() -> None:
    with pytest.raises(MalformedValue, match="threshold"):
        verify_witnesses(CHECKPOINT, [sign(ANNE)], [ANNE.address, ANNE.address], 2)


@pytest.mark.parametrize("threshold", [-1, 0, 4])
def test_a_threshold_that_nobody_can_reach_or_everybody_is_refused(threshold: int) -> None:
    with pytest.raises(MalformedValue, match="threshold"):
        verify_witnesses(CHECKPOINT, [sign(ANNE)], TRUSTED, threshold)


def test_unknown_witnesses_do_not_count() -> None:
    with pytest.raises(UnknownWitness) as caught:
        verify_witnesses(CHECKPOINT, [sign(MALLORY)], TRUSTED, 1)
    assert caught.value.fields["unknown"] == [to_hex(MALLORY.address)]
    with pytest.raises(TooFewWitnesses) as few:
        verify_witnesses(CHECKPOINT, [sign(MALLORY), sign(ANNE)], TRUSTED, 2)
    assert few.value.code == "too_few_witnesses"
    found = verify_witnesses(CHECKPOINT, [sign(MALLORY), sign(ANNE)], TRUSTED, 1)
    assert found == (ANNE.address,)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (sign(ANNE)[:-1], "65 bytes"),
        (sign(ANNE) + b"\0", "65 bytes"),
        (b"", "65 bytes"),
        (high(sign(ANNE)), "low"),
        (sign(ANNE)[:64] + bytes([sign(ANNE)[64] - 27]), "27 or 28"),
        (sign(ANNE)[:64] + b"\x1d", "27 or 28"),
        (bytes(32) + sign(ANNE)[32:], "order"),
        (ORDER.to_bytes(32, "big") + sign(ANNE)[32:], "order"),
        (sign(ANNE)[:32] + bytes(32) + sign(ANNE)[64:], "low"),
        # No point of the curve has this x.
        ((5).to_bytes(32, "big") + sign(ANNE)[32:], "no key"),
    ],
)
def test_malformed_and_high_s_signatures_are_refused(spoilt: bytes, reason: str) -> None:
    with pytest.raises(BadSignature, match=reason) as caught:
        verify_witnesses(CHECKPOINT, [sign(BERT), spoilt], TRUSTED, 1)
    assert caught.value.fields["index"] == 1


@pytest.mark.parametrize(
    "forged",
    [
        replace(CHECKPOINT, block_hash=sha256(b"another block")),
        replace(CHECKPOINT, ledger_head=sha256(b"another head")),
        replace(CHECKPOINT, block_number=4712),
        replace(CHECKPOINT, domain=domain_separator(1, CONTRACT)),
    ],
)
def test_a_forged_checkpoint_was_signed_by_nobody_who_is_trusted(forged: Checkpoint) -> None:
    signatures = [sign(one) for one in (ANNE, BERT, CLEO)]
    with pytest.raises(UnknownWitness):
        verify_witnesses(forged, signatures, TRUSTED, 1)


@given(st.binary(min_size=65, max_size=65))
def test_no_random_signature_is_a_witnesss(signature: bytes) -> None:
    with pytest.raises(VerificationError):
        verify_witnesses(CHECKPOINT, [signature], TRUSTED, 1)


@given(st.integers(0, 64), st.integers(1, 255))
def test_no_changed_signature_is_its_witnesss(place: int, change: int) -> None:
    changed = bytearray(sign(ANNE))
    changed[place] ^= change
    with pytest.raises(VerificationError):
        verify_witnesses(CHECKPOINT, [bytes(changed)], TRUSTED, 1)


def test_another_chain_and_another_contract_are_told() -> None:
    verify_domain(CHECKPOINT, 31337, CONTRACT)
    for chain_id, contract in ((1, CONTRACT), (31337, bytes(20))):
        with pytest.raises(WrongDomain) as caught:
            verify_domain(CHECKPOINT, chain_id, contract)
        assert caught.value.fields["found"] == to_hex(DOMAIN)


# -- as a file ---------------------------------------------------------------------------------

SIGNED = SignedCheckpoint(CHECKPOINT, (sign(ANNE), sign(BERT)))


def test_a_file_is_read_as_it_was_written() -> None:
    assert decode_file(encode_file(SIGNED)) == SIGNED
    bare = SignedCheckpoint(CHECKPOINT, ())
    assert decode_file(encode_file(bare)) == bare


@pytest.mark.parametrize(
    "change",
    [
        {"format": "asset-ledger-checkpoint/2"},
        {"block_number": -1},
        {"block_number": "7"},
        {"block_hash": "0x00"},
        {"domain": to_hex(DOMAIN).upper()},
        {"signatures": {}},
        {"signatures": ["0x00"]},
        {"signatures": [to_hex(sign(ANNE))] * 257},
        {"headers": []},
        {"headers": [1]},
        {"anchor": {"log": "0x"}},
        {"witness": "0x"},
    ],
)
def test_a_spoilt_file_is_refused(change: dict[str, object]) -> None:
    value = json.loads(encode_file(SIGNED)) | change
    with pytest.raises(MalformedValue):
        decode_file(json.dumps(value).encode())


def test_a_file_that_lacks_a_member_is_refused() -> None:
    value = json.loads(encode_file(SIGNED))
    for name in value:
        less = {key: each for key, each in value.items() if key != name}
        with pytest.raises(MalformedValue):
            decode_file(json.dumps(less).encode())


def test_what_is_no_json_is_no_file() -> None:
    for raw in (b"", b"[]", b"\xff", encode_file(SIGNED) + b"}"):
        with pytest.raises((DocumentError, MalformedValue)):
            decode_file(raw)


def test_a_checkpoint_speaks_for_its_own_block_and_its_number() -> None:
    verify_descent(SIGNED, CHECKPOINT.block_hash, 4711)
    with pytest.raises(NotDescended):
        verify_descent(SIGNED, sha256(b"another"), 4711)
    with pytest.raises(NotDescended, match="number"):
        verify_descent(SIGNED, CHECKPOINT.block_hash, 4710)
