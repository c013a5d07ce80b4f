"""Rebuilds a mirror from the entries that are stored, without the chain.

All that the ledger head covers is proven by it. Where on the chain an entry was found (its block's
hash, its log, its transaction) is taken as it is stored: only the chain could tell.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine, delete, select, type_coerce
from sqlalchemy.types import NULLTYPE
from sqlmodel import Session

from ledger.chain.identity import Deployed
from ledger.database.engine import reading, writing
from ledger.domain.kinds import BIRTHS, Kind
from ledger.errors import MirrorError
from ledger.hashing import head_tail, keccak, subject_id_of
from ledger.mirror.bulk import insert_rows
from ledger.mirror.fold import Folding, named_by
from ledger.mirror.reading import Distrusted, Read, ReadBlock, Reading
from ledger.mirror.rows import chunks
from ledger.mirror.steps import Cursor, PassedBlock
from ledger.mirror.store import MirrorMoved, Store
from ledger.mirror.tables import TABLES, MirrorRow
from ledger.types import ZERO_HASH, Hash32, to_hex

_STEP: Final = 20_000
_PORTION: Final = 1_000
_BLOCK: Final = TABLES["block"]
_ENTRY: Final = [
    type_coerce(TABLES["entry"].c[name], NULLTYPE)
    for name in (
        *("block_number", "log_index", "transaction_hash", "subject", "org", "kind"),
        *("position", "actor", "timestamp", "payload"),
    )
]
"""An entry's columns as folding takes them, and as the database has them, whatever that is."""


class StoredWrong(MirrorError):
    """What is stored cannot be what the chain held."""

    code = "stored_wrong"
    advice: ClassVar[str | None] = "rebuild the mirror from the chain: reindex --from chain"


def rebuild(live: Engine, shadow: Engine, told: Callable[[Cursor, int], None]) -> Cursor:
    """Fold what the mirror has stored, and the shadow has not, onto the shadow.

    `told` hears where the shadow stands, and the block of the mirror.

    Raises:
        StoredWrong: the entries do not fold to the mirror's ledger head.
        MirrorMoved: the mirror was rolled back below where the shadow stands.
        MirrorError: there is no mirror.
    """
    with reading(live) as session:
        mirror = session.get(MirrorRow, 1)
        if mirror is None:
            raise MirrorError("the mirror has not begun")
        return _Rebuilding(session, mirror, Store(shadow)).run(told)


