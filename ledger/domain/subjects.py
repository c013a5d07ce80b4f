"""What entries fold into: the subject that each is about, whatever it is."""

from __future__ import annotations

from typing import TypeAlias

from ledger.domain.asset import Asset, fold_asset
from ledger.domain.batch import Batch, fold_batch, member
from ledger.domain.catalogue import Schema, World, fold_schema, fold_world
from ledger.domain.entries import Appended
from ledger.domain.founding import Founding, fold_founding
from ledger.domain.heads import misplaced
from ledger.domain.kinds import Kind
from ledger.domain.organisation import Organisation, fold_organisation

Subject: TypeAlias = Asset | Batch | Organisation | Schema | World | Founding
"""What entries fold into."""


def fold_subject(subject: Subject | None, entry: Appended, batch: Batch | None = None) -> Subject:
    """The subject after one more entry (None before the first).

    The first entry that an asset of a batch has of its own is at position 1, and follows `batch`'s.

    Raises:
        VerificationError: the entry is not its next, or does not fit it.
        MalformedValue: the payload is not its kind's.
    """
    match subject:
        case Asset():
            return fold_asset(subject, entry)
        case Organisation():
            return fold_organisation(subject, entry)
        case World():
            return fold_world(subject, entry)
        case Founding():
            return fold_founding(subject, entry)
        case Schema():
            return fold_schema(subject, entry)
        case Batch():
            return fold_batch(subject, entry)
        case None if batch is not None and entry.position == 1 and batch.has(entry.subject):
            return fold_asset(member(batch, entry.subject), entry)
        case None:
            return _begin(entry)


def _begin(entry: Appended) -> Subject:
    match entry.kind:
        case Kind.REGISTERED:
            return fold_asset(None, entry)
        case Kind.BATCH_REGISTERED:
            return fold_batch(None, entry)
        case Kind.ENROLLED:
            return fold_organisation(None, entry)
        case Kind.SCHEMA_PUBLISHED:
            return fold_schema(None, entry)
        case Kind.WORLD_OPENED:
            return fold_world(None, entry)
        case Kind.FOUNDED:
            return fold_founding(None, entry)
        case _:
            raise misplaced(entry, "a subject that has not begun")
