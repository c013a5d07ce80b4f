"""Credentials of organisations, in force or not, in the order in which they were issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, not_
from sqlmodel import Session, col, select

from ledger.database.plain import rows_of
from ledger.domain.kinds import Kind
from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn, page
from ledger.mirror.queries.periods import good, periods_at, standing
from ledger.mirror.tables import ClaimRow, EntryRow, OrganisationRow
from ledger.types import Hash32


@dataclass(frozen=True, slots=True)
class CredentialFilter:
    """Which credentials to list; None filters nothing.

    `in_force`: only those that were, or were not, neither revoked nor expired at `time`, in seconds
    since 1970.
    """

    holder: Hash32 | None = None
    issuer: Hash32 | None = None
    schema: Hash32 | None = None
    in_force: bool | None = None
    time: int = 0


def find_credential(
    session: Session, holder: Hash32, position: int, *, at: Moment | None = None
) -> ClaimRow | None:
    """Fetch the credential that the holder's entry at that position issued, be it revoked."""
    wanted = select(ClaimRow).where(
        ClaimRow.subject == holder, ClaimRow.position == position, _is_credential()
    )
    if at is not None:
        wanted = wanted.where(col(ClaimRow.from_block) <= at.block)
    return next(iter(periods_at(session.exec(wanted).all(), at)), None)


def list_credentials(
    session: Session,
    wanted: CredentialFilter = CredentialFilter(),
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ClaimRow]:
    """Fetch a page of credentials in the order of issue, revoked ones included.

    Those of a holder are found among its claims, all others among the entries that issued any: they
    are few beside the attestations that an issuer makes.
    """
    turn = Turn(cursor, limit, newest_first)
    conditions = [*_by(wanted), *_in_force(wanted, at)]
    if wanted.holder is not None:
        of_one = rows_of(ClaimRow).where(col(ClaimRow.subject) == wanted.holder, _is_credential())
        if at is not None:
            of_one = of_one.where(col(ClaimRow.from_block) + 0 <= at.block)
        found = page(session, ClaimRow, of_one.where(*conditions), [col(ClaimRow.position)], turn)
    else:
        issued = and_(
            col(ClaimRow.subject) == EntryRow.subject, col(ClaimRow.position) == EntryRow.position
        )
        entries: Any = rows_of(ClaimRow).select_from(EntryRow).join(ClaimRow, issued)
        entries = entries.where(EntryRow.kind == int(Kind.CREDENTIAL_ISSUED))
        if at is not None:
            entries = entries.where(col(EntryRow.sequence) <= at.sequence)
        found = page(session, ClaimRow, entries.where(*conditions), [col(EntryRow.sequence)], turn)
    return Page(periods_at(found.items, at), found.cursor)


def _is_credential() -> ColumnElement[bool]:
    """What is claimed of an organisation, as opposed to an asset."""
    return exists().where(col(OrganisationRow.id) == col(ClaimRow.subject))


def _by(wanted: CredentialFilter) -> list[ColumnElement[bool]]:
    """Said so that no index can serve it: the entries give the order."""
    asked = (col(ClaimRow.issuer), wanted.issuer), (col(ClaimRow.schema_), wanted.schema)
    return [func.coalesce(column, column) == value for column, value in asked if value is not None]


def _in_force(wanted: CredentialFilter, at: Moment | None) -> list[ColumnElement[bool]]:
    if wanted.in_force is None:
        return []
    stands = and_(*standing(ClaimRow, at), *good(ClaimRow, wanted.time))
    return [stands if wanted.in_force else not_(stands)]
