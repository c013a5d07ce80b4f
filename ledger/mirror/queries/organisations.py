"""Organisations, and the accounts that may act for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from ledger.mirror.moments import Moment
from ledger.mirror.pages import Cursor, Page, Turn
from ledger.mirror.queries.periods import list_history, list_standing, standing
from ledger.mirror.queries.states import begun, fetch_begun, list_begun, rows_at
from ledger.mirror.rows import chunks
from ledger.mirror.tables import AccountRow, OrganisationRow
from ledger.types import Address, Hash32


@dataclass(frozen=True, slots=True)
class OrganisationSeen:
    """An organisation with the accounts that may act for it, oldest first."""

    row: OrganisationRow
    accounts: Sequence[Address]


def find_organisation(
    session: Session,
    *,
    id: Hash32 | None = None,
    did: str | None = None,
    address: Address | None = None,
    at: Moment | None = None,
) -> OrganisationSeen | None:
    """Fetch an organisation by one of its id, its DID and its address."""
    if did is not None and "\0" in did:  # PostgreSQL refuses to compare it
        return None
    query = select(OrganisationRow).where(*begun(OrganisationRow, at))
    if id is not None:
        query = query.where(OrganisationRow.id == id)
    elif did is not None:
        query = query.where(OrganisationRow.did == did)
    else:
        query = query.where(OrganisationRow.address == address)
    row = session.exec(query).one_or_none()
    return None if row is None else _seen(session, [row], at)[0]


def find_organisations(
    session: Session, ids: Iterable[Hash32], *, at: Moment | None = None
) -> Mapping[Hash32, OrganisationRow]:
    """Fetch those of the organisations that exist, by id (names for a page of rows)."""
    there = fetch_begun(session, OrganisationRow, set(ids), at)
    return {row.id: row for row in rows_at(session, there, at)}


def list_organisations(
    session: Session,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[OrganisationSeen]:
    """Fetch a page of organisations in the order of enrolment, accounts included."""
    rows = list_begun(session, OrganisationRow, [], at, Turn(cursor, limit, newest_first))
    return Page(_seen(session, rows.items, at), rows.cursor)


def list_accounts(
    session: Session,
    org: Hash32,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AccountRow]:
    """Fetch a page of the accounts that could act for an organisation, past ones included."""
    turn = Turn(cursor, limit, newest_first)
    return list_history(session, AccountRow, [col(AccountRow.org) == org], at, turn)


def list_organisations_of(
    session: Session,
    account: Address,
    *,
    at: Moment | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> Page[AccountRow]:
    """Fetch a page of the organisations that an account may act for, as periods."""
    turn = Turn(cursor, limit, newest_first)
    return list_standing(session, AccountRow, [col(AccountRow.account) == account], at, turn)


def _seen(
    session: Session, rows: Sequence[OrganisationRow], at: Moment | None
) -> Sequence[OrganisationSeen]:
    accounts = _fetch_accounts(session, [row.id for row in rows], at)
    return [OrganisationSeen(row, accounts[row.id]) for row in rows_at(session, rows, at)]


def _fetch_accounts(
    session: Session, orgs: Collection[Hash32], at: Moment | None
) -> Mapping[Hash32, list[Address]]:
    found: defaultdict[Hash32, list[tuple[int, Address]]] = defaultdict(list)
    for portion in chunks(orgs):
        rows = select(AccountRow.org, AccountRow.position, AccountRow.account)
        theirs = rows.where(col(AccountRow.org).in_(portion), *standing(AccountRow, at))
        for org, position, account in session.exec(theirs):
            found[org].append((position, account))
    return {org: [account for _, account in sorted(found[org])] for org in orgs}
