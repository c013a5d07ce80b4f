"""What an organisation's admin does with its keys: list, rotate, revoke; and when each was used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import update
from sqlmodel import Session, col, select

from ledger.errors import Conflict, UnknownThing
from ledger.outbox.clock import now
from ledger.outbox.keys import is_good, issue_key
from ledger.outbox.roles import KeyRole, split_roles
from ledger.outbox.tables import ApiKey
from ledger.types import Hash32

COARSE: Final = 3_600_000
"""Milliseconds within which a further use of a key is not written down."""

MOST_KEYS: Final = 1_000
"""Keys that an organisation may have that still open, those of wallets aside."""


class LastAdmin(Conflict):
    """The organisation's last key that may manage keys would be gone."""

    code = "last_admin"

    def __init__(self, prefix: str) -> None:
        super().__init__(
            f"key {prefix} is the last that may manage your keys; make another one first",
            key=prefix,
        )


class DeadKey(Conflict):
    """The key opens nothing any more: there is nothing to rotate."""

    code = "dead_key"

    def __init__(self, prefix: str) -> None:
        super().__init__(f"key {prefix} is revoked or too old", key=prefix)


class TooManyKeys(Conflict):
    """The organisation has as many keys as it may have."""

    code = "too_many_keys"

    def __init__(self) -> None:
        super().__init__(f"your organisation has {MOST_KEYS} keys; revoke some", most=MOST_KEYS)


def list_keys(
    session: Session, org: Hash32, *, after: tuple[int, str] | None, limit: int
) -> Sequence[ApiKey]:
    """An organisation's keys, the oldest first, those of wallets that signed in among them."""
    key = (col(ApiKey.created_at), col(ApiKey.prefix))
    wanted = select(ApiKey).where(ApiKey.org == org).order_by(*key).limit(limit)
    if after is not None:
        made, prefix = after
        wanted = wanted.where(
            (key[0] > made) | ((key[0] == made) & (key[1] > prefix)),
        )
    return session.exec(wanted).all()


def get_key(session: Session, org: Hash32, prefix: str, *, lock: bool = False) -> ApiKey:
    """A key of an organisation's own. Raises UnknownThing if there is none of that prefix."""
    found = session.get(ApiKey, prefix, with_for_update=lock or None)
    if found is None or found.org != org:
        raise UnknownThing("key", field="key", value=prefix[:20])
    return found


def require_few(session: Session, org: Hash32) -> None:
    """See that an organisation may have one more key. Raises TooManyKeys."""
    good = [one for one in _find_good(session, org) if one.account is None]
    if len(good) >= MOST_KEYS:
        raise TooManyKeys


def rotate_key(session: Session, org: Hash32, prefix: str, overlap: int) -> tuple[str, ApiKey]:
    """Make a key that follows another one, which opens for `overlap` milliseconds more.

    Returns the new key, shown only here, and the row of the old one; the caller commits.

    Raises:
        UnknownThing, DeadKey: there is no such key of the organisation's that opens.
    """
    old = get_key(session, org, prefix, lock=True)
    moment = now()
    if not is_good(old, moment) or old.account is not None:
        raise DeadKey(prefix)
    lasts = None if old.expires_at is None else old.expires_at - old.created_at
    token = issue_key(
        session,
        org,
        split_roles(old.roles),
        name=old.name,
        replaces=old.prefix,
        expires_at=None if lasts is None else moment + lasts,
    )
    until = moment + overlap
    old.expires_at = until if old.expires_at is None else min(old.expires_at, until)
    session.flush()
    return token, old


def revoke_key(session: Session, org: Hash32, prefix: str) -> ApiKey:
    """Have a key open nothing from now on; one that was revoked before stays as it is.

    Raises:
        UnknownThing: the organisation has no such key.
        LastAdmin: nobody could manage its keys any more.
    """
    key = get_key(session, org, prefix, lock=True)
    if key.revoked_at is not None:
        return key
    others = [one for one in _find_good(session, org) if one.prefix != prefix]
    if _lasting(key) and not any(_lasting(one) for one in others):
        raise LastAdmin(prefix)
    key.revoked_at = now()
    session.flush()
    return key


def note_uses(session: Session, uses: Iterable[tuple[str, int]]) -> None:
    """Write down when keys were last used: prefix, and milliseconds since 1970."""
    for prefix, at in uses:
        session.execute(
            update(ApiKey)
            .where(col(ApiKey.prefix) == prefix)
            .values(last_used_at=at)
            .execution_options(synchronize_session=False)
        )


def _find_good(session: Session, org: Hash32) -> list[ApiKey]:
    moment = now()
    found = session.exec(
        select(ApiKey).where(ApiKey.org == org, col(ApiKey.revoked_at).is_(None)).with_for_update()
    )
    return [one for one in found if is_good(one, moment)]


def _lasting(key: ApiKey) -> bool:
    """Whether a key goes on to manage keys: it is an admin's, and does not end by itself."""
    return KeyRole.ADMIN in split_roles(key.roles) and key.expires_at is None
