"""Serials and tenants, looked up many at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, select

from ledger.database.plain import fetch, fetch_plain, rows_of
from ledger.database.ready import Ready
from ledger.outbox.tables import Document, Operation, Registration, State, Tenant
from ledger.types import Hash32


def _any_of(name: str) -> Any:
    return bindparam(name, expanding=True)


_SERIALS: Final = Ready(
    select(col(Registration.asset), col(Registration.serial)).where(
        col(Registration.asset).in_(_any_of("assets"))
    )
)
_OF_SERIAL: Final = Ready(
    rows_of(Registration).where(col(Registration.serial) == bindparam("serial"))
)
_TENANTS: Final = Ready(rows_of(Tenant).where(col(Tenant.org).in_(_any_of("orgs"))))
_DOCUMENTS: Final = Ready(
    rows_of(Document).where(col(Document.content_hash).in_(_any_of("hashes")))
)


def find_registrations(
    session: Session, org: Hash32, serials: Collection[str]
) -> dict[str, Registration]:
    """What an organisation registered under each serial that it gave, in one query."""
    wanted = select(Registration).where(
        Registration.org == org, col(Registration.serial).in_(serials)
    )
    return {found.serial: found for found in session.exec(wanted)}


def find_assets(session: Session, assets: Collection[Hash32]) -> dict[Hash32, Registration]:
    """The registration of each asset that was registered here, in one query."""
    wanted = select(Registration).where(col(Registration.asset).in_(assets))
    return {found.asset: found for found in session.exec(wanted)}


def find_births(session: Session, assets: Collection[Hash32]) -> dict[Hash32, Operation]:
    """The operation of each asset's own registration that was not rejected, in one query."""
    wanted = (
        select(Registration.asset, Operation)
        .join(Operation, col(Operation.id) == col(Registration.operation))
        .where(col(Registration.asset).in_(assets), Operation.state != State.REJECTED)
    )
    return dict(session.exec(wanted).all())


def find_serials(session: Session, assets: Collection[Hash32]) -> dict[Hash32, str]:
    """The serial of each asset that was registered here, in one query."""
    found = fetch(session, _SERIALS, assets=[*assets])
    return {asset: serial for asset, serial in found}  # noqa: C416 - rows are no pairs


def find_serial(session: Session, serial: str) -> list[Registration]:
    """Everything registered under a serial, whoever gave it."""
    if "\0" in serial:  # no serial has that, and PostgreSQL refuses to compare it
        return []
    return fetch_plain(session, Registration, _OF_SERIAL, serial=serial)


def list_serials(
    session: Session, org: Hash32, *, after: Hash32 | None = None, limit: int = 50
) -> list[Registration]:
    """What an organisation registered, in the order of its serials, behind an asset's own."""
    wanted = select(Registration).where(Registration.org == org)
    if after is not None:
        of = select(Registration.serial).where(Registration.asset == after)
        wanted = wanted.where(col(Registration.serial) > of.scalar_subquery())
    return list(session.exec(wanted.order_by(col(Registration.serial)).limit(limit)))


def find_tenants(session: Session, orgs: Collection[Hash32]) -> dict[Hash32, Tenant]:
    """The tenant of each organisation that is served here, in one query."""
    return {found.org: found for found in fetch_plain(session, Tenant, _TENANTS, orgs=[*orgs])}


def find_documents(session: Session, hashes: Collection[Hash32]) -> dict[Hash32, Document]:
    """The documents of these content hashes that were accepted here, in one query."""
    found = fetch_plain(session, Document, _DOCUMENTS, hashes=[*hashes])
    return {one.content_hash: one for one in found}


def forget_documents(session: Session, hashes: Collection[Hash32]) -> None:
    """Remove what is remembered of documents whose bytes were destroyed."""
    session.exec(delete(Document).where(col(Document.content_hash).in_(hashes)))
