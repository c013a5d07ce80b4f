"""Secrets that others know as well: each in a file of its own, wrapped as documents' keys are.

So they are wrapped anew whenever the master key changes, and can be destroyed for good.
"""

from __future__ import annotations

import secrets
from typing import Final

from ledger.documents.ciphers import new_key
from ledger.documents.key_files import make_keys
from ledger.documents.vault import Vault
from ledger.types import ZERO_HASH

_LABEL: Final = 0


class Secrets:
    """Makes secrets of 32 bytes, and keeps them; safe for many threads and processes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def make(self) -> tuple[str, bytes]:
        """Make a secret and keep it lastingly: its name, and the secret. Raises BadMasterKey."""
        name, file_key = secrets.token_hex(16), new_key()
        [secret], record = make_keys(file_key, [_LABEL])
        self._vault.save(name, file_key, [record])
        return name, secret

    def find(self, name: str) -> bytes:
        """The secret of that name.

        Raises:
            CorruptDocument: it is missing, or is damaged.
            LockedDocument: no master key is here that opens it.
        """
        return self._vault.find_key(name, _LABEL, ZERO_HASH)

    def destroy(self, name: str) -> None:
        """Destroy a secret; that it is gone is no fault."""
        self._vault.destroy_all(name)
