"""Answers of which only some fields were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.schemas.assets import Asset
from api.schemas.base import Answer, AsOf
from api.schemas.ledger import EntryAnswer


def names_of(model: type[BaseModel]) -> list[str]:
    """The names of a model's fields, as JSON has them."""
    return [one.serialization_alias or name for name, one in model.model_fields.items()]


def _like(model: type[BaseModel]) -> Callable[[dict[str, Any]], None]:
    """Describes a model as having any of another's fields."""

    def extend(schema: dict[str, Any]) -> None:
        fields = model.model_json_schema(mode="serialization")["properties"]
        schema["properties"] = fields | schema.get("properties", {})
        schema["additionalProperties"] = False

    return extend


class SomeAsset(BaseModel):
    """Those fields of an asset that were asked for."""

    model_config = ConfigDict(frozen=True, extra="allow", json_schema_extra=_like(Asset))


class SomeOfAsset(BaseModel):
    """Those fields of an asset that were asked for, and the block it is seen at."""

    model_config = ConfigDict(frozen=True, extra="allow", json_schema_extra=_like(Asset))

    as_of: AsOf


class SomeAssets(Answer):
    """A page of assets, of each those fields that were asked for."""

    items: list[SomeAsset]
    as_of: AsOf


class SomeEntry(BaseModel):
    """Those fields of an entry that were asked for."""

    model_config = ConfigDict(frozen=True, extra="allow", json_schema_extra=_like(EntryAnswer))


class SomeEntries(Answer):
    """A page of entries, of each those fields that were asked for."""

    items: list[SomeEntry]
    as_of: AsOf
