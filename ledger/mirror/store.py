"""Writes the mirror, one step a transaction: entries, folded rows and cursor move together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, assert_never

from sqlalchemy import Engine, delete, exists
from sqlmodel import Session, col, select

from ledger.chain.identity import Deployed
from ledger.database.engine import reading, writing
from ledger.errors import MirrorError, WrongChain
from ledger.hashing import domain_separator
from ledger.mirror.asset_rows import ADVANCING
from ledger.mirror.bulk import close_periods, insert_rows, update_rows
from ledger.mirror.checkpoints import forget_checkpoints, keep_checkpoint
from ledger.mirror.keeping import KEEPINGS, Known
from ledger.mirror.refold import refold, roll_back_periods
from ledger.mirror.rollbacks import keep_rollback
from ledger.mirror.rows import chunks, read_block
from ledger.mirror.steps import (
    Applied,
    Cursor,
    Finalised,
    PassedBlock,
    Proven,
    RolledBack,
    Step,
)
from ledger.mirror.subject_rows import fetch_known
from ledger.mirror.tables import TABLES, BlockRow, EntryRow, MirrorRow
from ledger.types import ZERO_HASH, Hash32, to_hex

_CHANGING: Final = {keeping.name: keeping.changing for keeping in KEEPINGS}


class MirrorMoved(MirrorError):
    """Another process moved the mirror meanwhile; the step does not fit it any more."""

    code = "mirror_moved"


class Store:
    """The mirror's tables; the only writer of them, and the memory that following asks.

    Raises (every method):
        DatabaseBusy: another process keeps the database locked; nothing was written.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def begin(self, deployed: Deployed, base: PassedBlock) -> None:
        """Start an empty mirror of the ledger at `base`, or check that it is the one mirrored.

        Raises:
            WrongChain: the database mirrors another ledger.
        """
        with writing(self.engine) as session:
            row = session.get(MirrorRow, 1)
            if row is not None:
                _verify_same(row, deployed)
                return
            session.add(_new_mirror(deployed, base))
            insert_rows(session.connection(), TABLES["block"], [base])

    # -- memory ----------------------------------------------------------------------------

    def cursor(self) -> Cursor:
        """Where the mirror stands."""
        with reading(self.engine) as session:
            return _cursor(_mirror(session))

    def final_block(self) -> int:
        """The newest block that is known to be final."""
        with reading(self.engine) as session:
            return _mirror(session).final_block

    def base(self) -> PassedBlock:
        """The block before the contract's."""
        with reading(self.engine) as session:
            return _get_block(session, _mirror(session).base_block)

    def blocks(self, highest: int, limit: int) -> Sequence[PassedBlock]:
        """Remembered blocks from number `highest` downwards."""
        with reading(self.engine) as session:
            number = col(BlockRow.number)
            rows = session.exec(
                select(BlockRow).where(number <= highest).order_by(number.desc()).limit(limit)
            )
            return [read_block(row) for row in rows]

    def subjects(self, ids: Sequence[Hash32]) -> dict[Hash32, Known]:
        """Those of the subjects that have entries of their own, as they are at the cursor, and of
        the others the batches that they may be assets of.
        """
        with reading(self.engine) as session:
            return fetch_known(session, ids)

    # -- steps -----------------------------------------------------------------------------

    def apply(self, step: Step) -> None:
        """Take one step, whole or not at all.

        Raises:
            MirrorMoved: the mirror is not where the step starts.
        """
        with writing(self.engine) as session:
            mirror = _mirror(session, locked=True)
            match step:
                case Applied():
                    _apply(session, mirror, step)
                case RolledBack():
                    _roll_back(session, mirror, step)
                case Proven():
                    _verify_place(mirror, step.at)
                    mirror.proven_block = step.at.number
                case Finalised():
                    _finalise(session, mirror, step)
                case _:
                    assert_never(step)

    def raise_alarm(self, text: str) -> None:
        """Say in the mirror's row what is wrong; it stands until the mirror advances again.

        A mirror that has not begun has no row to say it in.
        """
        with writing(self.engine) as session:
            mirror = session.get(MirrorRow, 1, with_for_update=True)
            if mirror is not None and mirror.alarm_block is None:
                mirror.alarm = text


def _apply(session: Session, mirror: MirrorRow, step: Applied) -> None:
    _verify_place(mirror, step.before)
    connection = session.connection()
    missing = step.last.last_sequence - step.before.sequence
    for portion in step.portions:
        insert_rows(connection, TABLES["entry"], portion.entries)
        insert_rows(connection, TABLES["block"], portion.blocks)
        missing -= len(portion.entries)
    if missing:  # they can be gone through but once
        raise MirrorMoved(
            f"{missing} entries of a step were taken before, or never came",
            expected=step.last.last_sequence,
            found=step.last.last_sequence - missing,
        )
    for name, rows in step.born.items():
        insert_rows(connection, TABLES[name], rows)
    for name, rows in step.moved.items():
        update_rows(connection, TABLES[name], _CHANGING[name], rows)
    update_rows(connection, TABLES["asset"], ADVANCING, step.advanced)
    # What had been open ends before anything of the same key begins.
    for closing, rows in step.closed.items():
        close_periods(connection, TABLES[closing.table], closing, rows)
    for name, rows in step.opened.items():
        insert_rows(connection, TABLES[name], rows)
    _move(mirror, step.last, step.node_block)
    if step.proven:
        mirror.proven_block = step.last.number
    if mirror.alarm_block is None:
        mirror.alarm = None


