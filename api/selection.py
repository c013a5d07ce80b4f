"""Field selection: answers with those fields alone that the caller names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from api.history import HistoryQuery
from api.schemas.assets import Asset
from api.schemas.ledger import Entries, EntryAnswer
from api.schemas.selected import SomeEntries, names_of

_LONGEST: Final = 1000  # characters
_NAMED: Final = 5  # of those that there are not


def _known(model: type[BaseModel], what: str) -> AfterValidator:
    """Refuses what is no field of a model, and says which."""
    known = names_of(model)

    def verify(text: str) -> str:
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            told = ", ".join(map(repr, unknown[:_NAMED]))
            raise ValueError(f"{told}: no field of {what}; it has {', '.join(known)}")
        return text

    return AfterValidator(verify)


def _described(model: type[BaseModel], what: str) -> WithJsonSchema:
    known = names_of(model)
    one = "|".join(known)
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({one})(,({one}))*$",
            "maxLength": _LONGEST,
            "description": f"only these fields of {what}, by commas",
            "examples": [",".join(known[:2])],
        }
    )


AssetFields: TypeAlias = Annotated[
    str, Field(max_length=_LONGEST), _known(Asset, "an asset"), _described(Asset, "an asset")
]
EntryFields: TypeAlias = Annotated[
    str,
    Field(max_length=_LONGEST),
    _known(EntryAnswer, "an entry"),
    _described(EntryAnswer, "an entry"),
]
"""Names of fields, as in `id,serial`."""


def pick(told: BaseModel | Mapping[str, Any], fields: str) -> dict[str, Any]:
    """An answer's fields of these names, as JSON has them."""
    chosen = set(fields.split(","))
    whole = told.model_dump(mode="json", by_alias=True) if isinstance(told, BaseModel) else told
    return {name: value for name, value in whole.items() if name in chosen}


def pick_all(told: Iterable[BaseModel | Mapping[str, Any]], fields: str) -> list[dict[str, Any]]:
    """The same of each."""
    return [pick(one, fields) for one in told]


class EntriesQuery(HistoryQuery):
    """Which page of entries, as of when, and which of their fields."""

    fields: EntryFields | None = None


def pick_entries(told: Entries, fields: str | None) -> Entries | SomeEntries:
    """A page of entries with those fields alone, if some were named."""
    if fields is None:
        return told
    return SomeEntries(items=pick_all(told.items, fields), as_of=told.as_of)
