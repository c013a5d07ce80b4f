"""What is asked of one asset, and what is found: a key, an asset, its serial, where the mirror is.

One statement finds all of it; it is made once, for one as for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import FromClause, Select, select, true
from sqlmodel import col

from ledger.mirror.tables import AssetRow, MirrorRow
from ledger.outbox.clock import now
from ledger.outbox.keys import BadKey, Credential, compare_key
from ledger.outbox.tables import ApiKey, Registration
from ledger.types import Hash32


class Asked(NamedTuple):
    """Which asset is asked for, by whom, and what is known of it already (If-None-Match)."""

    prefix: str
    secret: str
    asset: Hash32
    if_none_match: str | None


class Found(NamedTuple):
    """Who asked, and the asset, with the block at which all of it stands."""

    who: Credential
    asset: Any
    serial: str | None
    block: int
    block_hash: Hash32
    final_block: int


class Lookup(Protocol):
    """A connection that is kept for this; used by one event loop."""

    async def find(self, asked: Asked) -> Found | None:
        """What is asked for; None: it has to be asked for in the usual way."""

    async def close(self) -> None:
        """Give the connection back; it is taken again when it is needed."""


def _cells(of: Any, *but: str) -> tuple[list[Any], Any]:
    """A table's columns `but` some, and a tuple that has their cells under the row's own names."""
    attributes = [one for one in of.__mapper__.column_attrs if one.key not in but]
    fields = [(one.key, Any) for one in attributes]
    return [one.columns[0] for one in attributes], NamedTuple(f"{of.__name__}Cells", fields)


_ASSET_COLUMNS, _AssetCells = _cells(AssetRow, "offered", "first_sequence", "last_sequence")
_KEY_COLUMNS, _KeyCells = _cells(ApiKey, "name", "replaces", "created_at")
_BEFORE: Final = 4
_ASSETS_FROM: Final = _BEFORE + len(_KEY_COLUMNS)
_TOLD: Final[list[Any]] = [
    *(MirrorRow.block_number, MirrorRow.block_hash, MirrorRow.final_block, Registration.serial),
    *_KEY_COLUMNS,
    *_ASSET_COLUMNS,
]


def finding(asked: FromClause, *more: Any) -> Select[Any]:
    """The statement, for whatever has columns `prefix` and `asset`; `more` columns come last."""
    return (
        select(*_TOLD, *more)
        .select_from(asked)
        .join(ApiKey, col(ApiKey.prefix) == asked.c.prefix)
        .join(AssetRow, col(AssetRow.id) == asked.c.asset)
        .join(MirrorRow, onclause=true())
        .outerjoin(Registration, col(Registration.asset) == col(AssetRow.id))
    )


def read(row: Sequence[Any] | None, asked: Asked) -> Found | None:
    """What the statement found, if that is plain: an organisation's or the operator's key."""
    if row is None:
        return None
    key = _KeyCells._make(row[_BEFORE:_ASSETS_FROM])
    who = compare_key(key, asked.secret, now())
    if isinstance(who, BadKey) or who.account is not None:
        return None
    number, block_hash, final, serial = row[:_BEFORE]
    asset = _AssetCells._make(row[_ASSETS_FROM : _ASSETS_FROM + len(_ASSET_COLUMNS)])
    return Found(who, asset, serial, number, block_hash, final)
