"""The mirror's tables; only `store` writes them.

Numbers of blocks and sequences are counted from the chain; times are seconds since 1970. A
`sequence` is an entry's place in the whole ledger, 1, 2, 3, … without gaps.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table
from sqlmodel import SQLModel

from ledger.mirror.tables.periods import AccountRow as AccountRow
from ledger.mirror.tables.periods import ClaimRow as ClaimRow
from ledger.mirror.tables.periods import HolderRow as HolderRow
from ledger.mirror.tables.periods import ListingRow as ListingRow
from ledger.mirror.tables.periods import MountRow as MountRow
from ledger.mirror.tables.periods import OfferRow as OfferRow
from ledger.mirror.tables.stream import BlockRow as BlockRow
from ledger.mirror.tables.stream import EntryRow as EntryRow
from ledger.mirror.tables.stream import MirrorRow as MirrorRow
from ledger.mirror.tables.subjects import AssetRow as AssetRow
from ledger.mirror.tables.subjects import BatchRow as BatchRow
from ledger.mirror.tables.subjects import FoundingRow as FoundingRow
from ledger.mirror.tables.subjects import OrganisationRow as OrganisationRow
from ledger.mirror.tables.subjects import SchemaRow as SchemaRow
from ledger.mirror.tables.subjects import WorldRow as WorldRow

TABLES: Final[dict[str, Table]] = {
    str(row.__tablename__): row.__table__  # type: ignore[attr-defined]
    for row in list(globals().values())
    if isinstance(row, type) and issubclass(row, SQLModel) and row is not SQLModel
}
"""All of them, by name."""
