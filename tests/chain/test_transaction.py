"""Transactions are written as everybody writes them, and read back without trust."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.signers.errors import WrongAnswer
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.chain.signers.transaction import (
    TransactionFields,
    decode_signed,
    encode_signed,
    encode_unsigned,
    verify_signed,
)
from ledger.proofs.rlp import RlpError
from ledger.signatures import ORDER, Signature

KEY = bytes(31) + b"\x07"
SIGNER = KeystoreSigner(KEY)

keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
words = st.integers(0, 2**64 - 2)
transactions = st.builds(
    TransactionFields,
    chain_id=st.integers(1, 2**63),
    nonce=words,
    to=st.none() | st.binary(min_size=20, max_size=20),
    data=st.binary(max_size=300),
    gas=words,
    max_fee_per_gas=words,
    max_priority_fee_per_gas=words,
    value=st.integers(0, 2**128),
)
ASKED = TransactionFields(31337, 5, bytes(19) + b"\x01", b"\x01\x02", 50_000, 7, 3, 11)


def by_eth_account(key: bytes, asked: TransactionFields) -> bytes:
    said: dict[str, Any] = {
        "type": 2,
        "chainId": asked.chain_id,
        "nonce": asked.nonce,
        "to": asked.to or b"",
        "value": asked.value,
        "data": asked.data,
        "gas": asked.gas,
        "maxFeePerGas": asked.max_fee_per_gas,
        "maxPriorityFeePerGas": asked.max_priority_fee_per_gas,
    }
    return bytes(Account.from_key(key).sign_transaction(said).raw_transaction)


@given(key=keys, asked=transactions)
def test_it_is_byte_for_byte_what_eth_account_writes(key: bytes, asked: TransactionFields) -> None:
    assert KeystoreSigner(key).sign_transaction(asked) == by_eth_account(key, asked)


@given(key=keys, asked=transactions)
def test_what_is_written_reads_back(key: bytes, asked: TransactionFields) -> None:
    signer = KeystoreSigner(key)
    raw = signer.sign_transaction(asked)
    verify_signed(raw, asked, signer.address)
    told, signature = decode_signed(raw)
    assert told == asked
    assert signature == signer.sign_message(encode_unsigned(asked))


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("chain_id", 1),
        ("nonce", 6),
        ("to", bytes(19) + b"\x02"),
        ("to", None),
        ("data", b"\x01\x03"),
        ("gas", 50_001),
        ("max_fee_per_gas", 8),
        ("max_priority_fee_per_gas", 4),
        ("value", 0),
    ],
)
def test_a_signer_that_changes_a_field_is_found_out(field: str, other: object) -> None:
    lied = SIGNER.sign_transaction(replace(ASKED, **{field: other}))
    with pytest.raises(WrongAnswer) as caught:
        verify_signed(lied, ASKED, SIGNER.address)
    shown = f"0x{other.hex()}" if isinstance(other, bytes) else str(other)
    assert (caught.value.fields["field"], caught.value.fields["told"]) == (field, shown)
    assert caught.value.fields["asked"] != shown


def test_another_signer_is_found_out() -> None:
    other = KeystoreSigner(bytes(31) + b"\x08")
    with pytest.raises(WrongAnswer, match=other.address.hex()):
        verify_signed(other.sign_transaction(ASKED), ASKED, SIGNER.address)


def test_of_two_signatures_the_high_one_is_refused() -> None:
    low = SIGNER.sign_message(encode_unsigned(ASKED))
    high = Signature(low.r, ORDER - low.s, 1 - low.parity)
    with pytest.raises(WrongAnswer) as caught:
        verify_signed(encode_signed(ASKED, high), ASKED, SIGNER.address)
    assert caught.value.fields["field"] == "s"


@given(data=st.data(), asked=transactions)
def test_one_changed_bit_is_never_taken(data: st.DataObject, asked: TransactionFields) -> None:
    raw = bytearray(SIGNER.sign_transaction(asked))
    at = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises(WrongAnswer):
        verify_signed(bytes(raw), asked, SIGNER.address)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x02",
        b"\x02\x80",
        b"\x02\xc0",
        SIGNER.sign_transaction(ASKED)[:-1],
        SIGNER.sign_transaction(ASKED) + b"\0",
        b"\x01" + SIGNER.sign_transaction(ASKED)[1:],
        encode_unsigned(ASKED),
    ],
)
def test_what_is_no_signed_transaction(raw: bytes) -> None:
    with pytest.raises(RlpError):
        decode_signed(raw)
    with pytest.raises(WrongAnswer, match="a transaction"):
        verify_signed(raw, ASKED, SIGNER.address)


def test_an_access_list_that_nobody_asked_for_is_refused() -> None:
    said = {"type": 2, "chainId": 1, "nonce": 0, "to": bytes(20), "value": 0, "data": b""}
    said |= {"gas": 1, "maxFeePerGas": 1, "maxPriorityFeePerGas": 1}
    said["accessList"] = [{"address": "0x" + "11" * 20, "storageKeys": []}]
    raw = bytes(Account.from_key(KEY).sign_transaction(said).raw_transaction)
    with pytest.raises(RlpError, match="access list"):
        decode_signed(raw)
