"""What a key lets its holder do: roles add up, and none contains another.

- `reader`: read what is private to the organisation: its documents, serials and names.
- `writer`: write: register, append, cancel, sign checkpoints, relay signed entries.
- `admin`: manage keys, accounts and wallets' roles, see who read documents.
- `auditor`: see who read documents; no document itself, unless it is `reader`, too.

Every key may read what is public, ask for proofs, and follow its organisation's operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final

from ledger.errors import MalformedValue


class KeyRole(StrEnum):
    """A role of a key."""

    ADMIN = "admin"
    READER = "reader"
    WRITER = "writer"
    AUDITOR = "auditor"


Roles = frozenset[KeyRole]

ALL: Final[Roles] = frozenset({KeyRole.ADMIN, KeyRole.READER, KeyRole.WRITER})
"""What an organisation's first key may do."""

OF_ACCOUNTS: Final[Roles] = frozenset({KeyRole.READER, KeyRole.WRITER})
"""What a wallet that signs in may do, if its organisation says nothing else."""


def join_roles(roles: Iterable[KeyRole]) -> str:
    """Roles as rows keep them."""
    return " ".join(sorted(roles))


@lru_cache(maxsize=64)  # there are few, and every request has some
def split_roles(text: str) -> Roles:
    """Roles as rows have them; what a later version may have written there gives nothing."""
    known = {role.value for role in KeyRole}
    return frozenset(KeyRole(word) for word in text.split() if word in known)


def parse_roles(words: Iterable[str], field: str = "roles") -> Roles:
    """Roles as a client names them. Raises MalformedValue."""
    found = set[KeyRole]()
    for word in words:
        try:
            found.add(KeyRole(word))
        except ValueError:
            wanted = f"one of {', '.join(KeyRole)}"
            raise MalformedValue(field=field, value=word, wanted=wanted) from None
    return frozenset(found)
