"""The columns of what is exported to Parquet: the words of the API, in types that readers know.

Hashes and addresses are 0x-hex, as everywhere that people look: what is found in one place can be
asked for in any other, in DuckDB and Spark without a function around it. No name of a stream's
column has to be quoted in SQL, which is why the API's `at` is called `timestamp`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, SmallInteger, Text

from ledger.domain.payloads import PAYLOADS
from ledger.domain.telling import tell, tell_entry
from ledger.mirror.export.folded import FOLDED, Values
from ledger.types import AssetKind, Stage, decode_parties

_HEX: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int8(), pa.string())
_TIME: Final = pa.timestamp("ms", tz="UTC")

_FIELDS: Final = {
    "Hash32": _HEX,
    "Address": _HEX,
    "int": pa.uint64(),
    "Size": pa.uint32(),
    "str": pa.string(),
    "AssetKind": pa.string(),
    "Party": pa.string(),
    "Stage": pa.string(),
    "tuple[Hash32, ...]": pa.list_(_HEX),
}
"""By the type that a payload's field is declared with."""

_PAYLOAD: Final = pa.struct(
    {
        one.name: _FIELDS[str(one.type)] for payload in PAYLOADS.values() for one in fields(payload)
    }.items()
)
"""The fields of all payloads; those of other kinds are null."""

ENTRY: Final = pa.schema(
    {
        "sequence": pa.int64(),
        "block": pa.int64(),
        "log_index": pa.int64(),
        "transaction": _HEX,
        "subject": _HEX,
        "organisation": _HEX,
        "kind": _WORD,
        "position": pa.int64(),
        "actor": _HEX,
        "timestamp": _TIME,
        "content_hash": _HEX,
        "payload": _PAYLOAD,
        "payload_bytes": pa.binary(),
        "head": _HEX,
    }
)

BLOCK: Final = pa.schema(
    {
        "number": pa.int64(),
        "hash": _HEX,
        "timestamp": _TIME,
        "ledger_head": _HEX,
        "last_sequence": pa.int64(),
    }
)


def tell_entry_row(row: Any) -> Values:
    """An entry's columns."""
    told = tell_entry(row)
    del told["at"]
    return told | {
        "log_index": row.log_index,
        "timestamp": row.timestamp * 1000,
        "payload_bytes": row.payload,
    }


def tell_block_row(row: Any) -> Values:
    """A block's columns."""
    return {
        "number": row.number,
        "hash": tell(row.hash),
        "timestamp": row.timestamp * 1000,
        "ledger_head": tell(row.ledger_head),
        "last_sequence": row.last_sequence,
    }


_NAMES: Final = {"org": "organisation"}
_TYPES: Final = {
    BigInteger: pa.int64(),
    Integer: pa.int64(),
    SmallInteger: pa.int64(),
    Boolean: pa.bool_(),
    LargeBinary: _HEX,
    Text: pa.string(),
}
_TOLD: Final[dict[str, tuple[Any, Callable[[Any], Any]]]] = {
    "asset_kind": (_WORD, lambda number: AssetKind(number).label),
    "stage": (_WORD, lambda number: Stage(number).label),
    "party": (_WORD, tell),
    "offered": (
        pa.list_(pa.string()),
        lambda bits: [party.label for party in sorted(decode_parties(bits))],
    ),
    "opened_at": (_TIME, lambda seconds: seconds * 1000),
    "updated_at": (_TIME, lambda seconds: seconds * 1000),
}
"""Columns of folded tables that are told in another way than they are kept."""


def schema_of(name: str) -> pa.Schema:
    """The columns of a folded table: its own, and organisations by their whole word."""
    return pa.schema([_field(column) for column in FOLDED[name].columns])


def _field(column: Column[Any]) -> pa.Field:
    told = _TOLD.get(column.name)
    kind = told[0] if told else _TYPES[type(column.type)]
    return pa.field(_NAMES.get(column.name, column.name), kind, bool(column.nullable))


def tell_folded_row(row: Values) -> Values:
    """A folded row's columns."""
    return {_NAMES.get(name, name): _cell(name, value) for name, value in row.items()}


def _cell(name: str, value: Any) -> Any:
    return _TOLD[name][1](value) if name in _TOLD else tell(value)
