"""Open offers of many assets, in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ledger.database.plain import fetch
from ledger.mirror.rows import chunks
from ledger.mirror.tables import OfferRow
from ledger.types import Hash32


def find_open_offers(
    session: Session, assets: Collection[Hash32]
) -> Mapping[Hash32, Sequence[Any]]:
    """Fetch `party`, `to` and `expires` of each asset's open offers, in their order."""
    found: defaultdict[Hash32, list[Any]] = defaultdict(list)
    for portion in chunks(assets):
        for row in fetch(session, _OPEN, assets=portion):
            found[row.asset].append(row)
    return found


# Made once: it takes longer to make a statement than to have it answered.
_OPEN: Final = (
    select(OfferRow.asset, OfferRow.party, OfferRow.to, OfferRow.expires)
    .where(
        col(OfferRow.asset).in_(bindparam("assets", expanding=True)),
        col(OfferRow.to_block).is_(None),
    )
    .order_by(col(OfferRow.asset), col(OfferRow.position))
)
