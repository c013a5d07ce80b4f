"""Attestations of assets and credentials of organisations: what is claimed, by whom, under which
schema."""

from __future__ import annotations

from typing import Literal, TypeAlias, assert_never

from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import Session, col, select

from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn
from ledger.mirror.queries.periods import (
    good,
    list_history,
    list_standing,
    list_standing_of,
    periods_at,
)
from ledger.mirror.tables import ClaimRow, OrganisationRow
from ledger.types import Hash32

About: TypeAlias = Literal["assets", "organisations"]
"""What claims are about: attestations are of assets, credentials of organisations."""


def find_claim(
    session: Session, subject: Hash32, position: int, *, at: Moment | None = None
) -> ClaimRow | None:
    """Fetch what was claimed of a subject by its entry at a position, be it revoked or not."""
    wanted = select(ClaimRow).where(ClaimRow.subject == subject, ClaimRow.position == position)
    if at is not None:
        wanted = wanted.where(col(ClaimRow.from_block) <= at.block)
    return next(iter(periods_at(session.exec(wanted).all(), at)), None)


def list_claims_of(
    session: Session,
    subject: Hash32,
    *,
    issuer: Hash32 | None = None,
    schema: Hash32 | None = None,
    good_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ClaimRow]:
    """Fetch a page of what is claimed of an asset or an organisation, and not revoked.

    `good_at`: only what has not expired by that time, in seconds since 1970: what is in force.
    """
    wanted = [col(ClaimRow.subject) == subject, *_by(issuer, schema), *good(ClaimRow, good_at)]
    return list_standing_of(session, ClaimRow, wanted, at, Turn(cursor, limit, newest_first))


def list_claims_ever(
    session: Session,
    subject: Hash32,
    *,
    issuer: Hash32 | None = None,
    schema: Hash32 | None = None,
    spent_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ClaimRow]:
    """Fetch a page of what was ever claimed of an asset or an organisation, revoked or not.

    `spent_at`: only what is revoked, or has expired by that time, in seconds since 1970.
    """
    wanted = [col(ClaimRow.subject) == subject, *_by(issuer, schema), *_spent(spent_at, at)]
    return list_history(session, ClaimRow, wanted, at, Turn(cursor, limit, newest_first))


def list_claims_by(
    session: Session,
    issuer: Hash32,
    *,
    schema: Hash32 | None = None,
    about: About | None = None,
    good_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ClaimRow]:
    """Fetch a page of what an organisation claims, in the order of blocks; as `list_claims_of`."""
    wanted = [*_by(issuer, schema), *_about(about), *good(ClaimRow, good_at)]
    return list_standing(session, ClaimRow, wanted, at, Turn(cursor, limit, newest_first))


def list_claims_under(
    session: Session,
    schema: Hash32,
    *,
    about: About | None = None,
    good_at: int | None = None,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[ClaimRow]:
    """Fetch a page of what is claimed under a schema, by anybody; as `list_claims_by`."""
    wanted = [*_by(None, schema), *_about(about), *good(ClaimRow, good_at)]
    return list_standing(session, ClaimRow, wanted, at, Turn(cursor, limit, newest_first))


def _by(issuer: Hash32 | None, schema: Hash32 | None) -> list[ColumnElement[bool]]:
    asked = (col(ClaimRow.issuer), issuer), (col(ClaimRow.schema_), schema)
    return [column == value for column, value in asked if value is not None]


def _spent(time: int | None, at: Moment | None) -> list[ColumnElement[bool]]:
    if time is None:
        return []
    ends, expires = col(ClaimRow.to_block), col(ClaimRow.expires)
    ended = ends.is_not(None) if at is None else ends <= at.block
    return [or_(ended, (expires != 0) & (expires < time))]


def _about(about: About | None) -> list[ColumnElement[bool]]:
    of_organisation = exists().where(col(OrganisationRow.id) == col(ClaimRow.subject))
    match about:
        case None:
            return []
        case "organisations":
            return [of_organisation]
        case "assets":
            return [~of_organisation]
        case _:
            assert_never(about)
