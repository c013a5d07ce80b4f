"""Folds what the node told into subjects and ledger head, refusing what cannot be so."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final

from ledger.domain.batch import batch_id_of, member
from ledger.domain.kinds import Kind
from ledger.domain.subjects import fold_subject
from ledger.errors import InputError, VerificationError
from ledger.hashing import ACTOR_AND_TIME, LAST_BYTES, is_paused, keccak
from ledger.mirror.asset_periods import appended_of, change_periods
from ledger.mirror.asset_rows import (
    ALTERING,
    COUNT,
    FIRST_SEQUENCE,
    HEAD,
    LAST_SEQUENCE,
    LOUD,
    OWNER,
    QUIET,
    UPDATED_AT,
    Row,
    born_row,
    share_names,
)
from ledger.mirror.keeping import (
    ASSETS,
    Born,
    Keeping,
    Known,
    advanced,
    keep,
    keeping_of,
    plain,
    row_of,
)
from ledger.mirror.periods import Periods
from ledger.mirror.reading import Distrusted, Read, ReadBlock, Reading
from ledger.mirror.steps import Applied, Cursor, PassedBlock, Portion, Values
from ledger.types import Hash32, to_hex

_QUICK: Final = QUIET | LOUD
_REGISTERED, _PAUSED, _RESUMED = int(Kind.REGISTERED), int(Kind.PAUSED), int(Kind.RESUMED)


def named_by(entries: Sequence[Read], known: Container[Hash32] = ()) -> list[Hash32]:
    """The ids of the subjects that must be looked up to fold these entries, none that is `known`.

    What is born among them need not be: were it known, the ledger head would not come out. What
    goes on at position 1 may be the first that an asset of a batch has of its own: where the batch
    is known, it is. An id that ends like a batch's, as one of 2²⁴ does, is of none.
    """
    begun: dict[Hash32, int] = {}
    for entry in entries:
        if entry[3] not in known:
            begun.setdefault(entry[3], entry[6])
    wanted: list[Hash32] = []
    for subject, position in begun.items():
        if position == 0:
            continue
        batch = batch_id_of(subject) if position == 1 else subject
        if batch == subject or not (batch in known or batch in begun):
            wanted.append(subject)
    return wanted


class HeadDiffers(Distrusted):
    """The entries fold to another ledger head than the chain's."""

    def __init__(self, block: int, expected: Hash32, found: Hash32) -> None:
        super().__init__(
            f"after block {block} the entries fold to another ledger head than the chain's",
            expected=to_hex(expected),
            found=to_hex(found),
            block=block,
        )


@dataclass(slots=True)
class _Gathered:
    """What is to be written of the entries folded since the last step was taken.

    `entries` and `blocks` are those not handed out yet. `born_assets` and `moved_assets` are the
    rows of the assets that begin and of those that had begun before, of which `altered` did more
    than move on; of other subjects, `born` are the ones that begin and `touched` all that have new
    entries, with the sequences of their first and last ones.
    """

    entries: list[Values] = field(default_factory=list)
    blocks: list[Values] = field(default_factory=list)
    periods: Periods = field(default_factory=Periods)
    born_assets: list[Row] = field(default_factory=list)
    moved_assets: list[Row] = field(default_factory=list)
    altered: set[Hash32] = field(default_factory=set)
    born: dict[Hash32, int] = field(default_factory=dict)
    touched: dict[Hash32, int] = field(default_factory=dict)


