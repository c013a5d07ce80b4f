"""Values that all resources share: hashes as hex, times as text, and where an answer stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ledger.errors import MalformedValue
from ledger.types import parse_hash

EXAMPLE_HASH: Final = "0x9f3c1b6f0a5d4e7c8b2a19d07f6e5c4b3a29181706f5e4d3c2b1a0f9e8d7c6b5"
EXAMPLE_HASH_2: Final = "0x2b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfe"
EXAMPLE_ADDRESS: Final = "0x8b2a19d07f6e5c4b3a29181706f5e4d3c2b1a0f9"
EXAMPLE_DID: Final = "did:web:aurora-motors.example"
EXAMPLE_OPERATION: Final = "0196a1f0-4c11-7d3e-9b1a-5f2c8d7e6a90"

Hash = Annotated[
    str, Field(pattern="^0x[0-9a-f]{64}$", examples=[EXAMPLE_HASH], description="32 bytes")
]
Address = Annotated[
    str, Field(pattern="^0x[0-9a-f]{40}$", examples=[EXAMPLE_ADDRESS], description="20 bytes")
]
Hex = Annotated[str, Field(pattern="^0x([0-9a-f]{2})*$", examples=["0x00ff"])]
Moment = Annotated[
    str,
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T08:15:30Z"]}),
]

_HASH_INPUT: Final = {
    "type": "string",
    "pattern": "^0x[0-9a-fA-F]{64}$",
    "examples": [EXAMPLE_HASH],
}


def _hash(value: object) -> bytes:
    try:
        return parse_hash(value)
    except MalformedValue as error:
        raise ValueError(f"must be {error.fields['wanted']}") from None


HashInput = Annotated[bytes, BeforeValidator(_hash), WithJsonSchema(_HASH_INPUT)]
"""A hash that a client gives: bytes inside."""


_EXPIRES: Final = {
    "type": "string",
    "format": "date-time",
    "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-",
    "description": "until when it is good, to the second; left out: for ever",
    "examples": ["2030-01-01T00:00:00Z"],
}


def _expiry(value: object) -> int:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise ValueError("must be a time with its zone (RFC 3339)")
    if found.timestamp() < 1:
        raise ValueError("must be later than 1970-01-01T00:00:00Z")
    return int(found.timestamp())


Expires = Annotated[int, BeforeValidator(_expiry), WithJsonSchema(_EXPIRES)]
"""When something ends that a client gives: the last second since 1970; zero means never."""


class Answer(BaseModel):
    """Base of everything that is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(BaseModel):
    """Base of everything that is asked: nothing unknown, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AsOf(Answer):
    """The block an answer stands at: all of it is as of the end of that block."""

    block: Annotated[int, Field(ge=0, examples=[4711])]
    hash: Hash
    finality: Annotated[
        Literal["final", "latest"],
        Field(description="`final` blocks stay; a `latest` one may yet be replaced by a reorg"),
    ]


class FieldError(Answer):
    """One field that cannot be accepted."""

    field: str
    value: Any = None
    reason: str
    rule: Annotated[
        str | None, Field(description="the keyword of a schema", examples=["required"])
    ] = None


class ProblemAnswer(BaseModel):
    """What is wrong, for people and machines (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: Annotated[str, Field(examples=["/problems/invalid_request"])]
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldError]
    request_id: str
