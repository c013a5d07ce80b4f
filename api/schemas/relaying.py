"""Entries that an organisation's own wallet signed."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.schemas.base import EXAMPLE_ADDRESS, EXAMPLE_HASH, EXAMPLE_HASH_2, HashInput, Request
from api.schemas.kinds import KindWord
from api.schemas.sign_in import AddressInput, AnySignature
from ledger.domain.kinds import BY_ORGANISATIONS, Kind
from ledger.errors import MalformedValue
from ledger.types import parse_hex

_LONGEST_PAYLOAD = 65_536
_RELAYED: Final = [kind.label for kind in Kind if kind in BY_ORGANISATIONS]

EXAMPLE_RELAYED = {
    "chain_id": 31337,
    "contract": EXAMPLE_ADDRESS,
    "subject": EXAMPLE_HASH,
    "kind": "observed",
    "position": 3,
    "payload": EXAMPLE_HASH_2,
    "deadline": 1_772_352_000,
    "account": EXAMPLE_ADDRESS,
    "signature": "0x" + "1b" * 65,
}


def _payload(value: object) -> bytes:
    try:
        raw = parse_hex(value)
    except MalformedValue as error:
        raise ValueError(f"must be {error.fields['wanted']}") from None
    if len(raw) > _LONGEST_PAYLOAD:
        raise ValueError(f"must have at most {_LONGEST_PAYLOAD} bytes")
    return raw


class RelayEntry(Request):
    """An entry, and your wallet's leave to append it (EIP-712, `Entry`), of your organisation."""

    chain_id: Annotated[int, Field(ge=0, le=2**53 - 1, description="that was signed for")]
    contract: Annotated[AddressInput, Field(description="that was signed for")]
    subject: HashInput
    kind: Annotated[KindWord, WithJsonSchema({"type": "string", "enum": _RELAYED})]
    position: Annotated[int, Field(ge=0, le=2**32 - 2)]
    payload: Annotated[
        bytes,
        BeforeValidator(_payload),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": "^0x([0-9a-fA-F]{2})*$",
                "maxLength": 2 + 2 * _LONGEST_PAYLOAD,
                "description": "as the contract takes it: the kind's words",
                "examples": [EXAMPLE_HASH_2],
            }
        ),
    ]
    deadline: Annotated[
        int, Field(ge=0, le=2**53 - 1, description="seconds since 1970, a minute away at least")
    ]
    account: Annotated[AddressInput, Field(description="whose signature it is")]
    signature: AnySignature
