"""Keys kept encrypted in files (Web3 Secret Storage), opened by their password, never shown."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast

from ledger.chain.signers.signer import MessageSigner
from ledger.errors import InputError, ToolError
from ledger.hashing import keccak
from ledger.signatures import Signature
from ledger.types import to_hex

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

# 2^15 opens in 0.1 s (32 MB); the default of 2^18 takes 0.8 s at every start of every process.
_SCRYPT_COST: Final = 2**15


class BadKeystore(ToolError):
    """A keystore file cannot be opened: missing, not version 3, or another password."""

    code = "bad_keystore"


class BadKey(InputError):
    """Bytes that are no private key."""

    code = "bad_key"


class KeystoreSigner(MessageSigner):
    """Signs with a key kept encrypted in a file (Web3 Secret Storage, version 3)."""

    __slots__ = ("_account",)

    def __init__(self, key: bytes) -> None:
        """Take a private key of 32 bytes. Raises BadKey."""
        from eth_account import Account

        try:
            self._account: LocalAccount = Account.from_key(key)
        except Exception:  # noqa: BLE001 - whatever it says may show the key
            raise BadKey("a private key is 32 bytes, in the range of secp256k1") from None
        super().__init__(bytes.fromhex(self._account.address[2:]))

    def __repr__(self) -> str:
        return f"KeystoreSigner({to_hex(self._address)})"

    def sign_message(self, message: bytes) -> Signature:
        """Sign the keccak of a message, which begins with what it is."""
        signed = self._account.unsafe_sign_hash(cast("Any", keccak(message)))
        return Signature(signed.r, signed.s, signed.v - 27)

    @classmethod
    def create(cls, path: Path, password: str, key: bytes | None = None) -> Self:
        """Write a new keystore, of a random key if none is given. Raises BadKeystore, BadKey."""
        from eth_account import Account

        signer = cls(os.urandom(32) if key is None else key)
        kept = Account.encrypt(signer._account.key, password, kdf="scrypt", iterations=_SCRYPT_COST)
        _write_private(path, json.dumps(kept).encode())
        return signer

    @classmethod
    def load(cls, path: Path, password: str) -> Self:
        """Open a keystore. Raises BadKeystore, which never shows password or key."""
        from eth_account import Account

        try:
            key = bytes(Account.decrypt(json.loads(path.read_bytes()), password))
        except OSError as error:
            raise BadKeystore(f"{path}: {error.strerror}", path=str(path)) from None
        except Exception:  # noqa: BLE001 - many libraries speak here; none may show the password
            raise BadKeystore(
                f"{path}: not a version 3 keystore, or another password", path=str(path)
            ) from None
        return cls(key)

    @classmethod
    def load_or_create(cls, path: Path, password: str) -> Self:
        """Open a keystore, or make it if there is none. Raises BadKeystore."""
        if not path.exists():
            try:
                return cls.create(path, password)
            except BadKeystore:
                if not path.exists():  # otherwise another process was quicker
                    raise
        return cls.load(path, password)


def load_or_create_password(path: Path) -> str:
    """The password kept in a file that only its owner reads; a random one if there is none."""
    if not path.exists():
        try:
            _write_private(path, os.urandom(24).hex().encode())
        except BadKeystore:
            if not path.exists():  # otherwise another process was quicker
                raise
    try:
        return path.read_text().strip()
    except OSError as error:
        raise BadKeystore(f"{path}: {error.strerror}", path=str(path)) from None


def _write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that is whole or absent, and never overwrites one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of a name of its own: threads may make the same file at once.
    part = path.with_name(f".{path.name}.{os.urandom(8).hex()}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
        _sync_folder(path.parent)
    except FileExistsError:
        raise BadKeystore(f"{path}: it exists already", path=str(path)) from None
    except OSError as error:
        raise BadKeystore(f"{path}: {error.strerror}", path=str(path)) from None
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
