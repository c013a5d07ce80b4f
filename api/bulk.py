"""Registers many assets by one request: takes the body apart, and tells of each what became."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from api.acceptance import Taken
from api.answering import operation_path
from api.bodies import split_members
from api.deps import Service
from api.errors import Problem, invalid, problem_of
from api.registration import Sent, register
from api.schemas.bulk import MOST_ITEMS
from ledger.documents.canonical import JsonValue
from ledger.hashing import sha256
from ledger.outbox.once import Asked
from ledger.outbox.registering import MOST
from ledger.proofs.receipt_sheet import tell_sheets
from ledger.types import Hash32, to_hex

NDJSON: Final = "application/x-ndjson"
_NO_ROOM: Final = frozenset({"too_many_waiting", "queue_full"})
_BLANK: Final = b" \t\r"


@dataclass(frozen=True, slots=True)
class Bulk:
    """A request for many registrations: who sent it, under which key, and each one's own body."""

    org: Hash32
    key: str | None
    digest: Hash32
    bodies: Sequence[bytes]


def read_bulk(org: Hash32, key: str | None, media_type: str, raw: bytes) -> Bulk:
    """Take a body apart: one JSON object with a list, or NDJSON, where blank lines do not count.

    Raises:
        Problem: it is neither, or holds none or too many.
    """
    bodies = _lines(raw) if media_type == NDJSON else _members(raw)
    if not 0 < len(bodies) <= MOST_ITEMS:
        raise invalid("assets", len(bodies), f"must be 1 to {MOST_ITEMS}, not {len(bodies)}")
    return Bulk(org, key, sha256(media_type.encode() + sha256(raw)), bodies)


def _lines(raw: bytes) -> list[bytes]:
    return [line for line in raw.split(b"\n") if line.strip(_BLANK)]


def _members(raw: bytes) -> list[bytes]:
    members = split_members(raw)
    for name in members:
        if name != "assets":
            raise invalid(name, None, "is not a field of this request")
    if "assets" not in members:
        raise invalid("assets", None, "is missing")
    try:
        return [
            bytes(one) for one in msgspec.json.decode(members["assets"], type=list[msgspec.Raw])
        ]
    except msgspec.ValidationError:
        raise invalid("assets", None, "must be a list") from None


def register_bulk(service: Service, bulk: Bulk) -> dict[str, Any]:
    """Register all of them, a transaction for every `MOST`; the answer tells of each, in order.

    Raises:
        IdempotencyConflict: the request's key stands for another request.
        Problem: there was no room for any that is new.
    """
    outcomes = list(_register(service, bulk))
    told = tell_sheets([one.receipt if isinstance(one, Taken) else None for one in outcomes])
    each = zip(bulk.bodies, outcomes, told.receipts, strict=True)
    items = [_tell(index, *one) for index, one in enumerate(each)]
    refused = sum(["problem" in item for item in items])
    _require_progress(outcomes)
    return {
        "items": items,
        "receipts": told.sheets,
        "accepted": len(items) - refused,
        "refused": refused,
    }


def _register(service: Service, bulk: Bulk) -> Iterator[Taken | Exception]:
    whole = Asked(bulk.org, bulk.key, bulk.digest) if bulk.key else None
    for start in range(0, len(bulk.bodies), MOST):
        some = [
            # No key that is sent has a space in it.
            Sent(bulk.org, body, f"{bulk.key} {index}" if bulk.key else None)
            for index, body in enumerate(bulk.bodies[start : start + MOST], start)
        ]
        yield from register(service, some, whole)


def _require_progress(outcomes: Sequence[Taken | Exception]) -> None:
    """Refuse the request as a whole where nothing new of it had room: it is to come back later."""
    if any(isinstance(one, Taken) and not one.repeated for one in outcomes):
        return
    for one in outcomes:
        if isinstance(one, Problem) and one.kind.code in _NO_ROOM:
            raise one


def _tell(
    index: int, body: bytes, outcome: Taken | Exception, receipt: dict[str, JsonValue] | None
) -> dict[str, Any]:
    if isinstance(outcome, Exception):
        problem = problem_of(outcome)
        if problem is None:
            raise outcome
        return {"index": index, "serial": _find_serial(body), "problem": problem.tell()}
    return {
        "index": index,
        "serial": _find_serial(body),
        "id": to_hex(outcome.subject),
        "content_hash": to_hex(outcome.content_hash or b""),
        "position": outcome.position,
        "operation": operation_path(outcome.operation),
        "repeated": outcome.repeated,
        "receipt": receipt,
    }


class _Serial(msgspec.Struct):
    serial: str


_SERIALS: Final = msgspec.json.Decoder(_Serial)


def _find_serial(body: bytes) -> str | None:
    try:
        return _SERIALS.decode(body).serial
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
