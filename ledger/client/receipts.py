"""The receipts of many assets that were sent together, made out of the one answer."""

from __future__ import annotations

import json
from dataclasses import asdict

from ledger.client.answers import BulkAnswer
from ledger.proofs.receipt import Receipt, decode_receipt
from ledger.proofs.receipt_sheet import read_sheets


def read_receipts(answer: BulkAnswer) -> list[Receipt]:
    """Each receipt by itself; who signed is to be verified still (`verify_receipt`).

    Raises:
        WrongReceipt: the answer has not all that is promised, or something else.
        MalformedValue: a receipt is malformed.
    """
    leaves, found = [], []
    for item in answer.items:
        if item.receipt is None:
            continue
        if "sheet" in item.receipt:
            leaves.append(asdict(item))
        else:
            found.append(decode_receipt(json.dumps(item.receipt).encode()))
    return read_sheets(answer.receipts, leaves) + found
