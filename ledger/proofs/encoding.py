"""Writing a bundle: the same bundle always gives the same bytes."""

from __future__ import annotations

import json

from ledger.proofs.bundle import VERSION, Bundle, BundleEntry, BundleSubject, DisclosedLeaf
from ledger.types import to_hex


def encode_bundle(bundle: Bundle) -> bytes:
    """Write a bundle; the same bundle always gives the same bytes."""
    value: dict[str, object] = {
        "version": VERSION,
        "chain_id": bundle.chain_id,
        "contract": to_hex(bundle.contract),
        "header": to_hex(bundle.header),
        "subject": to_hex(bundle.subject),
        "subjects": [_subject_value(each) for each in bundle.subjects],
        "nodes": _hex_list(bundle.nodes),
    }
    # Its names are ASCII and its numbers integers: for these it is RFC 8785, and quick.
    return json.dumps(
        value | _optional_values(bundle),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def _optional_values(bundle: Bundle) -> dict[str, object]:
    """The fields that are left out where they have nothing to say."""
    value: dict[str, object] = {}
    if (held := bundle.holdings) is not None:
        value["holdings"] = {
            "organisation": to_hex(held.organisation),
            "assets": _hex_list(held.assets),
        }
    if bundle.tree:
        value["tree"] = True
    if bundle.documents:
        value["documents"] = [
            {"content_hash": to_hex(one.content_hash), "leaves": _hex_list(one.leaves)}
            for one in bundle.documents
        ]
    if bundle.fields:
        value["fields"] = [_field_value(one) for one in bundle.fields]
    if (said := bundle.manifest) is not None:
        value["manifest"] = {"compiler": said.compiler, "source_hash": to_hex(said.source_hash)}
    if bundle.checkpoints:
        value["checkpoints"] = [one.value() for one in bundle.checkpoints]
    return value


def _subject_value(subject: BundleSubject) -> dict[str, object]:
    value: dict[str, object] = {
        "id": to_hex(subject.id),
        "entries": [_entry_value(entry) for entry in subject.entries],
    }
    if (birth := subject.birth) is not None:
        value["birth"] = {
            "content_hash": to_hex(birth.content_hash),
            "path": _hex_list(birth.path),
        }
    return value


def _entry_value(entry: BundleEntry) -> dict[str, object]:
    value: dict[str, object] = {
        "org": to_hex(entry.org),
        "kind": entry.kind,
        "position": entry.position,
        "payload": to_hex(entry.payload),
        "timestamp": entry.timestamp,
    }
    return value if entry.actor is None else value | {"actor": to_hex(entry.actor)}


def _field_value(field: DisclosedLeaf) -> dict[str, object]:
    return {
        "content_hash": to_hex(field.content_hash),
        "leaf": field.leaf,
        "path": [{"left" if one.is_left else "right": to_hex(one.hash)} for one in field.path],
    }


def _hex_list(values: tuple[bytes, ...]) -> list[str]:
    return [to_hex(value) for value in values]
