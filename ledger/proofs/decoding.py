"""Reading a bundle strictly: only what `encode_bundle` writes is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, TypeVar

from ledger.documents.canonical import MAX_INTEGER, JsonValue, load_document
from ledger.errors import MalformedValue
from ledger.proofs.bundle import (
    VERSION,
    Birth,
    Bundle,
    BundleEntry,
    BundleSubject,
    ClaimedHoldings,
    DisclosedLeaf,
    DocumentLeaves,
    ManifestClaim,
    Sibling,
)
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.signed import SignedCheckpoint, read_signed
from ledger.types import Hash32

LONGEST_PATH: Final = 24
"""Siblings from a birth record to its batch's root: a batch has fewer than 2²⁴ assets."""

_T = TypeVar("_T")

_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")

_FIELDS: Final = frozenset(
    {"version", "chain_id", "contract", "header", "subject", "subjects", "nodes"}
)
_OPTIONAL: Final = frozenset({"holdings", "tree", "documents", "fields", "manifest", "checkpoints"})
_FIRST: Final = frozenset({"org", "kind", "position", "payload", "timestamp"})
_LATER: Final = _FIRST | {"actor"}


def decode_bundle(raw: bytes) -> Bundle:
    """Read a bundle.

    Raises:
        DocumentError: it is not strict JSON.
        MalformedValue: a field is missing, unknown or malformed, or the bytes are not canonical.
    """
    value = load_document(raw, field="bundle")
    # The version comes first: what else is there depends on it.
    if value.get("version") != VERSION or type(value["version"]) is not int:
        raise MalformedValue(field="version", value=value.get("version"), wanted=str(VERSION))
    bundle = _bundle(_members(value, "bundle", _FIELDS, _OPTIONAL))
    _verify_subjects(bundle)
    _verify_canonical(raw, encode_bundle(bundle))
    return bundle


def _bundle(fields: dict[str, JsonValue]) -> Bundle:
    return Bundle(
        chain_id=_integer(fields["chain_id"], MAX_INTEGER, "chain_id"),
        contract=_bytes(fields["contract"], 20, "contract"),
        header=_bytes(fields["header"], None, "header"),
        subject=_bytes(fields["subject"], 32, "subject"),
        subjects=_each(fields["subjects"], _subject, "subjects"),
        nodes=_each(fields["nodes"], _node, "nodes"),
        holdings=_holdings(fields["holdings"]) if "holdings" in fields else None,
        tree="tree" in fields and _true(fields["tree"], "tree"),
        documents=_some(fields, "documents", _document, _document_order),
        fields=_some(fields, "fields", _disclosed, _field_order),
        manifest=_manifest(fields["manifest"]) if "manifest" in fields else None,
        checkpoints=_some(fields, "checkpoints", read_signed, _checkpoint_order),
    )


# -- what is beyond the form of single values --------------------------------------------------


def _verify_subjects(bundle: Bundle) -> None:
    ids = [subject.id for subject in bundle.subjects]
    if bundle.subject not in ids:
        raise MalformedValue(
            field="subject", value=bundle.subject.hex(), wanted="one of the subjects"
        )
    if len(set(ids)) != len(ids):
        raise MalformedValue(field="subjects", value=len(ids), wanted="subjects, each there once")


def _verify_canonical(raw: bytes, canonical: bytes) -> None:
    if raw == canonical:
        return
    differing = (at for at, (a, b) in enumerate(zip(raw, canonical, strict=False)) if a != b)
    at = next(differing, min(len(raw), len(canonical)))
    raise MalformedValue(
        field=f"byte {at}",
        value=raw[at : at + 16].decode("utf-8", "replace"),
        wanted=f"the canonical form, {canonical[at : at + 16].decode('utf-8', 'replace')!r}",
    )


def _verify_ascending(keys: list[Any], field: str) -> None:
    for index, (before, after) in enumerate(pairwise(keys)):
        if before >= after:
            raise MalformedValue(
                field=f"{field}[{index + 1}]", value=after, wanted="one that follows the one before"
            )


def _checkpoint_order(signed: SignedCheckpoint) -> int:
    return signed.checkpoint.block_number


def _document_order(document: DocumentLeaves) -> Hash32:
    return document.content_hash


def _field_order(field: DisclosedLeaf) -> tuple[Hash32, bytes]:
    return field.content_hash, field.leaf.encode()


# -- parts -------------------------------------------------------------------------------------


def _subject(value: JsonValue, field: str) -> BundleSubject:
    fields = _members(value, field, frozenset({"id", "entries"}), frozenset({"birth"}))
    return BundleSubject(
        id=_bytes(fields["id"], 32, f"{field}.id"),
        entries=_each(fields["entries"], _entry, f"{field}.entries"),
        birth=_birth(fields["birth"], f"{field}.birth") if "birth" in fields else None,
    )


