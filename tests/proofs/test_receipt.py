"""A receipt holds its service to what it promised, and to nothing that it did not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.domain.kinds import Kind
from ledger.errors import LedgerError, MalformedValue, VerificationError
from ledger.hashing import domain_separator, merkle_root, sha256
from ledger.outbox.clock import new_id
from ledger.proofs.receipt import (
    Promise,
    Receipt,
    WrongReceipt,
    WrongSigner,
    decode_receipt,
    encode_receipt,
    verify_receipt,
)
from ledger.proofs.receipt_tree import ReceiptTree
from ledger.proofs.witness import BadSignature
from ledger.types import to_hex

SERVICE, ANOTHER = KeystoreSigner(sha256(b"service")), KeystoreSigner(sha256(b"another"))
DOMAIN = domain_separator(31337, bytes(20))


def promise(number: int = 0) -> Promise:
    return Promise(
        operation=new_id(),
        organisation=sha256(b"org"),
        subject=sha256(b"asset %d" % number),
        kind=Kind.OBSERVED,
        position=number,
        position_fixed=bool(number % 2),
        payload=sha256(b"document"),
        accepted_at=1_790_000_000_000 + number,
    )


def receipts(count: int, signer: KeystoreSigner = SERVICE) -> list[Receipt]:
    promises = [promise(number) for number in range(count)]
    tree = ReceiptTree.over(promises)
    signature = signer.sign_message(tree.message(DOMAIN)).encode()
    return [tree.receipt(DOMAIN, one, at, signature) for at, one in enumerate(promises)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 200])
def test_one_signature_serves_all_that_were_accepted_together(count: int) -> None:
    made = receipts(count)
    assert len({one.signature for one in made}) == 1
    for one in made:
        verify_receipt(one, SERVICE.address)
        assert decode_receipt(encode_receipt(one)) == one


def test_the_tree_is_rfc_6962s() -> None:
    promises = [promise(number) for number in range(11)]
    assert ReceiptTree.over(promises).root == merkle_root([one.leaf() for one in promises])


def test_another_service_is_told() -> None:
    [one] = receipts(1, ANOTHER)
    with pytest.raises(WrongSigner) as caught:
        verify_receipt(one, SERVICE.address)
    assert caught.value.fields["found"] == to_hex(ANOTHER.address)


@pytest.mark.parametrize(
    "change",
    [
        {"operation": new_id()},
        {"organisation": sha256(b"another")},
        {"subject": sha256(b"another")},
        {"kind": Kind.REVISED},
        {"position": 9},
        {"position_fixed": True},
        {"payload": b""},
        {"accepted_at": 1},
    ],
)
def test_no_member_of_a_promise_can_be_changed(change: dict[str, object]) -> None:
    one = receipts(3)[0]
    forged = replace(one, promise=replace(one.promise, **change))  # type: ignore[arg-type]
    with pytest.raises(WrongSigner):
        verify_receipt(forged, SERVICE.address)


def test_a_receipt_of_another_ledger_or_place_is_none() -> None:
    one, other, *_ = receipts(5)
    for forged in (
        replace(one, domain=domain_separator(1, bytes(20))),
        replace(one, index=1),
        replace(one, size=6),
        replace(one, promise=other.promise),
        replace(one, path=one.path[::-1]),
    ):
        with pytest.raises(WrongReceipt):
            verify_receipt(forged, SERVICE.address)


def test_a_path_of_no_tree_of_that_size_is_told() -> None:
    one = receipts(5)[0]
    for forged in (
        replace(one, path=one.path[:-1]),
        replace(one, path=(*one.path, sha256(b""))),
        replace(one, index=5),
        replace(one, size=0),
    ):
        with pytest.raises(WrongReceipt, match="path"):
            verify_receipt(forged, SERVICE.address)


def test_a_malformed_signature_is_told() -> None:
    [one] = receipts(1)
    with pytest.raises(BadSignature):
        verify_receipt(replace(one, signature=bytes(65)), SERVICE.address)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "asset-ledger-receipt/2"},
        {"operation": "x"},
        {"operation": "0196A1F0-4C11-7D3E-9B1A-5F2C8D7E6A90"},
        {"operation": 7},
        {"kind": "bought"},
        {"kind": 35},
        {"position": -1},
        {"position": True},
        {"position_fixed": 0},
        {"payload": "0xABCD"},
        {"path": [to_hex(sha256(b""))] * 41},
        {"signature": "0x00"},
        {"more": 1},
    ],
)
def test_a_spoilt_file_is_refused(change: dict[str, object]) -> None:
    value = json.loads(encode_receipt(receipts(2)[0])) | change
    with pytest.raises(MalformedValue):
        decode_receipt(json.dumps(value).encode())


_RAW = encode_receipt(receipts(6)[3])
_HONEST = decode_receipt(_RAW)


@given(st.integers(0, len(_RAW) - 1), st.integers(1, 255))
def test_no_changed_byte_changes_what_is_proven(place: int, change: int) -> None:
    raw = bytearray(_RAW)
    raw[place] ^= change
    try:
        found = decode_receipt(bytes(raw))
        verify_receipt(found, SERVICE.address)
    except (LedgerError, VerificationError):
        return
    assert found == _HONEST  # white space alone
