"""Wallets that sign in: nonces that serve once, and sessions, which are keys that soon end."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from ledger.errors import LedgerError
from ledger.outbox.clock import now
from ledger.outbox.credential_tables import AccountRole, SignInNonce
from ledger.outbox.keys import issue_key
from ledger.outbox.roles import OF_ACCOUNTS, Roles, join_roles, split_roles
from ledger.outbox.tables import ApiKey, Lane
from ledger.types import Address, Hash32

NONCE_SECONDS: Final = 300
"""How long a nonce may be used."""

MOST_NONCES: Final = 10_000
"""Nonces that may be out at once: anybody can ask for one."""

_FORGOTTEN: Final = 86_400_000


class TooManyNonces(LedgerError):
    """As many nonces are out as there may be; some are over in a while."""

    code = "too_many_nonces"


@dataclass(frozen=True, slots=True)
class Nonce:
    """A nonce, and from when to when it serves (milliseconds since 1970)."""

    text: str
    given_at: int
    expires_at: int


def give_nonce(session: Session) -> Nonce:
    """Make a nonce for one sign-in; the caller commits. Raises TooManyNonces."""
    moment = now()
    session.execute(delete(SignInNonce).where(col(SignInNonce.expires_at) <= moment))
    if session.exec(select(func.count()).select_from(SignInNonce)).one() >= MOST_NONCES:
        raise TooManyNonces("too many sign-ins have begun")
    nonce = Nonce(secrets.token_hex(16), moment, moment + 1000 * NONCE_SECONDS)
    session.add(SignInNonce(nonce=nonce.text, expires_at=nonce.expires_at))
    session.flush()
    return nonce


def is_out(session: Session, nonce: str) -> bool:
    """Whether a nonce was given out and not used yet."""
    found = session.get(SignInNonce, nonce)
    return found is not None and now() < found.expires_at


def spend_nonce(session: Session, nonce: str) -> bool:
    """Use a nonce up; whether it was there to be used. The caller commits."""
    spent = session.execute(
        delete(SignInNonce).where(
            col(SignInNonce.nonce) == nonce, col(SignInNonce.expires_at) > now()
        )
    )
    return bool(spent.rowcount)  # type: ignore[attr-defined]


def find_account_roles(session: Session, org: Hash32, account: Address) -> Roles:
    """What an organisation lets an account of its do here; nothing said: read and write."""
    row = session.get(AccountRole, (org, account))
    return OF_ACCOUNTS if row is None else split_roles(row.roles)


def keep_account_roles(session: Session, org: Hash32, account: Address, roles: Roles) -> None:
    """Say what an account may do here, in sessions that are open, too; the caller commits."""
    session.merge(AccountRole(org=org, account=account, roles=join_roles(roles), created_at=now()))
    moment = now()
    opened = select(ApiKey).where(ApiKey.org == org, ApiKey.account == account)
    for key in session.exec(opened.with_for_update()):
        key.roles = join_roles(roles)
        if not roles and key.revoked_at is None:
            key.revoked_at = moment
    session.flush()


def is_of_service(session: Session, account: Address) -> bool:
    """Whether an account is one that this service sends with, on behalf of many."""
    return account in find_of_service(session, [account])


def find_of_service(session: Session, accounts: Collection[Address]) -> frozenset[Address]:
    """Those of the accounts that this service sends with."""
    return frozenset(session.exec(select(Lane.sender).where(col(Lane.sender).in_(accounts))))


def open_session(
    session: Session, org: Hash32, account: Address, roles: Roles, seconds: int
) -> str:
    """Make a key for a wallet that signed in, and forget those that ended long ago."""
    moment = now()
    session.execute(
        delete(ApiKey).where(
            col(ApiKey.org) == org,
            col(ApiKey.account) == account,
            col(ApiKey.expires_at) < moment - _FORGOTTEN,
        )
    )
    return issue_key(session, org, roles, account=account, expires_at=moment + 1000 * seconds)
