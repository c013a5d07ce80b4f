"""Transactions as they are signed and sent (EIP-1559, EIP-2718), and read back strictly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from ledger.chain.signers.errors import WrongAnswer
from ledger.hashing import keccak
from ledger.proofs import rlp
from ledger.signatures import HALF, Signature
from ledger.types import Address

_TYPE: Final = b"\x02"
_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class TransactionFields:
    """What a transaction says before it is signed (EIP-1559); fees in wei, `to` None creates."""

    chain_id: int
    nonce: int
    to: Address | None
    data: bytes
    gas: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    value: int = 0


def encode_unsigned(asked: TransactionFields) -> bytes:
    """What is signed: the signature is over this message's keccak."""
    return _TYPE + rlp.encode(_items(asked))


def encode_signed(asked: TransactionFields, signature: Signature) -> bytes:
    """The transaction as it is broadcast; its keccak is its hash."""
    signed = [rlp.encode_number(one) for one in (signature.parity, signature.r, signature.s)]
    return _TYPE + rlp.encode([*_items(asked), *signed])


def decode_signed(raw: bytes) -> tuple[TransactionFields, Signature]:
    """Read a signed transaction that says no more than our fields.

    Raises:
        RlpError: it is none, not of type 2, carries an access list, or is not written strictly.
    """
    if raw[:1] != _TYPE:
        raise rlp.RlpError("no transaction of type 2")
    items = rlp.decode_list(raw[1:])
    if len(items) != 12:
        raise rlp.RlpError(f"{len(items)} fields in place of 12")
    if items[8] != []:
        raise rlp.RlpError("an access list that nobody asked for")
    chain_id, nonce, tip, fee, gas = [rlp.decode_number(one, _SIZE) for one in items[:5]]
    to, data = items[5], items[7]
    if not isinstance(to, bytes) or len(to) not in (0, 20) or not isinstance(data, bytes):
        raise rlp.RlpError("no address or no data where they must be")
    value = rlp.decode_number(items[6], _SIZE)
    parity, r, s = [rlp.decode_number(one, _SIZE) for one in items[9:]]
    told = TransactionFields(chain_id, nonce, to or None, data, gas, fee, tip, value)
    return told, Signature(r, s, parity)


def verify_signed(raw: bytes, asked: TransactionFields, signer: Address) -> None:
    """Make sure that a signed transaction says what was asked, and that the signer signed it.

    Raises:
        WrongAnswer: it does not; names the first field that differs.
    """
    try:
        told, signature = decode_signed(raw)
    except rlp.RlpError as error:
        raise WrongAnswer(signer, "a transaction", asked="one of type 2", told=error) from None
    for each in fields(asked):
        wanted, found = getattr(asked, each.name), getattr(told, each.name)
        if wanted != found:
            raise WrongAnswer(signer, each.name, asked=wanted, told=found)
    if signature.s > HALF:
        raise WrongAnswer(signer, "s", asked=f"at most {HALF}", told=signature.s)
    sender = signature.recover(keccak(encode_unsigned(told)))
    if sender != signer:
        raise WrongAnswer(signer, "a signature of", asked=signer, told=sender or "nobody")


def _items(asked: TransactionFields) -> list[rlp.Item]:
    number = rlp.encode_number
    return [
        number(asked.chain_id),
        number(asked.nonce),
        number(asked.max_priority_fee_per_gas),
        number(asked.max_fee_per_gas),
        number(asked.gas),
        asked.to or b"",
        number(asked.value),
        asked.data,
        [],
    ]
