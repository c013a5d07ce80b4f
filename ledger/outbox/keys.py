"""API keys: issued once, kept as hashes, compared in constant time."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from ledger.errors import InputError
from ledger.hashing import sha256
from ledger.outbox.clock import now
from ledger.outbox.tables import ApiKey
from ledger.types import Hash32

_SCHEME: Final = "al"
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


class BadKey(InputError):
    """The API key is malformed, unknown or revoked; which of them is not told."""

    code = "bad_key"

    def __init__(self) -> None:
        super().__init__("the API key is not known")


@dataclass(frozen=True, slots=True)
class Credential:
    """Who is asking: an organisation, or the operator if `org` is None."""

    org: Hash32 | None
    prefix: str


def issue_key(session: Session, org: Hash32 | None) -> str:
    """Make a key for an organisation (None: the operator) and return it; it is shown only here.

    The caller commits.
    """
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    session.add(
        ApiKey(prefix=prefix, secret_hash=sha256(secret.encode()), org=org, created_at=now())
    )
    session.flush()
    return f"{_SCHEME}_{prefix}_{secret}"


def authenticate(session: Session, token: str) -> Credential:
    """Who a token stands for; takes the same time for a wrong secret as for a right one.

    Raises:
        BadKey: the token is malformed, unknown or revoked.
    """
    [found] = authenticate_all(session, [token])
    if isinstance(found, BadKey):
        raise found
    return found


def authenticate_all(session: Session, tokens: Sequence[str]) -> list[Credential | BadKey]:
    """As `authenticate`, for each of these tokens, in one query."""
    parts = [_split(token) for token in tokens]
    asked = select(ApiKey).where(col(ApiKey.prefix).in_({prefix for prefix, _ in parts}))
    keys = {key.prefix: key for key in session.exec(asked)}
    return [_compare(keys.get(prefix), secret) for prefix, secret in parts]


def _split(token: str) -> tuple[str, str]:
    """A token's prefix and secret; no key has the prefix of what is malformed."""
    scheme, prefix, secret = [*token.split("_", 2), "", "", ""][:3]
    return (prefix if scheme == _SCHEME and len(prefix) == 8 else ""), secret


def _compare(key: ApiKey | None, secret: str) -> Credential | BadKey:
    expected = key.secret_hash if key else bytes(32)
    right = hmac.compare_digest(sha256(secret.encode(errors="replace")), expected)
    if key is None or not right or key.revoked_at is not None:
        return BadKey()
    return Credential(org=key.org, prefix=key.prefix)
