"""Who signs: the one thing that reaches a private key, so that keys may lie anywhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from ledger.chain.signers.transaction import TransactionFields, encode_signed, encode_unsigned
from ledger.signatures import Signature
from ledger.types import Address


class Signer(Protocol):
    """Signs for one address, wherever its key lies.

    Signing waits for whoever holds the key: SignerUnavailable, SignerRefused and WrongAnswer may
    be raised by either way to sign, and then nothing was signed.
    """

    @property
    def address(self) -> Address:
        """The address that signs."""
        ...

    def sign_transaction(self, asked: TransactionFields) -> bytes:
        """The signed transaction as it is broadcast (EIP-2718); its keccak is its hash."""
        ...

    def sign_message(self, message: bytes) -> Signature:
        """Sign the keccak of a message, which begins with what it is.

        A transaction's begins with its type (EIP-2718), typed data with 0x1901 (EIP-712).
        """
        ...


class MessageSigner(ABC):
    """A signer of messages, whose transactions are put together here and not by the signer."""

    __slots__ = ("_address",)

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def address(self) -> Address:
        """The address that signs."""
        return self._address

    def sign_transaction(self, asked: TransactionFields) -> bytes:
        """The signed transaction as it is broadcast (EIP-2718); its keccak is its hash."""
        return encode_signed(asked, self.sign_message(encode_unsigned(asked)))

    @abstractmethod
    def sign_message(self, message: bytes) -> Signature:
        """Sign the keccak of a message, which begins with what it is."""
