"""Deliberate bugs, planted in the mirror, to show that its schedules bite.

Each is caught within `within` schedules, or the harness has gone blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import delete, false
from sqlmodel import col

from ledger.chain.finality import TagFinality
from ledger.chain.rpc import RpcClient
from ledger.chain.transport import Endpoint
from ledger.database.engine import writing
from ledger.domain.log import APPENDED_TOPIC
from ledger.mirror import fetch, follow, refold, run, store
from ledger.mirror.fold import Folding
from ledger.mirror.periods import KEEPINGS
from ledger.mirror.proven import Prover
from ledger.mirror.steps import Applied, Finalised
from ledger.mirror.store import Store
from ledger.mirror.tables import BlockRow, EntryRow
from ledger.proofs.layout import ledger_head_slot
from ledger.ranges import Span
from tests.faults.bugs import Bug

_Follower: Final = follow._Follower
_TAKE: Final = Folding.take
_APPLY: Final = Store.apply
_FOLLOWER_INIT: Final = _Follower.__init__
_ADVANCE: Final = _Follower._advance
_SUBJECTS: Final = Store.subjects
_FINALISE: Final = store._finalise
_ROLL_BACK: Final = store._roll_back
_READ_RANGE: Final = follow.read_range


def _nothing(*_: object, **__: object) -> None:
    """Leave it out."""


# -- what is proven ----------------------------------------------------------------------------


def _take_unproven(self: Folding, last: Any, _: Any, node_block: int, **__: bool) -> Any:
    return _TAKE(self, last, self.ledger_head, node_block, proven=True)


def _take_for_proven(self: Folding, last: Any, told: Any, node_block: int, **_: bool) -> Any:
    return _TAKE(self, last, told, node_block, proven=True)


def _believe(self: Prover, block: Any) -> bytes:
    return self._rpc.fetch_storage(self._contract, ledger_head_slot(), block.number)


def _advance_anyhow(self: Any, cursor: Any, newest: Any) -> Any:
    def read(*asked: Any) -> Any:
        fetched = _READ_RANGE(*asked)
        return replace(fetched, first=replace(fetched.first, parent_hash=cursor.hash))

    with patch.object(follow, "read_range", read):
        return _ADVANCE(self, cursor, newest)


def _fetch_logs_by_number(rpc: RpcClient, deployed: Any, first: Any, last: Any) -> Any:
    topics = [APPENDED_TOPIC]
    return rpc.fetch_wire_logs(deployed.contract, topics, first.number, last.number)


# -- what is written ---------------------------------------------------------------------------


def _move_afterwards(self: Store, step: Any) -> None:
    if not isinstance(step, Applied):
        return _APPLY(self, step)
    with patch.object(store, "_move", _nothing):
        _APPLY(self, step)
    with writing(self.engine) as session:
        store._move(store._mirror(session, locked=True), step.last, step.node_block)
    return None


def _delete_no_entries(table: Any) -> Any:
    return delete(table).where(false()) if table is EntryRow else delete(table)


def _delete_no_blocks(table: Any) -> Any:
    return delete(table).where(false()) if table is BlockRow else delete(table)


def _reopen_nothing(session: Any, touched: Sequence[bytes], above: int) -> None:
    for keeping in KEEPINGS.values():
        table = keeping.table
        begun = keeping.subjects[0].in_(touched), table.c.from_block > above
        session.connection().execute(delete(table).where(*begun))


def _remember_subjects(self: Store, ids: Sequence[bytes]) -> Any:
    kept: dict[bytes, Any] = vars(self).setdefault("kept", {})
    kept |= _SUBJECTS(self, [one for one in ids if one not in kept])
    return {one: kept[one] for one in ids if one in kept}


def _forget_all_blocks(session: Any, mirror: Any, step: Finalised) -> None:
    _FINALISE(session, mirror, step)
    number = col(BlockRow.number)
    between = number > mirror.base_block, number < mirror.block_number
    session.connection().execute(delete(BlockRow).where(*between))


def _keep_alarm(session: Any, mirror: Any, step: Finalised) -> None:
    told = mirror.alarm, mirror.alarm_block
    _FINALISE(session, mirror, step)
    mirror.alarm, mirror.alarm_block = told


def _raise_unbegun(self: Store, text: str) -> None:
    with writing(self.engine) as session:
        store._mirror(session, locked=True).alarm = text


# -- what is asked -----------------------------------------------------------------------------


def _take_for_sole(
    self: Any, rpc: Any, deployed: Any, memory: Any, _: Any, poll: float, **how: bool
) -> None:
    _FOLLOWER_INIT(self, rpc, deployed, memory, TagFinality(sole=True), poll, **how)


def _newest(_: TagFinality, rpc: Any) -> int:
    return int(rpc.fetch_block_number())


def _batch_whole(self: Endpoint, calls: Any) -> Any:
    return self.batch(calls)


BUGS: Final = (
    # What is proven.
    Bug("mirrors without the ledger head", 400, [(Folding, "take", _take_unproven)]),
    Bug("takes on trust for proven", 2000, [(Folding, "take", _take_for_proven)]),
    Bug("looks at no block's parent", 50, [(_Follower, "_advance", _advance_anyhow)]),
    Bug(
        "asks for blocks that may change by their numbers",
        400,
        [
            (fetch, "_fetch_logs", _fetch_logs_by_number),
            (Prover, "fetch", _believe),
            (fetch, "_verify_blocks", _nothing),
        ],
    ),
    # What is written.
    Bug("moves the cursor in a commit of its own", 50, [(Store, "apply", _move_afterwards)]),
    Bug("keeps entries that a reorganisation took", 20, [(store, "delete", _delete_no_entries)]),
    Bug("keeps blocks that a reorganisation took", 20, [(store, "delete", _delete_no_blocks)]),
    Bug("leaves periods as they were", 20, [(store, "roll_back_periods", _nothing)]),
    Bug("opens no period again", 50, [(store, "roll_back_periods", _reopen_nothing)]),
    Bug("leaves subjects as they were", 20, [(store, "refold", _nothing)]),
    Bug("keeps what assets had of their batches", 2000, [(refold, "_forget_periods", _nothing)]),
    Bug("remembers subjects that changed", 50, [(Store, "subjects", _remember_subjects)]),
    Bug("steps from wherever the mirror stands", 400, [(store, "_verify_place", _nothing)]),
    Bug("forgets final blocks that hold entries", 20, [(store, "_finalise", _forget_all_blocks)]),
    Bug("lets an alarm stand for ever", 100, [(store, "_finalise", _keep_alarm)]),
    Bug("raises alarms in a row that is not there", 400, [(Store, "raise_alarm", _raise_unbegun)]),
    # What is asked.
    Bug("takes a node behind for a reorganisation", 100, [(_Follower, "__init__", _take_for_sole)]),
    Bug("takes the newest block for final", 50, [(TagFinality, "fetch_final_block", _newest)]),
    Bug("takes another chain for a late one", 400, [(follow, "verify_chain", _nothing)]),
    Bug("asks for as much as was refused", 50, [(Span, "shrink", _nothing)]),
    Bug("asks for as many as were refused", 100, [(Endpoint, "fetch_batch", _batch_whole)]),
    Bug("ends where the node is not there", 20, [(run, "_PASSING", run._DATABASE)]),
    Bug("ends where the database is not there", 100, [(run, "_PASSING", run._PASSING[:2])]),
)
