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
            "RateLimit": f'"{_name(need)}";r=0;t={seconds}',
        },
        members={"quota": _name(need), "most": need.most, "seconds": need.window // 1000},
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


def tell_policies(needs: Sequence[Need]) -> str:
    """The quotas, as the header field RateLimit-Policy has them."""
    return ", ".join([_policy(one) for one in needs])


def tell_left(policies: str, left: Sequence[tuple[Need, int]], moment: int) -> list[HeaderField]:
    """The header fields that say what is left of each, as far as this process knows."""
    if not left:
        return []
    told = [
        f'"{_name(one)}";r={number};t={(one.window - moment % one.window) // 1000}'
        for one, number in left
    ]
    fields = (b"ratelimit-policy", policies), (b"ratelimit", ", ".join(told))
    return [(name, value.encode()) for name, value in fields]


def _whose(subject: str) -> str:
    return "this key" if _sort(subject) == "key" else "your organisation"


def _sort(subject: str) -> str:
    return "key" if subject.startswith("key:") else "organisation"


def _name(need: Need) -> str:
    return f"{_sort(need.subject)}-{need.measure}"


def _policy(need: Need) -> str:
    return f'"{_name(need)}";q={need.most};w={need.window // 1000}'
