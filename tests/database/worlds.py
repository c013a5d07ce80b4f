"""Rows to be found."""

from __future__ import annotations

from typing import Any

from ledger.mirror.tables import WorldRow


def world(number: int, *, open: bool) -> WorldRow:
    hashes: dict[str, Any] = dict.fromkeys(
        ("org", "content_hash", "schema_", "issuer", "head"), bytes(32)
    )
    numbers = dict.fromkeys(("count", "opened_at", "last_sequence"), 1)
    one = {"id": bytes([number]) * 32, "open": open, "first_sequence": number}
    return WorldRow(**hashes | numbers | one)
