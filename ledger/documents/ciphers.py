"""The only place that encrypts: AES-256-GCM (NIST SP 800-38D), which notices any change."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import VerificationError
from ledger.types import Hash32

KEY_SIZE: Final = 32
NONCE_SIZE: Final = 12
TAG_SIZE: Final = 16
"""Bytes that a ciphertext is longer than what it hides."""

# Each document's key encrypts that document alone, once: then any nonce will do (8.2.1).
_ONLY_NONCE: Final = bytes(NONCE_SIZE)


class WrongKey(VerificationError):
    """A ciphertext does not open: another key, another context, or any bit was changed."""

    code = "wrong_key"

    def __init__(self) -> None:
        super().__init__("it was changed, or belongs elsewhere")


def new_key() -> bytes:
    """A fresh key from the system's random source."""
    return secrets.token_bytes(KEY_SIZE)


def encrypt_document(key: bytes, raw: bytes, content_hash: Hash32, org: Hash32) -> bytes:
    """Encrypt a document under a key of its own, bound to what it is and to who sent it."""
    return AESGCM(key).encrypt(_ONLY_NONCE, raw, content_hash + org)


def decrypt_document(key: bytes, kept: bytes, content_hash: Hash32, org: Hash32) -> bytes:
    """What `encrypt_document` was given. Raises WrongKey."""
    try:
        return AESGCM(key).decrypt(_ONLY_NONCE, kept, content_hash + org)
    except InvalidTag:
        raise WrongKey from None


class ChunkCipher:
    """Encrypts a file in numbered chunks under a key of its own, bound to a context.

    A chunk's nonce is its number and whether it is the last (the STREAM construction: Hoang,
    Reyhanitabar, Rogaway, Vizár 2015): none can be moved, left out or added, and a file that was
    cut short has no last one. Each chunk can be decrypted alone.
    """

    __slots__ = ("_cipher", "_context")

    def __init__(self, key: bytes, context: bytes) -> None:
        self._cipher, self._context = AESGCM(key), context

    def encrypt(self, number: int, raw: bytes, *, last: bool) -> bytes:
        """The chunk of that number, from 0; no number may be used for two chunks."""
        return self._cipher.encrypt(_chunk_nonce(number, last), raw, self._context)

    def decrypt(self, number: int, kept: bytes, *, last: bool) -> bytes:
        """What `encrypt` was given. Raises WrongKey."""
        try:
            return self._cipher.decrypt(_chunk_nonce(number, last), kept, self._context)
        except InvalidTag:
            raise WrongKey from None


def _chunk_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(NONCE_SIZE - 1) + bytes([last])


class Wrapping:
    """Encrypts keys under a key; shows neither."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, nonce: bytes, key: bytes, context: bytes = b"") -> bytes:
        """A key, encrypted; no nonce may be used for two keys."""
        return self._cipher.encrypt(nonce, key, context)

    def unwrap(self, nonce: bytes, wrapped: bytes, context: bytes = b"") -> bytes:
        """The key that was wrapped. Raises WrongKey."""
        try:
            return self._cipher.decrypt(nonce, wrapped, context)
        except InvalidTag:
            raise WrongKey from None
