"""As of when a question is asked: the block that a number or a time means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ledger.database.plain import fetch_plain, rows_of
from ledger.database.ready import Ready
from ledger.errors import InputError, MalformedValue, MirrorError
from ledger.mirror.tables import BlockRow, MirrorRow
from ledger.types import Hash32

_LATEST: Final = 2**63 - 1
_MIRROR: Final = Ready(rows_of(MirrorRow).where(col(MirrorRow.id) == 1))
_NEWEST: Final = rows_of(BlockRow).limit(1)
_UP_TO_NUMBER: Final = Ready(
    _NEWEST.where(col(BlockRow.number) <= bindparam("number")).order_by(col(BlockRow.number).desc())
)
_UP_TO_TIME: Final = Ready(
    _NEWEST.where(col(BlockRow.timestamp) <= bindparam("seconds")).order_by(
        col(BlockRow.timestamp).desc(), col(BlockRow.number).desc()
    )
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A block that the mirror remembers; all that it says as of a moment is as of that block.

    `sequence` is that of the last entry in it or before it; `timestamp` is in seconds since 1970.
    """

    block: int
    hash: Hash32
    timestamp: int
    sequence: int
    is_final: bool


class BlockAhead(InputError):
    """The mirror has not come to that block, if there is such a block yet."""

    code = "block_ahead"


class BeforeLedger(InputError):
    """The ledger was not there yet."""

    code = "before_ledger"


def find_mirror(session: Session) -> MirrorRow | None:
    """Fetch the mirror's row: which ledger, and as of which block; None before it began."""
    return next(iter(fetch_plain(session, MirrorRow, _MIRROR)), None)


def find_unproven(session: Session) -> BlockRow | None:
    """Fetch the first block of those that are not proven yet; None if all are."""
    mirror = find_mirror(session)
    if mirror is None or mirror.proven_block >= mirror.block_number:
        return None
    number = col(BlockRow.number)
    unproven = select(BlockRow).where(number > mirror.proven_block).order_by(number)
    return session.exec(unproven.limit(1)).one_or_none()


def find_moment(
    session: Session, *, block: int | None = None, time: datetime | int | None = None
) -> Moment:
    """The moment that a block's number, or a time (seconds since 1970), means; else the newest.

    It is the newest block that the mirror remembers up to there: nothing was written in those
    between. A time after the newest block means that one, as far as anybody knows now.

    Raises:
        BlockAhead: the mirror has not come to that block.
        BeforeLedger: it is a block, or a time, from before the ledger's first.
        MalformedValue: both are given, or a time that does not say in which zone.
        MirrorError: the mirror has not begun.
    """
    mirror = find_mirror(session)
    if mirror is None:
        raise MirrorError("the mirror has not begun")
    if block is not None and time is not None:
        raise MalformedValue(field="time", value=time, wanted="left out where a block is given")
    if time is not None:
        return _find_at_time(session, mirror, time)
    if block is None:
        block = mirror.block_number
    elif block > mirror.block_number:
        raise BlockAhead(
            f"the mirror is at block {mirror.block_number}, not yet at {block}",
            field="block",
            value=block,
            newest=mirror.block_number,
        )
    elif block <= mirror.base_block:
        raise _before(mirror, "block", block)
    found = _first(session, _UP_TO_NUMBER, number=block)
    if found is None:
        raise MirrorError(f"the mirror does not remember block {mirror.base_block}")
    return _moment(mirror, found)


def _find_at_time(session: Session, mirror: MirrorRow, time: datetime | int) -> Moment:
    seconds = min(_seconds(time), _LATEST)
    if seconds < 0:
        raise _before(mirror, "time", seconds)
    found = _first(session, _UP_TO_TIME, seconds=seconds)
    if found is None or found.number <= mirror.base_block:
        raise _before(mirror, "time", seconds)
    return _moment(mirror, found)


def _first(session: Session, query: Ready, **given: int) -> BlockRow | None:
    return next(iter(fetch_plain(session, BlockRow, query, **given)), None)


def _seconds(time: datetime | int) -> int:
    if isinstance(time, int):
        return time
    if time.utcoffset() is None:
        raise MalformedValue(field="time", value=time.isoformat(), wanted="a time with its zone")
    return int(time.timestamp() // 1)


def _before(mirror: MirrorRow, field: str, value: int) -> BeforeLedger:
    return BeforeLedger(
        f"{field} {value} is before the ledger, which began after block {mirror.base_block}",
        field=field,
        value=value,
        oldest=mirror.base_block + 1,
    )


def _moment(mirror: MirrorRow, row: BlockRow) -> Moment:
    return Moment(
        block=row.number,
        hash=row.hash,
        timestamp=row.timestamp,
        sequence=row.last_sequence,
        is_final=row.number <= mirror.final_block,
    )