class Folding:
    """The mirror in memory while entries are folded onto it, from `cursor` on.

    `subjects` are those that the mirror knows, the ones that entries are about and the batches of
    those that have no entry of their own yet (`named_by`); it keeps them as they are after.
    `names` are the organisations and schemas of assets, each once.
    """

    def __init__(self, cursor: Cursor, subjects: dict[Hash32, Known]) -> None:
        self.cursor = cursor
        self.subjects = subjects
        self.ledger_head = cursor.ledger_head
        self.sequence = cursor.sequence
        self._gathered = _Gathered()
        self._block = cursor.number  # the last one whose row was gathered
        self.names: dict[Hash32, Hash32] = {}

    @property
    def size(self) -> int:
        """How many entries were folded since the last step was taken."""
        return self.sequence - self.cursor.sequence

    def fold(self, reading: Reading) -> None:
        """Fold the entries of some blocks.

        Raises:
            Distrusted: an entry cannot stand where it does; this folding is good for nothing more.
        """
        blocks = iter(reading.blocks)
        for number, entries in groupby(reading.entries, key=itemgetter(0)):
            block = next(blocks)
            try:
                self._fold_block(number, entries)
            except (VerificationError, InputError) as error:
                raise Distrusted(str(error), block=number) from error
            self._gathered.blocks.append((*block, self.ledger_head, self.sequence))
            self._block = number

    def hand_out(self) -> Portion:
        """Entries and blocks of the step that is to be taken, which it will not have any more."""
        gathered = self._gathered
        portion = Portion(gathered.entries, gathered.blocks)
        gathered.entries, gathered.blocks = [], []
        return portion

    def take(
        self, last: ReadBlock, expected: Hash32 | None, node_block: int, *, proven: bool = False
    ) -> Applied:
        """The step that brings the mirror to the block `last`, without what was handed out.

        `expected` is the ledger head that the chain has after it, `proven` or only told, or None if
        nobody could tell.

        Raises:
            HeadDiffers: the entries fold to another one: some are missing, doubled or altered.
        """
        number, before = last[0], self.cursor
        if expected is not None and expected != self.ledger_head:
            raise HeadDiffers(number, expected, self.ledger_head)
        block = PassedBlock(*last, self.ledger_head, self.sequence)
        if self._block != number:
            self._gathered.blocks.append(tuple(block))
            self._block = number
        upto = number if proven else before.proven
        self.cursor = Cursor(number, block.hash, self.ledger_head, self.sequence, upto)
        portion = self.hand_out()
        gathered, self._gathered = self._gathered, _Gathered()
        moved = [one for one in gathered.touched if one not in gathered.born]
        altered = [row for row in gathered.moved_assets if row[0] in gathered.altered]
        return Applied(
            before=before,
            last=block,
            proven=proven,
            node_block=node_block,
            portions=[portion],
            born=self._rows(gathered, gathered.born_assets, gathered.born, attrgetter("whole")),
            moved=self._rows(gathered, altered, moved, attrgetter("changed")),
            advanced=[
                advanced(row) for row in gathered.moved_assets if row[0] not in gathered.altered
            ],
            opened=gathered.periods.openings(),
            closed=dict(gathered.periods.closings()),
        )

    # -- the loop ------------------------------------------------------------------------------

    def _fold_block(self, number: int, entries: Iterable[Read]) -> None:
        # All that is looked up is in locals: this runs for every entry of the chain. The ledger
        # head is `ledger.domain.heads.ledger_head_after`, a subject's head `head_after`.
        hash_, subjects = keccak, self.subjects
        quick, loud, altering = _QUICK, LOUD, ALTERING
        gathered = self._gathered
        append, move, alter, periods = (
            gathered.entries.append,
            gathered.moved_assets.append,
            gathered.altered.add,
            gathered.periods,
        )
        ledger_head, sequence, written = self.ledger_head, self.sequence, self.cursor.sequence
        last_bytes = LAST_BYTES[is_paused(ledger_head)]
        for entry in entries:
            (_, index, transaction, subject, org, kind,
             position, actor, timestamp, payload, tail) = entry  # fmt: skip
            sequence += 1
            known = subjects.get(subject)
            if known is None and position == 1:
                known = self._begin_member(subject, sequence)
            if type(known) is list and kind in quick:
                if position != known[COUNT]:
                    raise _not_next(subject, position, known[COUNT])
                if known[LAST_SEQUENCE] <= written:
                    move(known)
                if kind in loud:
                    change_periods(periods, known, entry)
                if kind in altering:
                    alter(subject)
                quick[kind](known, org, payload)
                head = hash_(known[HEAD] + tail)
                known[COUNT] = position + 1
                known[HEAD] = head
                known[UPDATED_AT] = timestamp
                known[LAST_SEQUENCE] = sequence
            elif known is None and kind == _REGISTERED:
                row = born_row(subject, org, payload, timestamp, sequence)
                share_names(row, self.names)
                subjects[subject] = row
                gathered.born_assets.append(row)
                periods.own(subject, 0, row[OWNER], number)
                head = subject
            else:
                head = self._fold_plainly(entry, sequence)
                if kind in (_PAUSED, _RESUMED):
                    last_bytes = LAST_BYTES[kind == _PAUSED]
            mixed = hash_(ledger_head + head + tail[ACTOR_AND_TIME])
            ledger_head = mixed[:31] + last_bytes[mixed[31]]
            append(
                (sequence, number, index, transaction, subject, org, kind,
                 position, actor, timestamp, payload, head)
            )  # fmt: skip
        self.ledger_head, self.sequence = ledger_head, sequence

    def _fold_plainly(self, entry: Read, sequence: int) -> Hash32:
        """Fold an entry by the domain's own means, and return its subject's head after it."""
        number, subject, gathered = entry[0], entry[3], self._gathered
        appended = appended_of(entry)
        known = self.subjects.get(subject)
        after = fold_subject(plain(known), appended)
        gathered.periods.change(appended, number)
        if isinstance(known, list):
            if known[LAST_SEQUENCE] <= self.cursor.sequence:
                gathered.moved_assets.append(known)
            gathered.altered.add(subject)
            known[:] = ASSETS.row(after, known[FIRST_SEQUENCE], sequence)
        else:
            gathered.touched[subject] = sequence
            if known is None:
                gathered.born[subject] = sequence
            self.subjects[subject] = keep(after, number)
        return after.head

    def _begin_member(self, asset: Hash32, sequence: int) -> Row | None:
        """The row of an asset that its batch's entry alone has told of till now, if it is one."""
        born = self.subjects.get(batch_id_of(asset))
        if not isinstance(born, Born) or not born.batch.has(asset):
            return None
        begun = member(born.batch, asset)
        row = ASSETS.row(begun, sequence, sequence)
        self.subjects[asset] = row
        self._gathered.born_assets.append(row)
        self._gathered.periods.own(asset, 0, begun.owner, born.block)
        return row

    def _rows(
        self,
        gathered: _Gathered,
        assets: Iterable[Row],
        others: Iterable[Hash32],
        values: Callable[[Keeping], Callable[[Row], Values]],
    ) -> Mapping[str, Sequence[Values]]:
        """The rows of subjects as they are now, a list for each table that has any."""
        rows = {ASSETS.name: list(map(values(ASSETS), assets))}
        for subject in others:
            known = self.subjects[subject]
            keeping = keeping_of(known)
            row = row_of(known, gathered.born.get(subject, 0), gathered.touched[subject])
            rows.setdefault(keeping.name, []).append(values(keeping)(row))
        return {name: some for name, some in rows.items() if some}


def _not_next(subject: Hash32, position: int, count: int) -> VerificationError:
    return VerificationError(
        f"entry {position} of {to_hex(subject)} is not the next, {count}",
        expected=count,
        found=position,
    )
