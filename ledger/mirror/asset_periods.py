"""What the commonest entries about an asset open and close beside its row."""

from __future__ import annotations

from ledger.domain.entries import Appended
from ledger.domain.kinds import Kind
from ledger.mirror.asset_rows import OFFERED, Row, accepted_of, offered_of
from ledger.mirror.periods import Periods
from ledger.mirror.reading import Read

_TRANSFERRED, _OFFERED, _ACCEPTED = Kind.TRANSFERRED, Kind.OFFERED, Kind.ACCEPTED


def change_periods(periods: Periods, row: Row, entry: Read) -> None:
    """Open and close what an entry begins and ends beside an asset's row, which is as before."""
    number, _, _, asset, org, kind, position, _, _, payload, _ = entry
    offered: int = row[OFFERED]
    if kind == _TRANSFERRED:
        periods.pass_title(asset, position, payload, number, offered=bool(offered))
    elif kind == _OFFERED:
        offer = offered_of(payload)
        open_ = bool(offered >> offer[0] & 1)
        periods.offer(asset, position, offer, number, offered=open_)
    elif kind != _ACCEPTED:
        periods.change(appended_of(entry), number)
    elif party := accepted_of(payload):
        periods.accept(asset, position, party, org, number)
    else:
        periods.pass_title(asset, position, org, number, offered=bool(offered))


def appended_of(entry: Read) -> Appended:
    """An entry that was read, as the domain has it."""
    _, _, _, subject, org, kind, position, actor, timestamp, payload, _ = entry
    return Appended(subject, org, Kind(kind), position, payload, actor, timestamp)
