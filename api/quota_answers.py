"""How quotas are told: what is left, and refusals that say when to come again.

Header fields are those of draft-ietf-httpapi-ratelimit-headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from api.errors import Problem

HeaderField: TypeAlias = tuple[bytes, bytes]
"""As ASGI has it: a name in small letters, and its value."""


@dataclass(frozen=True, slots=True)
class Need:
    """So much of a measure that a request takes."""

    subject: str
    measure: str
    window: int
    most: int
    amount: int


def exceeded(need: Need, moment: int) -> Problem:
    """The refusal of a request that would take more than there is, at a moment (ms)."""
    seconds = (need.window - moment % need.window) // 1000 + 1
    whose = _whose(need.subject)
    return Problem(
        "quota_exceeded",
        f"{whose} may have {need.most} {need.measure} each {need.window // 1000} seconds; the"
        f" next ones in {seconds} s",
        headers={
            "Retry-After": str(seconds),
            "RateLimit-Policy": _policy(need),
            "RateLimit": f'"{name_of(need)}";r=0;t={seconds}',
        },
        members={"quota": name_of(need), "most": need.most, "seconds": need.window // 1000},
    )


def too_many_in_flight(subject: str, most: int) -> Problem:
    """The refusal of a request while a key or an organisation has as many under way as it may."""
    whose = _whose(subject)
    return Problem(
        "quota_exceeded",
        f"{whose} may have {most} requests in flight; wait for some to be answered",
        headers={"Retry-After": "1"},
        members={"quota": f"{_sort(subject)}-in-flight", "most": most},
    )


def tell_policies(needs: Sequence[Need]) -> HeaderField:
    """The header field that names the quotas."""
    return b"ratelimit-policy", ", ".join([_policy(one) for one in needs]).encode()


def tell_left(left: Sequence[tuple[str, int, int]], moment: int) -> HeaderField:
    """The header field that says what is left of each, as far as this process knows.

    Each is a quota's name, what is left, and its window in milliseconds.
    """
    told = [
        f'"{name}";r={number};t={(window - moment % window) // 1000}'
        for name, number, window in left
    ]
    return b"ratelimit", ", ".join(told).encode()


def name_of(need: Need) -> str:
    """A quota's name, as header fields and refusals have it."""
    return f"{_sort(need.subject)}-{need.measure}"


def _whose(subject: str) -> str:
    return "this key" if _sort(subject) == "key" else "your organisation"


def _sort(subject: str) -> str:
    return "key" if subject.startswith("key:") else "organisation"


def _policy(need: Need) -> str:
    return f'"{name_of(need)}";q={need.most};w={need.window // 1000}'