class _Rebuilding:
    """One pass from where the shadow stands to where the mirror does."""

    def __init__(self, session: Session, mirror: MirrorRow, store: Store) -> None:
        self.connection = session.connection()
        self.mirror = mirror
        self.store = store

    def run(self, told: Callable[[Cursor, int], None]) -> Cursor:
        cursor = self.begin()
        with closing(self.portions(cursor.sequence)) as portions:
            for portion in portions:
                cursor = self.fold(cursor, portion)
                told(cursor, self.mirror.block_number)
        if cursor.number != self.mirror.block_number:
            cursor = self.fold(cursor, [])
        self.verify(cursor)
        self.settle(cursor)
        return cursor

    def begin(self) -> Cursor:
        mirror = self.mirror
        deployed = Deployed(
            mirror.chain_id, mirror.genesis_hash, mirror.contract, mirror.base_block + 1
        )
        number, block_hash, timestamp = self.block(mirror.base_block)
        base = PassedBlock(number, block_hash, timestamp, ZERO_HASH, 0)
        self.store.begin(deployed, base)
        cursor = self.store.cursor()
        standing = self.find_block(cursor.number)
        if standing is None or standing[1] != cursor.hash:
            raise MirrorMoved(f"the mirror was rolled back below block {cursor.number}")
        return cursor

    def portions(self, after: int) -> Generator[list[Any]]:
        """Stored entries behind a sequence, many blocks at a time."""
        sequence = TABLES["entry"].c.sequence
        query = (
            select(*_ENTRY)
            .where(sequence > after, sequence <= self.mirror.sequence)
            .order_by(sequence)
        )
        with self.connection.execute(query, execution_options={"yield_per": _PORTION}) as rows:
            portion: list[Any] = []
            for _, of_block in groupby(rows, key=itemgetter(0)):
                portion += of_block
                if len(portion) >= _STEP:
                    yield portion
                    portion = []
            if portion:
                yield portion

    def fold(self, cursor: Cursor, rows: Sequence[Any]) -> Cursor:
        """Take entries, or, if there are none, the mirror's own block."""
        try:
            read = self.read(rows)
            folding = Folding(cursor, self.store.subjects(named_by(read.entries)))
            folding.fold(read)
        except Distrusted as error:
            raise StoredWrong(f"the stored entries cannot be: {error}", **error.fields) from error
        last = read.blocks[-1] if read.blocks else self.block(self.mirror.block_number)
        # What proves them is the mirror's ledger head, at the end.
        self.store.apply(folding.take(last, None, self.mirror.node_block))
        return folding.cursor

    def read(self, rows: Sequence[Any]) -> Reading:
        blocks: list[ReadBlock] = []
        entries: list[Read] = []
        for number, of_block in groupby(rows, key=itemgetter(0)):
            of_this = [_read(row, self.mirror.domain) for row in of_block]
            blocks.append((number, self.block(number)[1], of_this[0][8]))
            entries += of_this
        return Reading(entries, blocks)

    def block(self, number: int) -> ReadBlock:
        """A block that the mirror remembers. Raises StoredWrong."""
        found = self.find_block(number)
        if found is None:
            raise StoredWrong(f"the mirror does not remember block {number}", block=number)
        return found

    def find_block(self, number: int) -> ReadBlock | None:
        wanted = select(_BLOCK.c.number, _BLOCK.c.hash, _BLOCK.c.timestamp)
        row = self.connection.execute(wanted.where(_BLOCK.c.number == number)).first()
        return None if row is None else (row[0], row[1], row[2])

    def verify(self, cursor: Cursor) -> None:
        if cursor.ledger_head != self.mirror.ledger_head:
            raise StoredWrong(
                "the stored entries do not fold to the mirror's ledger head",
                expected=to_hex(self.mirror.ledger_head),
                found=to_hex(cursor.ledger_head),
            )

    # -- what no entry tells -------------------------------------------------------------------

    def settle(self, cursor: Cursor) -> None:
        """Take over what the mirror knows beside entries, as far as that can be."""
        mirror = self.mirror
        with writing(self.store.engine) as session:
            row = session.get_one(MirrorRow, 1)
            row.proven_block = min(max(mirror.proven_block, mirror.base_block), cursor.number)
            row.final_block = min(max(mirror.final_block, mirror.base_block), cursor.number)
            row.node_block = max(mirror.node_block, cursor.number)
            row.alarm, row.alarm_block = mirror.alarm, mirror.alarm_block
            fresh, gone = self.compare_blocks(session, cursor)
            for numbers in chunks(gone):
                session.connection().execute(delete(_BLOCK).where(_BLOCK.c.number.in_(numbers)))
            insert_rows(session.connection(), _BLOCK, fresh)

    def compare_blocks(
        self, session: Session, cursor: Cursor
    ) -> tuple[list[PassedBlock], list[int]]:
        """Blocks without entries at which the mirror stood: those to add, and those to drop."""
        fresh: list[PassedBlock] = []
        gone: list[int] = []
        head, sequence = ZERO_HASH, 0
        for number, theirs, ours in _paired(self.connection, session.connection()):
            if ours is not None:
                stood = ours.last_sequence == sequence and number != self.mirror.base_block
                if stood and theirs is None and number != cursor.number:
                    gone.append(number)
                head, sequence = ours.ledger_head, ours.last_sequence
            elif self.mirror.base_block < number < cursor.number:
                fresh.append(PassedBlock(number, theirs.hash, theirs.timestamp, head, sequence))
        return fresh, gone


def _paired(live: Connection, shadow: Connection) -> Iterator[tuple[int, Any, Any]]:
    """All blocks by number, with the mirror's row and the shadow's."""
    query = _BLOCK.select().order_by(_BLOCK.c.number)
    with live.execute(query) as theirs, shadow.execute(query) as ours:
        merged = heapq.merge(
            ((row.number, 0, row) for row in theirs),
            ((row.number, 1, row) for row in ours),
            key=itemgetter(0, 1),
        )
        for number, both in groupby(merged, key=itemgetter(0)):
            rows = {whose: row for _, whose, row in both}
            yield number, rows.get(0), rows.get(1)


def _read(row: Any, domain: Hash32) -> Read:
    """An entry as folding takes it. Raises StoredWrong."""
    number, index, transaction, subject, org, kind, position, actor, timestamp, payload = row
    try:
        kind_word, hashed = Kind(kind).to_bytes(32), keccak(payload)
        tail = head_tail(
            *(position.to_bytes(32), kind_word, org, actor.rjust(32, b"\0")),
            *(timestamp.to_bytes(32), hashed),
        )
        born = subject_id_of(domain, kind_word, org, hashed) if position == 0 else None
        if len(org) != 32 or (position == 0) != (kind in BIRTHS) or born not in (None, subject):
            raise ValueError("an entry that is none")
        return (
            number, index, transaction, subject, org, kind,
            position, actor, timestamp, payload, tail,
        )  # fmt: skip
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StoredWrong(f"an entry of block {number} cannot be: {error}") from error
