"""What `verify` found, as values for JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ledger.domain.kinds import Kind
from ledger.domain.payloads import decode_payload
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.steps import StepFailed
from ledger.proofs.verified import (
    Assembled,
    Committed,
    Disclosed,
    Original,
    Place,
    Proven,
    Verified,
)
from ledger.types import Labelled, to_hex


def failure_value(failure: StepFailed) -> dict[str, object]:
    """Which step failed, of which subject if it is one that is taken for each."""
    value = {
        "verified": False,
        "step": failure.number,
        "name": failure.step,
        "code": failure.code,
        "reason": failure.reason,
        "expected": failure.expected,
        "found": failure.found,
    }
    if (cause := failure.fields.get("cause")) is not None:
        value["cause"] = cause
    return value if failure.subject is None else value | {"subject": to_hex(failure.subject)}


def verified_value(verified: Verified) -> dict[str, object]:
    """What a bundle proves: the subject it is about, then whatever else is in it."""
    block = verified.block
    main = subject_value(verified.main)
    del main["id"]
    return {
        "verified": True,
        "subject": to_hex(verified.subject),
        **main,
        "chain_id": verified.chain_id,
        "contract": to_hex(verified.contract),
        "code_hash": to_hex(verified.code_hash),
        "block": {
            "number": block.number,
            "hash": to_hex(block.hash),
            "timestamp": block.timestamp,
        },
        "ledger_head": to_hex(verified.ledger_head),
        "related": [
            subject_value(each) for each in verified.subjects if each.id != verified.subject
        ],
        "holdings": _holdings_value(verified),
        "tree": None if verified.tree is None else _tree_value(verified.tree),
        "documents": [_document_value(each) for each in verified.documents],
        "fields": [_field_value(each) for each in verified.fields],
        "originals": [_original_value(each) for each in verified.originals],
        "manifest": None if verified.manifest is None else plain(verified.manifest),
        "not_proven": list(verified.not_proven),
    }


def subject_value(proven: Proven) -> dict[str, object]:
    """A subject: its class, its state, and its entries."""
    birth = proven.birth
    return {
        "id": to_hex(proven.id),
        "class": proven.word.subject_class.label,
        "state": plain(proven.state),
        "approved": None if proven.approved is None else to_hex(proven.approved),
        "birth": None if birth is None else to_hex(birth.content_hash),
        "entries": [entry_value(entry) for entry in proven.entries],
    }


def entry_value(entry: BundleEntry) -> dict[str, Any]:
    """An entry, its payload read."""
    return {
        "position": entry.position,
        "kind": Kind(entry.kind).label,
        "org": to_hex(entry.org),
        "actor": None if entry.actor is None else to_hex(entry.actor),
        "timestamp": entry.timestamp,
        "payload": plain(decode_payload(entry.kind, entry.payload)),
    }


def plain(value: Any) -> dict[str, Any]:
    """The fields of a dataclass: bytes as hex, numbers that have words as words."""
    return {field.name: _plain_value(getattr(value, field.name)) for field in fields(value)}


def _plain_value(value: object) -> object:
    match value:
        case bytes():
            return to_hex(value)
        case Labelled():
            return value.label
        case frozenset():
            return [_plain_value(one) for one in sorted(value)]
        case tuple():
            return [_plain_value(one) for one in value]
        case _:
            return value


def _holdings_value(verified: Verified) -> dict[str, object] | None:
    held = verified.holdings
    if held is None:
        return None
    return {
        "organisation": to_hex(held.organisation),
        "balance": held.balance,
        "assets": [to_hex(asset) for asset in held.assets],
        "are_all": held.are_all,
    }


def _tree_value(tree: Assembled) -> dict[str, object]:
    return {"asset": to_hex(tree.asset), "parts": [_tree_value(part) for part in tree.parts]}


def _document_value(document: Committed) -> dict[str, object]:
    return {
        "content_hash": to_hex(document.content_hash),
        "leaves": len(document.leaves),
        "entries": _places(document.places),
    }


def _field_value(field: Disclosed) -> dict[str, object]:
    return {
        "content_hash": to_hex(field.content_hash),
        "name": field.name,
        "value": field.value,
        "salt": field.salt,
        "entries": _places(field.places),
    }


def _original_value(original: Original) -> dict[str, object]:
    return {
        "content_hash": to_hex(original.content_hash),
        "size": len(original.raw),
        "serial": original.serial,
        "entries": _places(original.places),
    }


def _places(places: tuple[Place, ...]) -> list[dict[str, object]]:
    return [{"subject": to_hex(one.subject), "position": one.position} for one in places]
