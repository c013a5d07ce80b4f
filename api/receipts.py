"""Receipts of what is accepted: who signs them here, and how they come to the answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlmodel import Session

from api.lookup import get_domain
from api.schemas.receipts import ReceiptAnswer
from ledger.database.engine import reading
from ledger.outbox.receipts import Notary, find_receipts
from ledger.proofs.receipt_tree import Given

if TYPE_CHECKING:
    from api.deps import Service


def get_notary(service: Service, session: Session) -> Notary:
    """Who signs receipts for the ledger that is mirrored. Raises Problem before it is."""
    return Notary(get_domain(session), service.signer)


def find_receipt(session: Session, operation: str) -> Given | None:
    """The receipt of an operation; None if it is from before receipts were given."""
    return find_receipts(session, [operation]).get(operation)


def collect_receipts(
    service: Service, notary: Notary, operations: Collection[str]
) -> dict[str, Given]:
    """The receipts of operations, by operation: those just given, and those of earlier requests."""
    earlier = [one for one in operations if one not in notary.given]
    if not earlier:
        return notary.given
    with reading(service.engine) as session:
        return notary.given | find_receipts(session, earlier)


def tell_receipt(given: Given | None) -> ReceiptAnswer | None:
    """A receipt, as an answer."""
    return None if given is None else ReceiptAnswer.model_validate(given.receipt().value())
