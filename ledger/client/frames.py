"""Lists as tables for notebooks (pandas): a column a field, of the type that the field has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin, get_type_hints

from ledger.client.answers import TIME, AsOf
from ledger.errors import ToolError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_MOMENT: Final = "datetime64[us, UTC]"
_PLAIN: Final = {str: "string", int: "Int64", bool: "boolean", float: "Float64"}


class MissingExtra(ToolError):
    """A package is not installed that only this needs; the message says how to."""

    code = "missing_extra"


def make_frame(rows: Sequence[Any], answer: type[Any]) -> DataFrame:
    """A table of rows of the type `answer`; it has all columns even if there is no row.

    Times are UTC, numbers may be missing, hashes and other texts are text; what has parts of its
    own has a column for each (`admission.schema`), and lists and payloads stay what they are.

    Raises:
        MissingExtra: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtra(
            "tables need pandas: pip install -r scripts/requirements/notebook.txt"
        ) from None
    columns = {
        name: _column([_value(row, name) for row in rows], kind) for name, kind in _columns(answer)
    }
    return pandas.DataFrame(columns)


def _columns(answer: type[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """The names of an answer's columns, and the types of pandas' that they have."""
    hints = get_type_hints(answer, include_extras=True)
    for each in fields(answer):
        kind = _bare(hints[each.name])
        name = f"{before}{each.name}"
        if kind is AsOf:
            continue  # it is of the whole list
        if isinstance(kind, type) and is_dataclass(kind):
            yield from _columns(kind, f"{name}.")
        elif get_origin(kind) is Annotated and TIME in get_args(kind):
            yield name, _MOMENT
        else:
            yield name, _PLAIN.get(kind, "object")


def _bare(hint: Any) -> Any:
    """A type without its None."""
    if get_origin(hint) is Annotated:
        return hint
    kinds = [one for one in get_args(hint) if one is not NoneType]
    is_optional = NoneType in get_args(hint) and len(kinds) == 1
    return kinds[0] if is_optional else hint


def _value(row: Any, name: str) -> Any:
    for part in name.split("."):
        row = None if row is None else getattr(row, part)
    return row


def _column(values: Sequence[Any], kind: str) -> Series[Any]:
    from pandas import Series, to_datetime

    if kind != _MOMENT:
        return Series(values, dtype=kind)
    return to_datetime(Series(values, dtype="object"), utc=True, format="ISO8601").astype(kind)
