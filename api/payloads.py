"""Payloads as JSON tells them, and the document that each points at."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ledger.domain.payloads import Listed, Payload
from ledger.types import ZERO_HASH, Hash32, Labelled, to_hex


def pointed_at(payload: Payload) -> Hash32 | None:
    """The content hash that an entry carries: of its document, its reason, or what it shows."""
    if isinstance(payload, Listed):
        return payload.rendition
    found = getattr(payload, "content_hash", None) or getattr(payload, "reason", None)
    return found if isinstance(found, bytes) and found != ZERO_HASH else None


def tell_payload(payload: Payload) -> dict[str, Any]:
    """The payload's own fields; bytes as hex."""
    return {name: _json(value) for name, value in asdict(payload).items()}


def _json(value: object) -> object:
    match value:
        case bytes():
            return to_hex(value)
        case Labelled():
            return value.label
        case tuple():
            return [_json(one) for one in value]
    return value
