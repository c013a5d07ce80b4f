"""Signs what is accepted in one transaction by one signature, and makes receipts of it again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import insert
from sqlmodel import Session, col, select

from ledger.chain.signers.signer import Signer
from ledger.outbox.clock import now
from ledger.outbox.tables import Operation, ReceiptSigning
from ledger.proofs.receipt import Promise
from ledger.proofs.receipt_tree import Given, ReceiptTree
from ledger.types import Hash32

_AT_ONCE: Final = 500
_HASH_SIZE: Final = 32
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Notary:
    """Who signs receipts in a transaction, for the ledger of which domain.

    `given` are those that it signed, by operation; they stand once the transaction is committed.
    """

    domain: Hash32
    signer: Signer
    given: dict[str, Given] = field(default_factory=dict)


def promise_all(
    session: Session, notary: Notary | None, operations: Sequence[dict[str, Any]]
) -> None:
    """Sign that operations, whose columns these are, are accepted; the caller adds their rows.

    Each is told which signature is its own. Without a notary nothing is promised.
    """
    if notary is None or not operations:
        return
    promises = [_promise(one) for one in operations]
    tree = ReceiptTree.over(promises)
    signature = notary.signer.sign_message(tree.message(notary.domain)).encode()
    signing = {
        "domain": notary.domain,
        "leaves": b"".join(tree.leaves),
        "signer": notary.signer.address,
        "signature": signature,
        "created_at": now(),
    }
    added = insert(ReceiptSigning).values(signing).returning(col(ReceiptSigning.id))
    key = session.connection().execute(added).scalar_one()
    for index, (one, promise) in enumerate(zip(operations, promises, strict=True)):
        one |= {"signing": key, "receipt_index": index, "promised": promise.position}
        given = Given(notary.domain, promise, index, tree, signature)
        notary.given[promise.operation] = given


def _promise(columns: dict[str, Any]) -> Promise:
    return Promise(
        operation=columns["id"],
        organisation=columns["org"],
        subject=columns["subject"],
        kind=columns["kind"],
        position=columns["position"],
        position_fixed=columns["position_fixed"],
        payload=columns["payload"],
        accepted_at=columns["accepted_at"],
    )


def find_receipts(session: Session, operations: Collection[str]) -> dict[str, Given]:
    """The receipts of operations, by operation; those from before receipts were given have none."""
    rows = [row for some in _portions(list(operations)) for row in _read(session, some)]
    trees: dict[int, tuple[ReceiptSigning, ReceiptTree]] = {}
    for signing in _find_signings(session, {row.signing for row in rows}):
        trees[signing.id or 0] = signing, ReceiptTree(_cut(signing.leaves))
    return {row.id: _given(row, *trees[row.signing]) for row in rows}


def _given(row: Any, signing: ReceiptSigning, tree: ReceiptTree) -> Given:
    promise = Promise(
        operation=row.id,
        organisation=row.org,
        subject=row.subject,
        kind=row.kind,
        position=row.promised,
        position_fixed=row.position_fixed,
        payload=row.payload,
        accepted_at=row.accepted_at,
    )
    return Given(signing.domain, promise, row.receipt_index, tree, signing.signature)


_READ: Final = [
    col(one)
    for one in (
        Operation.id,
        Operation.org,
        Operation.subject,
        Operation.kind,
        Operation.promised,
        Operation.position_fixed,
        Operation.payload,
        Operation.accepted_at,
        Operation.signing,
        Operation.receipt_index,
    )
]


def _read(session: Session, operations: Sequence[str]) -> Sequence[Any]:
    wanted = select(*_READ).where(
        col(Operation.id).in_(operations), col(Operation.signing).is_not(None)
    )
    return session.execute(wanted).all()


def _find_signings(session: Session, keys: Collection[int]) -> Iterator[ReceiptSigning]:
    for some in _portions(list(keys)):
        yield from session.exec(select(ReceiptSigning).where(col(ReceiptSigning.id).in_(some)))


def _cut(joined: bytes) -> list[Hash32]:
    return [joined[at : at + _HASH_SIZE] for at in range(0, len(joined), _HASH_SIZE)]


def _portions(things: Sequence[_One]) -> Iterator[Sequence[_One]]:
    """As many as one query may name."""
    for start in range(0, len(things), _AT_ONCE):
        yield things[start : start + _AT_ONCE]
