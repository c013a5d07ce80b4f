"""Many receipts told once are, made out of the answer, the very receipts; and no other can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Registered
from ledger.errors import LedgerError
from ledger.hashing import domain_separator, keccak, sha256, subject_id
from ledger.outbox.clock import new_id
from ledger.proofs.receipt import Promise, WrongReceipt, decode_receipt, verify_receipt
from ledger.proofs.receipt_sheet import read_sheets, tell_sheets
from ledger.proofs.receipt_tree import Given, ReceiptTree
from ledger.types import ZERO_HASH, AssetKind, to_hex

SERVICE = KeystoreSigner(sha256(b"service"))
DOMAIN = domain_separator(31337, bytes(20))
ORG, OTHER = sha256(b"org"), sha256(b"other")


def promise(number: int, *, plain: bool = True) -> Promise:
    owner = ORG if plain else OTHER
    content_hash = keccak(b"%d" % number)
    payload = Registered(owner, ZERO_HASH, content_hash, AssetKind.INSTANCE).encode()
    subject = subject_id(DOMAIN, Kind.REGISTERED, ORG, payload)
    return Promise(new_id(), ORG, subject, Kind.REGISTERED, 0, True, payload, 1_790_000_000_000)


def signed(promises: list[Promise]) -> list[Given]:
    tree = ReceiptTree.over(promises)
    signature = SERVICE.sign_message(tree.message(DOMAIN)).encode()
    return [Given(DOMAIN, one, at, tree, signature) for at, one in enumerate(promises)]


def item(one: Given, receipt: Any) -> dict[str, Any]:
    return {
        "id": to_hex(one.promise.subject),
        "content_hash": to_hex(one.promise.payload[64:96]),
        "operation": f"/v1/operations/{one.promise.operation}",
        "receipt": receipt,
    }


@given(
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    draw=st.randoms(use_true_random=False),
)
def test_what_is_told_once_gives_every_receipt_again(sizes: list[int], draw: Any) -> None:
    trees = [signed([promise(n, plain=draw.random() < 0.7) for n in range(size)]) for size in sizes]
    all_given: list[Given | None] = [one for tree in trees for one in tree]
    whole = draw.random() < 0.5
    kept = all_given if whole else [one for one in all_given if draw.random() < 0.9]
    kept = [*kept, None]
    draw.shuffle(kept)
    told = tell_sheets(kept)
    assert [one is None for one in told.receipts] == [one is None for one in kept]
    leaves, alone = [], []
    for one, receipt in zip(kept, told.receipts, strict=True):
        if one is None or receipt is None:
            continue
        if "sheet" in receipt:
            leaves.append(item(one, receipt))
        else:
            alone.append(receipt)
    found = read_sheets(told.sheets, leaves)
    by_operation = {one.promise.operation: one.value() for one in found}
    by_operation |= {str(one["operation"]): one for one in alone}
    assert by_operation == {
        one.promise.operation: one.receipt().value() for one in kept if one is not None
    }
    assert not whole or not alone
    for receipt in found:
        verify_receipt(receipt, SERVICE.address)


def answer(count: int = 5) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    made: list[Given | None] = [*signed([promise(n, plain=n != 2) for n in range(count)])]
    told = tell_sheets(made)
    items = [item(one, told.receipts[at]) for at, one in enumerate(made) if one is not None]
    return deepcopy(told.sheets), items


def turned(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


CHANGES: list[Callable[[Any, Any], Any]] = [
    lambda _, items: items.pop(),
    lambda _, items: items[0].update(id=turned(items[0]["id"])),
    lambda _, items: items[0].update(content_hash=turned(items[0]["content_hash"])),
    lambda _, items: items[0].update(operation=items[1]["operation"]),
    lambda _, items: items[0]["receipt"].update(index=1),
    lambda _, items: items[0]["receipt"].update(index=5),
    lambda _, items: items[0]["receipt"].update(index=-1),
    lambda _, items: items[0]["receipt"].update(sheet=1),
    lambda _, items: items[0]["receipt"].update(payload="0x"),
    lambda _, items: items[2]["receipt"].pop("payload"),
    lambda _, items: items[0].update(receipt={"sheet": 0}),
    lambda sheets, _: sheets.clear(),
    lambda sheets, _: sheets[0].update(domain=turned(sheets[0]["domain"])),
    lambda sheets, _: sheets[0].update(organisation=turned(sheets[0]["organisation"])),
    lambda sheets, _: sheets[0].update(accepted_at=sheets[0]["accepted_at"] + 1),
    lambda sheets, _: sheets[0].update(accepted_at="now"),
    lambda sheets, _: sheets[0].update(size=4),
    lambda sheets, _: sheets[0].update(size=10**9),
    lambda sheets, _: sheets[0].pop("size"),
    lambda sheets, _: sheets[0].update(format="asset-ledger-receipts/2"),
    lambda sheets, _: sheets[0].update(signature="0x"),
    lambda sheets, _: sheets[0].update(signature=sheets[0]["signature"][:-4] + "001b"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_noticed(change: Callable[[Any, Any], Any]) -> None:
    sheets, items = answer()
    change(sheets, items)
    with pytest.raises(LedgerError):
        [verify_receipt(one, SERVICE.address) for one in read_sheets(sheets, items)]


def test_a_promise_of_anything_but_a_registration_comes_by_itself() -> None:
    observed = Promise(new_id(), ORG, OTHER, Kind.OBSERVED, 3, False, sha256(b"seen"), 7)
    [one] = signed([observed])
    told = tell_sheets([one])
    assert told.sheets == []
    [receipt] = told.receipts
    assert receipt == one.receipt().value()
    assert decode_receipt(json.dumps(receipt).encode()) == one.receipt()


def test_a_leaf_that_is_missing_is_named() -> None:
    sheets, items = answer()
    with pytest.raises(WrongReceipt, match="not all leaves"):
        read_sheets(sheets, items[1:])