def _entry(value: JsonValue, field: str) -> BundleEntry:
    is_first = isinstance(value, dict) and value.get("position") == 0
    fields = _members(value, field, _FIRST if is_first else _LATER)
    return BundleEntry(
        org=_bytes(fields["org"], 32, f"{field}.org"),
        kind=_integer(fields["kind"], 2**16 - 1, f"{field}.kind"),
        position=_integer(fields["position"], 2**32 - 1, f"{field}.position"),
        payload=_bytes(fields["payload"], None, f"{field}.payload"),
        actor=None if is_first else _bytes(fields["actor"], 20, f"{field}.actor"),
        timestamp=_integer(fields["timestamp"], 2**40 - 1, f"{field}.timestamp"),
    )


def _birth(value: JsonValue, field: str) -> Birth:
    fields = _members(value, field, frozenset({"content_hash", "path"}))
    path = _each(fields["path"], _hash, f"{field}.path")
    if len(path) > LONGEST_PATH:
        raise MalformedValue(
            field=f"{field}.path", value=len(path), wanted=f"{LONGEST_PATH} hashes at the most"
        )
    return Birth(_bytes(fields["content_hash"], 32, f"{field}.content_hash"), path)


def _holdings(value: JsonValue) -> ClaimedHoldings:
    fields = _members(value, "holdings", frozenset({"organisation", "assets"}))
    assets = _each(fields["assets"], _hash, "holdings.assets")
    _verify_ascending(list(assets), "holdings.assets")
    return ClaimedHoldings(_bytes(fields["organisation"], 32, "holdings.organisation"), assets)


def _document(value: JsonValue, field: str) -> DocumentLeaves:
    fields = _members(value, field, frozenset({"content_hash", "leaves"}))
    return DocumentLeaves(
        content_hash=_bytes(fields["content_hash"], 32, f"{field}.content_hash"),
        leaves=_each(fields["leaves"], _hash, f"{field}.leaves"),
    )


def _disclosed(value: JsonValue, field: str) -> DisclosedLeaf:
    fields = _members(value, field, frozenset({"content_hash", "leaf", "path"}))
    return DisclosedLeaf(
        content_hash=_bytes(fields["content_hash"], 32, f"{field}.content_hash"),
        leaf=_text(fields["leaf"], f"{field}.leaf"),
        path=_each(fields["path"], _sibling, f"{field}.path"),
    )


def _sibling(value: JsonValue, field: str) -> Sibling:
    is_left = isinstance(value, dict) and "left" in value
    side = "left" if is_left else "right"
    fields = _members(value, field, frozenset({side}))
    return Sibling(is_left, _bytes(fields[side], 32, f"{field}.{side}"))


def _manifest(value: JsonValue) -> ManifestClaim:
    fields = _members(value, "manifest", frozenset({"compiler", "source_hash"}))
    return ManifestClaim(
        compiler=_text(fields["compiler"], "manifest.compiler"),
        source_hash=_bytes(fields["source_hash"], 32, "manifest.source_hash"),
    )


# -- single values -----------------------------------------------------------------------------


def _members(
    value: JsonValue,
    field: str,
    names: frozenset[str],
    optional: frozenset[str] = frozenset(),
) -> dict[str, JsonValue]:
    if isinstance(value, dict) and names <= value.keys() <= names | optional:
        return value
    found = sorted(value) if isinstance(value, dict) else value
    wanted = f"an object of exactly {', '.join(sorted(names))}"
    if optional:
        wanted += f", and any of {', '.join(sorted(optional))}"
    raise MalformedValue(field=field, value=found, wanted=wanted)


def _some(
    fields: dict[str, JsonValue],
    name: str,
    read: Callable[[JsonValue, str], _T],
    order: Callable[[_T], Any],
) -> tuple[_T, ...]:
    """What a field lists, in ascending order; it is left out where that would be nothing."""
    if name not in fields:
        return ()
    found = _each(fields[name], read, name)
    if not found:
        raise MalformedValue(field=name, value=[], wanted="at least one, or left out")
    _verify_ascending([order(each) for each in found], name)
    return found


def _each(value: JsonValue, read: Callable[[JsonValue, str], _T], field: str) -> tuple[_T, ...]:
    if not isinstance(value, list):
        raise MalformedValue(field=field, value=value, wanted="an array")
    return tuple([read(each, f"{field}[{index}]") for index, each in enumerate(value)])


def _true(value: JsonValue, field: str) -> bool:
    if value is not True:
        raise MalformedValue(field=field, value=value, wanted="true, or left out")
    return True


def _text(value: JsonValue, field: str) -> str:
    if not isinstance(value, str):
        raise MalformedValue(field=field, value=value, wanted="a text")
    return value


def _integer(value: JsonValue, most: int, field: str) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise MalformedValue(field=field, value=value, wanted=f"an integer from 0 to {most}")
    return value


def _node(value: JsonValue, field: str) -> bytes:
    return _bytes(value, None, field)


def _hash(value: JsonValue, field: str) -> Hash32:
    return _bytes(value, 32, field)


def _bytes(value: JsonValue, size: int | None, field: str) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise MalformedValue(field=field, value=value, wanted="lower-case 0x-hex")
    found = bytes.fromhex(value[2:])
    if size is not None and len(found) != size:
        raise MalformedValue(field=field, value=value, wanted=f"{size} bytes of 0x-hex")
    return found