def _roll_back(session: Session, mirror: MirrorRow, step: RolledBack) -> None:
    _verify_place(mirror, step.before)
    above = step.to.number
    gone = col(EntryRow.sequence) > step.to.last_sequence
    touched = session.exec(select(EntryRow.subject).where(gone).distinct()).all()
    connection = session.connection()
    for subjects in chunks(touched):
        roll_back_periods(session, subjects, above)
    keep_rollback(session, mirror.sequence, step.to.last_sequence, above)
    connection.execute(delete(EntryRow).where(gone))
    for subjects in chunks(touched):
        refold(session, subjects)
    connection.execute(delete(BlockRow).where(col(BlockRow.number) >= above))
    insert_rows(connection, TABLES["block"], [step.to])
    mirror.proven_block = min(mirror.proven_block, above)
    if above < mirror.final_block:
        mirror.alarm = (
            f"the chain dropped final blocks: it was final up to {mirror.final_block}, and"
            f" all above {above} changed"
        )
        mirror.alarm_block = step.before.number
        mirror.final_block = above
        forget_checkpoints(session, above)
    _move(mirror, step.to, step.node_block)


def _finalise(session: Session, mirror: MirrorRow, step: Finalised) -> None:
    """Note what is final, and forget blocks below it that hold no entry: no reorg needs them."""
    if not mirror.final_block < step.number <= mirror.block_number:
        return
    number = col(BlockRow.number)
    session.connection().execute(
        delete(BlockRow).where(
            number > mirror.base_block,
            number >= mirror.final_block,
            number < step.number,
            # A block that holds entries holds the last of those up to it.
            ~exists().where(
                col(EntryRow.sequence) == col(BlockRow.last_sequence),
                col(EntryRow.block_number) == number,
            ),
        )
    )
    mirror.final_block = step.number
    keep_checkpoint(session, mirror, int(time.time()))
    if mirror.alarm_block is not None and mirror.alarm_block <= step.number:
        mirror.alarm = mirror.alarm_block = None


def _verify_place(mirror: MirrorRow, before: Cursor) -> None:
    if _cursor(mirror) != before:
        raise MirrorMoved(
            f"the mirror stands at block {mirror.block_number}, not {before.number}",
            expected=before.number,
            found=mirror.block_number,
        )


def _move(mirror: MirrorRow, block: PassedBlock, node_block: int) -> None:
    mirror.block_number = block.number
    mirror.block_hash = block.hash
    mirror.ledger_head = block.ledger_head
    mirror.sequence = block.last_sequence
    mirror.node_block = node_block


def _mirror(session: Session, *, locked: bool = False) -> MirrorRow:
    """The mirror's row; `locked` makes other writers of it wait, as SQLite does anyway."""
    row = session.get(MirrorRow, 1, with_for_update=locked)
    if row is None:
        raise MirrorError("the mirror has not begun")
    return row


def _cursor(mirror: MirrorRow) -> Cursor:
    return Cursor(
        mirror.block_number,
        mirror.block_hash,
        mirror.ledger_head,
        mirror.sequence,
        mirror.proven_block,
    )


def _get_block(session: Session, number: int) -> PassedBlock:
    row = session.get(BlockRow, number)
    if row is None:
        raise MirrorError(f"the mirror does not remember block {number}")
    return read_block(row)


def _new_mirror(deployed: Deployed, base: PassedBlock) -> MirrorRow:
    return MirrorRow(
        id=1,
        chain_id=deployed.chain_id,
        genesis_hash=deployed.genesis_hash,
        contract=deployed.contract,
        domain=domain_separator(deployed.chain_id, deployed.contract),
        base_block=base.number,
        block_number=base.number,
        block_hash=base.hash,
        ledger_head=ZERO_HASH,
        sequence=0,
        proven_block=base.number,
        final_block=base.number,
        node_block=base.number,
    )


def _verify_same(row: MirrorRow, deployed: Deployed) -> None:
    mirrored = row.chain_id, row.genesis_hash, row.contract
    if mirrored != (deployed.chain_id, deployed.genesis_hash, deployed.contract):
        raise WrongChain(
            f"the database mirrors the ledger {to_hex(row.contract)} on chain {row.chain_id}"
            f" (first block {to_hex(row.genesis_hash)}), not {to_hex(deployed.contract)} on"
            f" chain {deployed.chain_id} (first block {to_hex(deployed.genesis_hash)})",
        )
