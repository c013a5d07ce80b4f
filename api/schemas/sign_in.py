"""Wallets that sign in (ERC-4361)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.schemas.assets import OrganisationName
from api.schemas.base import EXAMPLE_ADDRESS, Address, Answer, Hash, Moment, Request
from api.schemas.keys import EXAMPLE_PREFIX, Prefix, RoleWord
from ledger.chain.vouching import LONGEST as LONGEST_SIGNATURE
from ledger.errors import MalformedValue
from ledger.standards.sign_in import LONGEST
from ledger.types import parse_address, parse_hex

EXAMPLE_MESSAGE = """\
ledger.example wants you to sign in with your Ethereum account:
0x8B2A19D07f6E5C4B3A29181706f5e4D3c2B1a0F9


URI: https://ledger.example/v1/sign-in
Version: 1
Chain ID: 31337
Nonce: 9d1c5f0e8b2a19d0
Issued At: 2026-03-01T08:15:30Z"""


def _address(value: object) -> bytes:
    try:
        return parse_address(value)
    except MalformedValue as error:
        raise ValueError(f"must be {error.fields['wanted']}") from None


def _signature(value: object) -> bytes:
    try:
        raw = parse_hex(value)
    except MalformedValue as error:
        raise ValueError(f"must be {error.fields['wanted']}") from None
    if not 0 < len(raw) <= LONGEST_SIGNATURE:
        raise ValueError(f"must have 1 to {LONGEST_SIGNATURE} bytes")
    return raw


AddressInput = Annotated[
    bytes,
    BeforeValidator(_address),
    WithJsonSchema(
        {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$", "examples": [EXAMPLE_ADDRESS]}
    ),
]
AnySignature = Annotated[
    bytes,
    BeforeValidator(_signature),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^0x([0-9a-fA-F]{2})+$",
            "maxLength": 2 + 2 * LONGEST_SIGNATURE,
            "description": "65 bytes r, s, v; of a contract whatever it takes (ERC-1271)",
            "examples": ["0x" + "1b" * 65],
        }
    ),
]


class AskNonce(Request):
    """Begin to sign in."""

    account: Annotated[AddressInput, Field(description="an account of your organisation")]


class GivenNonce(Answer):
    """What to sign, or to make a message of your own from."""

    nonce: Annotated[str, Field(examples=["9d1c5f0e8b2a19d09d1c5f0e8b2a19d0"])]
    domain: Annotated[str, Field(description="no other is taken", examples=["ledger.example"])]
    uri: str
    chain_id: int
    expires_at: Annotated[Moment, Field(description="until then the nonce serves, once")]
    message: Annotated[str, Field(description="sign this (EIP-191)", examples=[EXAMPLE_MESSAGE])]


class SignInRequest(Request):
    """A message that a wallet signed."""

    message: Annotated[str, Field(max_length=LONGEST, examples=[EXAMPLE_MESSAGE])]
    signature: AnySignature
    organisation: Annotated[
        OrganisationName | None,
        Field(description="for which; needed by an account of several"),
    ] = None


class SignedIn(Answer):
    """A key that soon ends; this is the only time its secret is shown."""

    api_key: Annotated[str, Field(examples=[f"al_{EXAMPLE_PREFIX}_…"])]
    key: Prefix
    organisation: Hash
    account: Address
    roles: list[RoleWord]
    expires_at: Moment
