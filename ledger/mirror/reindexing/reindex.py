"""Rebuilds the mirror: into a shadow, which then takes its place in one transaction.

Whatever ends it before that leaves the mirror whole, and readers see nothing between the old one
and the new. A rebuilding from the chain goes on where it was ended; one from stored entries, which
may have been changed, begins again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import Engine, func
from sqlmodel import Session, select

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed
from ledger.database.engine import open_engine, upgrade, writing
from ledger.mirror.reindexing.checkpoints import drop_false_checkpoints
from ledger.mirror.reindexing.differing import find_differences
from ledger.mirror.reindexing.rollbacks import find_gone, keep_gone
from ledger.mirror.reindexing.shadow import Shadow, alone
from ledger.mirror.reindexing.sources import Building, FromChain, FromEntries, Told
from ledger.mirror.reindexing.swapping import (
    ReadersInTheWay,
    SwapRefused,
    await_readers,
    hold_writers,
    stamp,
    swap,
)
from ledger.mirror.steps import Cursor
from ledger.mirror.store import MirrorMoved, Store
from ledger.mirror.tables import BlockRow, MirrorRow
from ledger.settings import Settings
from ledger.types import Hash32

Words: TypeAlias = Callable[[str], None]

WAITING: Final = 900.0
"""PostgreSQL: how many seconds are waited in all for those who read, while nobody is held up."""
_ATTEMPTS: Final = 5  # as often as that a mirror may be rolled back below what was rebuilt


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What a rebuilt mirror holds, and where it stands; `seconds` is wall time, the swap's too.

    `swap_seconds` is for how long the swap held writers.
    """

    entries: int
    block: int
    ledger_head: Hash32
    seconds: float
    swap_seconds: float


def reindex_from_entries(
    database_url: str, *, progress: Told | None = None, say: Words | None = None
) -> Reindexed:
    """Rebuild the mirror from the entries that it has stored; no node is asked.

    `say` hears what is waited for.

    Raises:
        StoredWrong: the entries do not fold to the mirror's ledger head.
        MirrorError: there is no mirror, another process rebuilds it, or readers let no swap happen.
        DatabaseBusy: another process keeps the database locked.
    """
    live = open_engine(database_url)
    try:
        upgrade(live)
        shadow = Shadow(live, "entries")
        return _reindex(live, shadow, FromEntries(shadow, progress), say)
    finally:
        live.dispose()


def reindex_from_chain(
    settings: Settings,
    deployed: Deployed,
    finality: Finality,
    *,
    progress: Told | None = None,
    say: Words | None = None,
) -> Reindexed:
    """Rebuild the mirror from the chain alone, whatever is in the database.

    `say` hears what is waited for.

    Raises:
        WrongChain: the node serves another ledger, or the database mirrors one.
        NodeUnavailable: the node does not answer.
        MirrorError: the node contradicts the chain, or is behind the mirror; another process
            rebuilds it, or readers let no swap happen.
        DatabaseBusy: another process keeps the database locked.
    """
    live = open_engine(settings.database())
    try:
        upgrade(live)
        shadow = Shadow(live, "chain")
        building = FromChain(shadow, settings, deployed, finality, progress)
        return _reindex(live, shadow, building, say)
    finally:
        live.dispose()


def _reindex(live: Engine, shadow: Shadow, building: Building, say: Words | None) -> Reindexed:
    began = time.monotonic()
    with alone(live):
        cursor, held = _build_and_swap(live, shadow, building, say)
        shadow.drop()
    seconds = time.monotonic() - began
    return Reindexed(cursor.sequence, cursor.number, cursor.ledger_head, seconds, held)


def _build_and_swap(
    live: Engine, shadow: Shadow, building: Building, say: Words | None
) -> tuple[Cursor, float]:
    """Where the new mirror stands, and for how long writers were held to put it there."""
    moved, waiting_until = 0, time.monotonic() + WAITING
    while True:
        building.build()
        try:
            return _try_swap(live, shadow, building)
        except MirrorMoved:
            moved += 1
            if moved == _ATTEMPTS:
                raise
        except ReadersInTheWay as error:
            if say is not None:
                say(f"{error}; waiting for that, the mirror stays as it is")
            if not await_readers(live, waiting_until - time.monotonic()):
                raise


def _try_swap(live: Engine, shadow: Shadow, building: Building) -> tuple[Cursor, float]:
    if shadow.is_file:
        find_differences(shadow)
        building.catch_up()
    # Of its own, as a connection that has another database attached is good for nothing else.
    engine = open_engine(live.url.render_as_string(hide_password=False))
    try:
        with writing(engine) as session:
            began = time.monotonic()
            cursor = _swap(session, shadow, building)
        return cursor, time.monotonic() - began
    finally:
        engine.dispose()


def _swap(session: Session, shadow: Shadow, building: Building) -> Cursor:
    connection = session.connection()
    hold_writers(connection)
    standing = _find_standing(session)
    cursor = _cursor(shadow)
    if standing and not building.covers(cursor, standing):
        # It moved meanwhile; now it cannot.
        cursor = building.catch_up()
        if not building.covers(cursor, standing):
            raise SwapRefused(
                f"the rebuilt mirror has come to block {cursor.number}, the other stands at"
                f" block {standing.number}"
            )
    gone = find_gone(connection, shadow)
    with shadow.live.begin() as other:
        stamped = stamp(other)
    swap(connection, shadow, stamped)
    if gone is not None:
        keep_gone(connection, gone)
    drop_false_checkpoints(session)
    return cursor


def _find_standing(session: Session) -> Cursor | None:
    """Where the mirror stands: at none of its blocks, if its own row has been falsified."""
    mirror = session.get(MirrorRow, 1)
    newest = session.exec(select(func.max(BlockRow.number))).one()
    if mirror is None or newest is None:
        return None
    number = min(mirror.block_number, newest)
    return Cursor(number, mirror.block_hash, mirror.ledger_head, mirror.sequence, number)


def _cursor(shadow: Shadow) -> Cursor:
    with shadow.opened() as engine:
        return Store(engine).cursor()
