"""Entries: of all the ledger, of a subject, of a kind, of an organisation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, func
from sqlmodel import Session, col, select

from ledger.database.plain import rows_of
from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Listing, Page, Turn, page_of
from ledger.mirror.queries.members import find_birth
from ledger.mirror.tables import EntryRow
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to list; None filters nothing. `organisation` is the one that acted."""

    subject: Hash32 | None = None
    kind: Kind | None = None
    organisation: Hash32 | None = None


def find_entry(
    session: Session, subject: Hash32, position: int, *, at: Moment | None = None
) -> EntryRow | None:
    """Fetch the entry of that subject at that position; a batch's is the first of its assets."""
    query = select(EntryRow).where(EntryRow.subject == subject, EntryRow.position == position)
    found = session.exec(query.where(*_up_to(at))).one_or_none()
    return find_birth(session, subject, at) if found is None and position == 0 else found


def find_next_position(session: Session, subject: Hash32) -> int | None:
    """The position that a subject's next entry takes, or None if it has no entry yet."""
    newest = select(func.max(EntryRow.position)).where(EntryRow.subject == subject)
    last = session.exec(newest).one()
    return None if last is None else last + 1


def list_entries(
    session: Session,
    wanted: EntryFilter = EntryFilter(),
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[EntryRow]:
    """Fetch a page of entries in the ledger's order, which is a subject's own order too."""
    turn = Turn(cursor, limit, newest_first)
    asked = {
        "kind": None if wanted.kind is None else int(wanted.kind),
        "org": wanted.organisation,
        "subject": wanted.subject,
        "until": None if at is None else at.sequence,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    rows = _listing(tuple(given)).page(session, turn, **given)
    if wanted.subject is None:
        return rows
    birth = find_birth(session, wanted.subject, at) if _may_lack_birth(rows, turn) else None
    if birth is None or not _is_wanted(birth, wanted):
        return rows
    more = rows.cursor is not None
    return page_of([birth, *rows.items], lambda row: (row.position,), turn, more=more)


@cache
def _listing(given: Collection[str]) -> Listing[EntryRow]:
    of_one = "subject" in given
    # Of one subject, the positions are what the index holds in order; a bound that no index can
    # serve keeps SQLite from choosing another one.
    sequence: Any = col(EntryRow.sequence) + 0 if of_one else col(EntryRow.sequence)
    conditions = {
        "kind": col(EntryRow.kind) == bindparam("kind"),
        "org": col(EntryRow.org) == bindparam("org"),
        "subject": col(EntryRow.subject) == bindparam("subject"),
        "until": sequence <= bindparam("until", type_=BigInteger),
    }
    query = rows_of(EntryRow).where(*[conditions[name] for name in given])
    return Listing(EntryRow, query, [col(EntryRow.position if of_one else EntryRow.sequence)])


def _may_lack_birth(rows: Page[EntryRow], turn: Turn) -> bool:
    """Whether the page is the one on which a subject begins, but shows no beginning."""
    begins = rows.cursor is None if turn.newest_first else turn.cursor is None
    return begins and turn.cursor != (0,) and not any(row.position == 0 for row in rows.items)


def _is_wanted(entry: EntryRow, wanted: EntryFilter) -> bool:
    return wanted.kind in (None, entry.kind) and wanted.organisation in (None, entry.org)


def _up_to(at: Moment | None) -> list[ColumnElement[bool]]:
    return [] if at is None else [col(EntryRow.sequence) <= at.sequence]
