"""Receipts of many registrations in one answer: what they share is told once.

An answer has a list of sheets: of each signature its `format`, `domain`, `organisation`,
`accepted_at`, `size` and `signature`. An item of it says on which `sheet` it stands, and as which
leaf (`index`); its `payload` only if it is not that of an instance without a schema, owned by who
registered it. Whoever holds the answer so holds all leaves, and makes each receipt out of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.documents.canonical import MAX_INTEGER, JsonValue
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Registered
from ledger.errors import MalformedValue
from ledger.hashing import subject_id
from ledger.proofs.members import read_bytes, read_integer, read_object
from ledger.proofs.receipt import Promise, Receipt, WrongReceipt
from ledger.proofs.receipt_tree import Given, ReceiptTree
from ledger.signatures import LENGTH
from ledger.types import ZERO_HASH, AssetKind, Hash32, to_hex

FORMAT: Final = "asset-ledger-receipts/1"
"""How a sheet calls itself."""

_SHEET: Final = {"format", "domain", "organisation", "accepted_at", "size", "signature"}
_LEAF: Final = {"sheet", "index"}
_CONTENT_HASH: Final = slice(64, 96)
_LONGEST: Final = 100_000


def plain_payload(owner: Hash32, content_hash: Hash32) -> bytes:
    """The payload of an instance without a schema."""
    return Registered(owner, ZERO_HASH, content_hash, AssetKind.INSTANCE).encode()


@dataclass(frozen=True, slots=True)
class Told:
    """An answer's sheets, and the `receipt` of each of its items; None where none was given."""

    sheets: list[dict[str, JsonValue]]
    receipts: list[dict[str, JsonValue] | None]


def tell_sheets(given: Sequence[Given | None]) -> Told:
    """Tell receipts by sheets, or each by itself where an answer has not all leaves of a tree."""
    leaves: dict[int, set[int]] = defaultdict(set)
    for one in given:
        if one is not None:
            leaves[id(one.tree)].add(one.index)
    sheets: list[dict[str, JsonValue]] = []
    places: dict[int, int] = {}
    receipts: list[dict[str, JsonValue] | None] = []
    for one in given:
        if one is None:
            receipts.append(None)
        elif len(leaves[id(one.tree)]) < one.tree.size or not _is_registration(one.promise):
            receipts.append(one.receipt().value())
        else:
            if id(one.tree) not in places:
                places[id(one.tree)] = len(sheets)
                sheets.append(_sheet(one))
            receipts.append(_leaf(one, places[id(one.tree)]))
    return Told(sheets, receipts)


def _is_registration(promise: Promise) -> bool:
    return promise.kind == Kind.REGISTERED and promise.position_fixed


def _sheet(given: Given) -> dict[str, JsonValue]:
    return {
        "format": FORMAT,
        "domain": to_hex(given.domain),
        "organisation": to_hex(given.promise.organisation),
        "accepted_at": given.promise.accepted_at,
        "size": given.tree.size,
        "signature": to_hex(given.signature),
    }


def _leaf(given: Given, sheet: int) -> dict[str, JsonValue]:
    promise, leaf = given.promise, {"sheet": sheet, "index": given.index}
    if promise.payload == plain_payload(promise.organisation, promise.payload[_CONTENT_HASH]):
        return {**leaf}
    return {**leaf, "payload": to_hex(promise.payload)}


@dataclass(frozen=True, slots=True)
class _Sheet:
    domain: Hash32
    organisation: Hash32
    accepted_at: int
    size: int
    signature: bytes


def read_sheets(sheets: Sequence[JsonValue], items: Sequence[Mapping[str, Any]]) -> list[Receipt]:
    """Make the receipts of an answer's items, of those that stand on its sheets.

    Items have `id`, `content_hash`, `operation` (a path that ends with it) and `receipt`. Who
    signed is to be verified still.

    Raises:
        WrongReceipt: a leaf is missing, or is not what was registered.
        MalformedValue: a member is missing or malformed.
    """
    read = [_read_sheet(one, f"receipts[{at}]") for at, one in enumerate(sheets)]
    leaves: dict[int, dict[int, Promise]] = defaultdict(dict)
    for item in items:
        told = read_object(item["receipt"], _LEAF, "receipt", optional={"payload"})
        at = read_integer(told["sheet"], len(sheets) - 1, "receipt.sheet")
        index = read_integer(told["index"], _LONGEST, "receipt.index")
        leaves[at][index] = _read_promise(read[at], item, told.get("payload"))
    return [one for at, found in leaves.items() for one in _receipts(read[at], found)]


def _read_sheet(value: JsonValue, field: str) -> _Sheet:
    members = read_object(value, _SHEET, field)
    if members["format"] != FORMAT:
        raise MalformedValue(field=f"{field}.format", value=members["format"], wanted=FORMAT)
    return _Sheet(
        domain=read_bytes(members["domain"], 32, "domain"),
        organisation=read_bytes(members["organisation"], 32, "organisation"),
        accepted_at=read_integer(members["accepted_at"], MAX_INTEGER, "accepted_at"),
        size=read_integer(members["size"], _LONGEST, "size"),
        signature=read_bytes(members["signature"], LENGTH, "signature"),
    )


def _read_promise(sheet: _Sheet, item: Mapping[str, Any], written: JsonValue) -> Promise:
    content_hash = read_bytes(item["content_hash"], 32, "content_hash")
    subject = read_bytes(item["id"], 32, "id")
    payload = (
        plain_payload(sheet.organisation, content_hash)
        if written is None
        else read_bytes(written, None, "receipt.payload")
    )
    born = subject_id(sheet.domain, Kind.REGISTERED, sheet.organisation, payload)
    if born != subject:
        raise WrongReceipt(
            f"what is promised is not {to_hex(subject)}",
            expected=to_hex(subject),
            found=to_hex(born),
        )
    return Promise(
        operation=str(item["operation"]).rpartition("/")[2],
        organisation=sheet.organisation,
        subject=subject,
        kind=Kind.REGISTERED,
        position=0,
        position_fixed=True,
        payload=payload,
        accepted_at=sheet.accepted_at,
    )


def _receipts(sheet: _Sheet, found: Mapping[int, Promise]) -> list[Receipt]:
    if sorted(found) != list(range(sheet.size)):
        raise WrongReceipt("an answer has not all leaves", expected=sheet.size, found=len(found))
    promises = [found[index] for index in range(sheet.size)]
    tree = ReceiptTree.over(promises)
    return [tree.receipt(sheet.domain, one, at, sheet.signature) for at, one in enumerate(promises)]
