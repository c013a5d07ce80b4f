"""What is hashed equals what others hash: Keccak, EIP-712, RFC 6962, Solidity's `abi.encode`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak as other_keccak
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.hashing import (
    EMPTY_TREE,
    domain_separator,
    entry_message,
    hmac_sha256,
    is_paused,
    keccak,
    leaf_hash,
    mapping_slot,
    merkle_root,
    next_head,
    next_ledger_head,
    node_hash,
    organisation_address,
    sha256,
    subject_id,
)

hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)
u16, u64 = st.integers(0, 2**16 - 1), st.integers(0, 2**64 - 1)


def test_keccak_is_ethereum_s_and_not_sha3() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak(b"").hex() == empty
    assert keccak(b"") != hashlib.sha3_256(b"").digest()


@given(st.binary(max_size=300))
def test_keccak_equals_another_implementation(message: bytes) -> None:
    assert keccak(message) == other_keccak(message)
    assert type(keccak(message)) is bytes


def test_sha_256_and_hmac_give_the_published_vectors() -> None:
    assert sha256(b"abc").hex().startswith("ba7816bf8f01cfea414140de5dae2223")
    told = hmac_sha256(b"\x0b" * 20, b"Hi There").hex()  # RFC 4231, 4.2
    assert told == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"


# -- Merkle trees (RFC 6962, 2.1) --------------------------------------------------------------


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """As the RFC writes it: split at the largest power of two below the size."""
    if len(leaves) == 0:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_a_root_is_the_rfc_s(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == plain_root(leaves)


@pytest.mark.parametrize("size", [255, 256, 257, 1000])
def test_a_root_is_the_rfc_s_around_powers_of_two(size: int) -> None:
    leaves = [number.to_bytes(4, "big") for number in range(size)]
    assert merkle_root(leaves) == plain_root(leaves)


def test_certificate_transparency_s_vectors() -> None:
    leaves = [
        bytes.fromhex(leaf)
        for leaf in (
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        )
    ]
    expected = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for size, root in expected.items():
        assert merkle_root(leaves[:size]).hex() == root


@given(st.binary(min_size=64, max_size=64))
def test_a_leaf_cannot_pass_for_a_node(pair: bytes) -> None:
    assert leaf_hash(pair) != node_hash(pair[:32], pair[32:])
    assert merkle_root([]) == EMPTY_TREE


# -- the contract's hashes ---------------------------------------------------------------------


@given(hashes, u16, hashes, st.binary(max_size=100))
def test_an_id_is_the_hash_of_abi_encoded_words(
    domain: bytes, kind: int, org: bytes, payload: bytes
) -> None:
    words = encode(
        ["bytes32", "uint16", "bytes32", "bytes32"], [domain, kind, org, keccak(payload)]
    )
    assume(kind != 33)
    assert subject_id(domain, kind, org, payload) == keccak(words)


@given(hashes, hashes, st.binary(max_size=100))
def test_a_batch_s_id_leaves_24_bits_to_its_assets(
    domain: bytes, org: bytes, payload: bytes
) -> None:
    words = encode(["bytes32", "uint16", "bytes32", "bytes32"], [domain, 33, org, keccak(payload)])
    born = int.from_bytes(keccak(words), "big")
    assert subject_id(domain, 33, org, payload) == (born >> 24 << 24).to_bytes(32, "big")


@given(hashes, u64, u16, hashes, addresses, u64, st.binary(max_size=100))
def test_a_head_is_the_hash_of_abi_encoded_words(
    head: bytes, position: int, kind: int, org: bytes, actor: bytes, time: int, payload: bytes
) -> None:
    types = ["bytes32", "uint64", "uint16", "bytes32", "address", "uint256", "bytes32"]
    words = encode(types, [head, position, kind, org, actor, time, keccak(payload)])
    assert next_head(head, position, kind, org, actor, time, payload) == keccak(words)


@given(hashes, hashes, addresses, u64, st.booleans())
def test_a_ledger_head_is_the_hash_of_abi_encoded_words_and_a_bit(
    ledger_head: bytes, head: bytes, actor: bytes, time: int, paused: bool
) -> None:
    words = encode(["bytes32", "bytes32", "address", "uint256"], [ledger_head, head, actor, time])
    mixed = int.from_bytes(keccak(words), "big")
    found = next_ledger_head(ledger_head, head, actor, time, paused=paused)
    assert found == (mixed & ~1 | paused).to_bytes(32, "big")
    assert is_paused(found) == paused


def test_nothing_is_paused_before_the_first_entry() -> None:
    assert not is_paused(bytes(32))


@given(hashes, st.integers(0, 100))
def test_a_mapping_s_slot_is_solidity_s(key: bytes, slot: int) -> None:
    assert mapping_slot(key, slot) == keccak(encode(["bytes32", "uint256"], [key, slot]))


@given(hashes)
def test_an_organisation_s_address_is_its_id_s_low_160_bits(org: bytes) -> None:
    low = int.from_bytes(org, "big") % 2**160
    assert organisation_address(org) == low.to_bytes(20, "big")


@settings(deadline=None)
@given(
    st.integers(1, 2**63),
    addresses,
    hashes,
    hashes,
    u16,
    u64,
    st.binary(max_size=100),
    u64,
)
def test_what_is_signed_equals_eth_account_s_typed_data(
    chain_id: int,
    contract: bytes,
    subject: bytes,
    org: bytes,
    kind: int,
    position: int,
    payload: bytes,
    deadline: int,
) -> None:
    signable = encode_typed_data(
        domain_data={
            "name": "AssetLedger",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        message_types={
            "Entry": [
                {"name": "subject", "type": "bytes32"},
                {"name": "org", "type": "bytes32"},
                {"name": "kind", "type": "uint16"},
                {"name": "position", "type": "uint64"},
                {"name": "payload", "type": "bytes"},
                {"name": "deadline", "type": "uint64"},
            ]
        },
        message_data={
            "subject": subject,
            "org": org,
            "kind": kind,
            "position": position,
            "payload": payload,
            "deadline": deadline,
        },
    )
    domain = domain_separator(chain_id, contract)
    assert domain == signable.header
    found = entry_message(domain, subject, org, kind, position, payload, deadline)
    assert found == b"\x19" + signable.version + signable.header + signable.body
