"""Keys, quotas and the access log: who may ask, for how much, and who read what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import EXAMPLE_ADDRESS, Address, Answer, Hash, Moment, Request

EXAMPLE_PREFIX = "k3w9x2pq"

RoleWord = Literal["admin", "reader", "writer", "auditor"]
"""A role of a key."""

Prefix = Annotated[
    str, Field(description="names the key; no secret", examples=[EXAMPLE_PREFIX], max_length=20)
]
Roles = Annotated[
    list[RoleWord],
    Field(
        min_length=1,
        max_length=4,
        description="they add up. `reader` reads what is private to the organisation, `writer`"
        " writes, `admin` manages keys, `auditor` sees who read documents, but no"
        " document unless it is `reader`, too",
        examples=[["reader", "writer"]],
    ),
]
_DAY = 86_400


class CreateKey(Request):
    """Make a key of your organisation."""

    roles: Roles
    name: Annotated[
        str | None,
        Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["line 4"]),
    ] = None
    expires_in: Annotated[
        int | None,
        Field(
            ge=60,
            le=3650 * _DAY,
            description="seconds for which it opens; left out: until it is revoked",
            examples=[90 * _DAY],
        ),
    ] = None


class RotateKey(Request):
    """Have another key take a key's place."""

    overlap: Annotated[
        int,
        Field(ge=0, le=90 * _DAY, description="seconds for which the old one still opens"),
    ] = _DAY


class Key(Answer):
    """A key of your organisation, without its secret."""

    key: Prefix
    name: str | None
    roles: list[RoleWord]
    state: Annotated[
        Literal["good", "expired", "revoked"], Field(description="only a good one opens")
    ]
    replaces: Annotated[str | None, Field(description="the key that it was rotated from")]
    account: Annotated[Address | None, Field(description="the wallet that signed in for it")]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Annotated[Moment | None, Field(description="within an hour")]


class NewKey(Key):
    """A key that was just made; this is the only time its secret is shown."""

    api_key: Annotated[str, Field(examples=[f"al_{EXAMPLE_PREFIX}_…"])]


class Keys(Answer):
    """A page of keys; the header Link leads to the next one (RFC 8288)."""

    items: list[Key]


class SetQuota(Request):
    """Let an organisation have other quotas than are usual; null: the usual one, 0: any."""

    requests_per_minute: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None
    bytes_per_day: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None
    in_flight: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None


class Allowance(Answer):
    """How much may be asked for; 0: as much as anybody likes."""

    requests_per_minute: int
    bytes_per_day: Annotated[int, Field(description="sent and read")]
    in_flight: Annotated[int, Field(description="requests that are answered at once")]


class Quota(Allowance):
    """What an organisation may have, all its keys together, and each key."""

    each_key: Allowance


class Access(Answer):
    """A document that was handed out."""

    at: Moment
    key: Annotated[Prefix, Field(description="which key, by its prefix")]
    organisation: Annotated[Hash | None, Field(description="whose key; null: the operator's")]
    content_hash: Hash
    subject: Hash | None
    route: Annotated[str, Field(examples=["/v1/documents/{content_hash}"])]


class Accesses(Answer):
    """A page of the access log, the latest first; the header Link leads on (RFC 8288)."""

    items: list[Access]


class AccountRoles(Answer):
    """What one of your accounts may do here once its wallet has signed in."""

    account: Annotated[Address, Field(examples=[EXAMPLE_ADDRESS])]
    roles: list[RoleWord]


class SetAccountRoles(Request):
    """Say what an account may do here once its wallet has signed in."""

    roles: Annotated[
        list[RoleWord],
        Field(max_length=4, description="none: it may not sign in", examples=[["reader"]]),
    ]
