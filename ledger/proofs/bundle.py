"""The bundle: everything a verifier needs, as one file of which every byte has a meaning.

Version 1 is one JSON object in canonical form (RFC 8785), with nothing before or after it:

    version        1
    chain_id       number of the chain (EIP-155)
    contract       the ledger's address
    subject        the id of what is proven: an asset, an organisation, the ledger itself, …
    header         RLP of the block's header
    account_proof  trie nodes from the header's state root to the contract's account
    storage_proofs trie nodes from the account's storage root: `word`, `head`, `ledger_head`
    entries        all of the subject, in order: `org`, `kind` (its number), `position`, `payload`,
                   `timestamp` (seconds since 1970) and, but at position 0, `actor`

Bytes are lower-case 0x-hex. The first entry names no actor, since no head binds it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from ledger.documents.canonical import MAX_INTEGER, JsonValue, load_document
from ledger.errors import MalformedValue
from ledger.types import Address, Hash32, to_hex

VERSION: Final = 1

_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")

_FIELDS: Final = frozenset(
    {
        "version",
        "chain_id",
        "contract",
        "subject",
        "header",
        "account_proof",
        "storage_proofs",
        "entries",
    }
)
_PROOFS: Final = frozenset({"word", "head", "ledger_head"})
_FIRST: Final = frozenset({"org", "kind", "position", "payload", "timestamp"})
_LATER: Final = _FIRST | {"actor"}


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """An entry as a bundle carries it; `actor` is None at position 0, where nothing binds it."""

    org: Hash32
    kind: int
    position: int
    payload: bytes
    actor: Address | None
    timestamp: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds, in the right form, but with nothing verified yet."""

    chain_id: int
    contract: Address
    subject: Hash32
    header: bytes
    account_proof: tuple[bytes, ...]
    word_proof: tuple[bytes, ...]
    head_proof: tuple[bytes, ...]
    ledger_head_proof: tuple[bytes, ...]
    entries: tuple[BundleEntry, ...]


def encode_bundle(bundle: Bundle) -> bytes:
    """Write a bundle; the same bundle always gives the same bytes."""
    value = {
        "version": VERSION,
        "chain_id": bundle.chain_id,
        "contract": to_hex(bundle.contract),
        "subject": to_hex(bundle.subject),
        "header": to_hex(bundle.header),
        "account_proof": _hex_list(bundle.account_proof),
        "storage_proofs": {
            "word": _hex_list(bundle.word_proof),
            "head": _hex_list(bundle.head_proof),
            "ledger_head": _hex_list(bundle.ledger_head_proof),
        },
        "entries": [_entry_value(entry) for entry in bundle.entries],
    }
    # Names, hex and small integers are all it holds: for these sorted, compact JSON is RFC 8785.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def decode_bundle(raw: bytes) -> Bundle:
    """Read a bundle strictly: only what `encode_bundle` writes is one.

    Raises:
        DocumentError: it is not strict JSON.
        MalformedValue: a field is missing, unknown or malformed, or the bytes are not canonical.
    """
    value = load_document(raw, field="bundle")
    # The version comes first: what else is there depends on it.
    if value.get("version") != VERSION or type(value["version"]) is not int:
        raise MalformedValue(field="version", value=value.get("version"), wanted=str(VERSION))
    fields = _members(value, _FIELDS, "bundle")
    proofs = _members(fields["storage_proofs"], _PROOFS, "storage_proofs")
    bundle = Bundle(
        chain_id=_integer(fields["chain_id"], MAX_INTEGER, "chain_id"),
        contract=_bytes(fields["contract"], 20, "contract"),
        subject=_bytes(fields["subject"], 32, "subject"),
        header=_bytes(fields["header"], None, "header"),
        account_proof=_nodes(fields["account_proof"], "account_proof"),
        word_proof=_nodes(proofs["word"], "storage_proofs.word"),
        head_proof=_nodes(proofs["head"], "storage_proofs.head"),
        ledger_head_proof=_nodes(proofs["ledger_head"], "storage_proofs.ledger_head"),
        entries=tuple(
            [
                _entry(entry, f"entries[{index}]")
                for index, entry in enumerate(_list(fields["entries"], "entries"))
            ]
        ),
    )
    _verify_canonical(raw, encode_bundle(bundle))
    return bundle


def _verify_canonical(raw: bytes, canonical: bytes) -> None:
    if raw == canonical:
        return
    differing = (at for at, (a, b) in enumerate(zip(raw, canonical, strict=False)) if a != b)
    at = next(differing, min(len(raw), len(canonical)))
    raise MalformedValue(
        field=f"byte {at}",
        value=raw[at : at + 16].decode("utf-8", "replace"),
        wanted=f"the canonical form, {canonical[at : at + 16].decode()!r}",
    )


def _hex_list(nodes: tuple[bytes, ...]) -> list[str]:
    return [to_hex(node) for node in nodes]


def _entry_value(entry: BundleEntry) -> dict[str, object]:
    value: dict[str, object] = {
        "org": to_hex(entry.org),
        "kind": entry.kind,
        "position": entry.position,
        "payload": to_hex(entry.payload),
        "timestamp": entry.timestamp,
    }
    return value if entry.actor is None else value | {"actor": to_hex(entry.actor)}


def _entry(value: JsonValue, field: str) -> BundleEntry:
    is_first = isinstance(value, dict) and value.get("position") == 0
    fields = _members(value, _FIRST if is_first else _LATER, field)
    return BundleEntry(
        org=_bytes(fields["org"], 32, f"{field}.org"),
        kind=_integer(fields["kind"], 2**16 - 1, f"{field}.kind"),
        position=_integer(fields["position"], 2**32 - 1, f"{field}.position"),
        payload=_bytes(fields["payload"], None, f"{field}.payload"),
        actor=None if is_first else _bytes(fields["actor"], 20, f"{field}.actor"),
        timestamp=_integer(fields["timestamp"], 2**40 - 1, f"{field}.timestamp"),
    )


def _members(value: JsonValue, names: frozenset[str], field: str) -> dict[str, JsonValue]:
    if isinstance(value, dict) and value.keys() == names:
        return value
    found = sorted(value) if isinstance(value, dict) else value
    raise MalformedValue(
        field=field, value=found, wanted=f"an object of exactly {', '.join(sorted(names))}"
    )


def _list(value: JsonValue, field: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise MalformedValue(field=field, value=value, wanted="an array")
    return value


def _nodes(value: JsonValue, field: str) -> tuple[bytes, ...]:
    nodes = _list(value, field)
    return tuple([_bytes(node, None, f"{field}[{index}]") for index, node in enumerate(nodes)])


def _integer(value: JsonValue, most: int, field: str) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise MalformedValue(field=field, value=value, wanted=f"an integer from 0 to {most}")
    return value


def _bytes(value: JsonValue, size: int | None, field: str) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise MalformedValue(field=field, value=value, wanted="lower-case 0x-hex")
    found = bytes.fromhex(value[2:])
    if size is not None and len(found) != size:
        raise MalformedValue(field=field, value=value, wanted=f"{size} bytes of 0x-hex")
    return found
