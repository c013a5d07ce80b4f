"""API keys: issued once, kept as hashes, compared in constant time, good for a while."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam
from sqlmodel import Session, col, select

from ledger.database.plain import fetch_plain, rows_of
from ledger.database.ready import Ready
from ledger.errors import InputError
from ledger.hashing import sha256
from ledger.outbox.clock import now
from ledger.outbox.roles import ALL, KeyRole, Roles, join_roles, split_roles
from ledger.outbox.tables import ApiKey
from ledger.types import Address, Hash32

_SCHEME: Final = "al"
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_PREFIX: Final = 8
_KEYS: Final = Ready(
    rows_of(ApiKey).where(col(ApiKey.prefix).in_(bindparam("prefixes", expanding=True)))
)

NOBODY: Final[Hash32] = b"\xff" * 32
"""Stands for an organisation that there is none of: who reads as it reads what is public."""


class BadKey(InputError):
    """The API key is malformed, unknown, revoked or too old; which of them is not told."""

    code = "bad_key"

    def __init__(self) -> None:
        super().__init__("the API key is not known")


@dataclass(frozen=True, slots=True)
class Credential:
    """Who is asking: an organisation, or the operator if `org` is None, who may do everything.

    `used_at` is when the key was used before, as far as that was written down; `account` the
    wallet that signed in, if one did.
    """

    org: Hash32 | None
    prefix: str
    roles: Roles = ALL
    account: Address | None = None
    used_at: int = 0

    def has(self, *roles: KeyRole) -> bool:
        """Whether the caller has one of these roles, or is the operator."""
        return self.org is None or not self.roles.isdisjoint(roles)

    @property
    def reads(self) -> Hash32 | None:
        """Whose private things the caller may read; None: everybody's."""
        return self.org if self.has(KeyRole.READER) else NOBODY


def issue_key(
    session: Session,
    org: Hash32 | None,
    roles: Roles = ALL,
    *,
    name: str | None = None,
    replaces: str | None = None,
    account: Address | None = None,
    expires_at: int | None = None,
) -> str:
    """Make a key for an organisation (None: the operator) and return it; it is shown only here.

    `expires_at` is in milliseconds since 1970; None: it stands until it is revoked. The caller
    commits.
    """
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(_PREFIX))
    secret = secrets.token_urlsafe(32)
    session.add(
        ApiKey(
            prefix=prefix,
            secret_hash=sha256(secret.encode()),
            org=org,
            roles=join_roles(roles),
            name=name,
            replaces=replaces,
            account=account,
            created_at=now(),
            expires_at=expires_at,
        )
    )
    session.flush()
    return f"{_SCHEME}_{prefix}_{secret}"


def revoke_operator_keys(session: Session) -> int:
    """End all keys of the operator's; how many there were. The caller commits."""
    standing = select(ApiKey).where(col(ApiKey.org).is_(None), col(ApiKey.revoked_at).is_(None))
    found = session.exec(standing).all()
    for key in found:
        key.revoked_at = now()
    return len(found)


def prefix_of(token: str) -> str:
    """The prefix of a token, by which lists and logs name it."""
    return split_token(token)[0]


def authenticate(session: Session, token: str) -> Credential:
    """Who a token stands for; takes the same time for a wrong secret as for a right one.

    Raises:
        BadKey: the token is malformed, unknown, revoked or too old.
    """
    [found] = authenticate_all(session, [token])
    if isinstance(found, BadKey):
        raise found
    return found


def authenticate_all(session: Session, tokens: Sequence[str]) -> list[Credential | BadKey]:
    """As `authenticate`, for each of these tokens, in one query."""
    parts = [split_token(token) for token in tokens]
    # What this session revoked opens nothing either.
    asked = fetch_plain(session, ApiKey, _KEYS, prefixes=[*{prefix for prefix, _ in parts}])
    keys = {key.prefix: key for key in asked}
    moment = now()
    return [compare_key(keys.get(prefix), secret, moment) for prefix, secret in parts]


def split_token(token: str) -> tuple[str, str]:
    """A token's prefix and secret; no key has the prefix of what is malformed."""
    scheme, prefix, secret = [*token.split("_", 2), "", "", ""][:3]
    return (prefix if scheme == _SCHEME and len(prefix) == _PREFIX else ""), secret


def compare_key(key: ApiKey | Row[Any] | None, secret: str, moment: int) -> Credential | BadKey:
    """Who a secret stands for at a moment, if it is the key's; takes as long if it is not."""
    expected = key.secret_hash if key else bytes(32)
    right = hmac.compare_digest(sha256(secret.encode(errors="replace")), expected)
    if key is None or not right or not is_good(key, moment):
        return BadKey()
    return Credential(
        org=key.org,
        prefix=key.prefix,
        roles=split_roles(key.roles),
        account=key.account,
        used_at=key.last_used_at or 0,
    )


def is_good(key: ApiKey | Row[Any], moment: int) -> bool:
    """Whether a key opens at a moment (milliseconds since 1970)."""
    return key.revoked_at is None and (key.expires_at is None or moment < key.expires_at)
