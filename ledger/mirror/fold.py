"""Folds what the node told into subjects and ledger head, refusing what cannot be so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from ledger.chain.wire import Log
from ledger.domain.batch import Batch, batch_id_of
from ledger.domain.entries import Appended
from ledger.domain.heads import ledger_head_after
from ledger.domain.kinds import BIRTHS
from ledger.domain.log import LoggedEntry
from ledger.domain.subjects import Subject, fold_subject
from ledger.errors import InputError, VerificationError
from ledger.hashing import subject_id
from ledger.mirror.fetch import Distrusted, FetchedRange
from ledger.mirror.steps import Applied, Cursor, PassedBlock, PlacedEntry
from ledger.types import Hash32, to_hex


def fold_range(
    domain: Hash32,
    before: Cursor,
    known: Mapping[Hash32, Subject],
    fetched: FetchedRange,
    node_block: int,
) -> Applied:
    """Fold a fetched range onto the mirror at `before`.

    `known` are those of its subjects that the range is about, and the batches of those that have
    no entry of their own yet (`named_by`).

    Raises:
        Distrusted: an entry cannot stand where it does, or the folded ledger head is not the
            chain's: entries are missing, doubled or altered.
    """
    folding = _Folding(domain, before, dict(known))
    blocks = [
        folding.fold_block(fetched, number, list(pairs))
        for number, pairs in groupby(fetched.logs, key=lambda pair: pair[0].block_number)
    ]
    if not blocks or blocks[-1].number != fetched.last.number:
        blocks.append(folding.fold_block(fetched, fetched.last.number, []))
    if folding.ledger_head != fetched.ledger_head:
        raise Distrusted(
            f"after block {fetched.last.number} the entries fold to another ledger head than"
            " the chain's",
            expected=to_hex(fetched.ledger_head),
            found=to_hex(folding.ledger_head),
            block=fetched.last.number,
        )
    return Applied(
        before=before,
        blocks=tuple(blocks),
        entries=tuple(folding.entries),
        subjects=tuple(folding.subjects[subject] for subject in folding.touched),
        members=frozenset(folding.members),
        node_block=node_block,
    )


def named_by(entries: Iterable[LoggedEntry]) -> list[Hash32]:
    """The ids of all that folding these entries needs to know.

    What is born among them need not be asked for: were it known, the ledger head would not come
    out. What goes on at position 1 may be the first that an asset of a batch has of its own.
    """
    begun: dict[Hash32, int] = {}
    for entry in entries:
        begun.setdefault(entry.subject, entry.position)
    older = {subject: position for subject, position in begun.items() if position != 0}
    batches = [batch_id_of(subject) for subject, position in older.items() if position == 1]
    return list(dict.fromkeys([*older, *batches]))


class _Folding:
    """The mirror in memory while a range is folded onto it."""

    def __init__(self, domain: Hash32, before: Cursor, subjects: dict[Hash32, Subject]) -> None:
        self.domain = domain
        self.ledger_head = before.ledger_head
        self.sequence = before.sequence
        self.subjects = subjects
        self.entries: list[PlacedEntry] = []
        self.touched: dict[Hash32, None] = {}
        self.members: set[Hash32] = set()

    def fold_block(
        self, fetched: FetchedRange, number: int, pairs: list[tuple[Log, LoggedEntry]]
    ) -> PassedBlock:
        header = fetched.headers[number]
        for log, logged in pairs:
            self.fold_entry(log, _timed(logged, header.timestamp))
        return PassedBlock(
            number=number,
            hash=header.hash,
            parent_hash=header.parent_hash,
            timestamp=header.timestamp,
            ledger_head=self.ledger_head,
            last_sequence=self.sequence,
        )

    def fold_entry(self, log: Log, entry: Appended) -> None:
        if entry.position == 0:
            _verify_birth(self.domain, entry)
        before = self.subjects.get(entry.subject)
        try:
            subject = fold_subject(before, entry, self.find_batch(entry.subject))
        except (VerificationError, InputError) as error:
            raise Distrusted(str(error), block=log.block_number, log=log.log_index) from error
        if before is None and entry.position != 0:
            self.members.add(entry.subject)
        self.subjects[entry.subject] = subject
        self.touched[entry.subject] = None
        self.sequence += 1
        self.ledger_head = ledger_head_after(self.ledger_head, subject.head, entry)
        self.entries.append(
            PlacedEntry(
                sequence=self.sequence,
                block_number=log.block_number,
                log_index=log.log_index,
                transaction_hash=log.transaction_hash,
                entry=entry,
                head=subject.head,
            )
        )

    def find_batch(self, asset: Hash32) -> Batch | None:
        """The batch that an asset is of, if it is of any."""
        batch = self.subjects.get(batch_id_of(asset))
        return batch if isinstance(batch, Batch) else None


def _verify_birth(domain: Hash32, entry: Appended) -> None:
    born = subject_id(domain, entry.kind, entry.org, entry.payload)
    if entry.kind not in BIRTHS or born != entry.subject:
        raise Distrusted(
            "a first entry does not hash to its subject's id",
            expected=to_hex(born),
            found=to_hex(entry.subject),
        )


def _timed(logged: LoggedEntry, timestamp: int) -> Appended:
    return Appended(
        subject=logged.subject,
        org=logged.org,
        kind=logged.kind,
        position=logged.position,
        payload=logged.payload,
        actor=logged.actor,
        timestamp=timestamp,
    )
