"""Keeps who held what, and who could act for whom, as periods of blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from ledger.domain.payloads import (
    AccountAdded,
    AccountRemoved,
    Registered,
    Transferred,
    decode_payload,
)
from ledger.mirror.steps import PlacedEntry
from ledger.mirror.tables import AccountRow, EntryRow, HolderRow

OWNER: Final = "owner"
"""The party that holds title."""


class Periods:
    """Periods that a run of entries opens and closes, collected to be written at once."""

    def __init__(self) -> None:
        self.opened: list[dict[str, Any]] = []
        self.closed: list[dict[str, Any]] = []
        self._open: dict[object, dict[str, Any]] = {}

    def open(self, key: object, row: dict[str, Any]) -> None:
        row["to_block"] = None
        self._open[key] = row
        self.opened.append(row)

    def close(self, key: object, block: int, **where: object) -> None:
        row = self._open.pop(key, None)
        if row is not None:
            row["to_block"] = block
        else:
            self.closed.append({"closing": block, **where})


def write_periods(session: Session, entries: Iterable[PlacedEntry]) -> None:
    """Open and close the periods of holders and accounts that these entries begin and end."""
    holders, accounts = Periods(), Periods()
    for placed in entries:
        _note(placed, holders, accounts)
    connection = session.connection()
    if holders.closed:
        connection.execute(_CLOSE_HOLDER, holders.closed)
    if holders.opened:
        connection.execute(insert(HolderRow), holders.opened)
    if accounts.closed:
        connection.execute(_CLOSE_ACCOUNT, accounts.closed)
    if accounts.opened:
        connection.execute(insert(AccountRow), accounts.opened)


def _note(placed: PlacedEntry, holders: Periods, accounts: Periods) -> None:
    entry, block = placed.entry, placed.block_number
    subject = entry.subject
    match decode_payload(entry.kind, entry.payload):
        case Registered(owner=org):
            holders.open(subject, _holder(placed, org))
        case Transferred(to=org):
            holders.close(subject, block, of=subject)
            holders.open(subject, _holder(placed, org))
        case AccountAdded(account):
            row = {
                "org": subject,
                "position": entry.position,
                "account": account,
                "from_block": block,
            }
            accounts.open((subject, account), row)
        case AccountRemoved(account):
            accounts.close((subject, account), block, of=subject, removed=account)
        case _:
            return


def _holder(placed: PlacedEntry, org: bytes) -> dict[str, Any]:
    return {
        "asset": placed.entry.subject,
        "position": placed.entry.position,
        "party": OWNER,
        "org": org,
        "from_block": placed.block_number,
    }


_CLOSE_HOLDER: Final = (
    update(HolderRow)
    .where(col(HolderRow.asset) == bindparam("of"), col(HolderRow.to_block).is_(None))
    .values(to_block=bindparam("closing"))
)
_CLOSE_ACCOUNT: Final = (
    update(AccountRow)
    .where(
        col(AccountRow.org) == bindparam("of"),
        col(AccountRow.account) == bindparam("removed"),
        col(AccountRow.to_block).is_(None),
    )
    .values(to_block=bindparam("closing"))
)


def roll_back_periods(session: Session, above: int) -> None:
    """Undo what entries of blocks above that one did; to be called while they are still there."""
    touched = select(col(EntryRow.subject)).where(col(EntryRow.block_number) > above)
    connection = session.connection()
    for of, begun, ended, table in (
        (col(HolderRow.asset), col(HolderRow.from_block), col(HolderRow.to_block), HolderRow),
        (col(AccountRow.org), col(AccountRow.from_block), col(AccountRow.to_block), AccountRow),
    ):
        connection.execute(delete(table).where(of.in_(touched), begun > above))
        connection.execute(
            update(table).where(of.in_(touched), ended > above).values(to_block=None)
        )
