"""JSON Schema (2020-12 back to draft-04): which rule a document breaks, and where.

Nothing is fetched: a schema refers to itself and to the specifications' own schemas. Schemas come
from strangers, and some take for ever: services ask `schema_workers`, where time is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import jsonschema
import msgspec
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing.exceptions import Unresolvable

from ledger.errors import DocumentError, InputError
from ledger.hashing import sha256

MOST_FAULTS: Final = 20
LARGEST_SCHEMA: Final = 1024 * 1024
"""Bytes that a schema may have."""

_LONGEST_REASON: Final = 300
_LONGEST_VALUE: Final = 100

_DRAFTS: Final[dict[str, type[Validator]]] = {
    "https://json-schema.org/draft/2020-12/schema": jsonschema.Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema.Draft201909Validator,
    "http://json-schema.org/draft-07/schema": jsonschema.Draft7Validator,
    "http://json-schema.org/draft-06/schema": jsonschema.Draft6Validator,
    "http://json-schema.org/draft-04/schema": jsonschema.Draft4Validator,
}


class UnusableSchema(InputError):
    """A schema cannot be validated by: it is none, refers to another, or takes too long."""

    code = "unusable_schema"

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"the schema cannot be used: {path} {reason}", path=path, reason=reason)


class SchemaFault(msgspec.Struct, frozen=True):
    """A rule that a document breaks: where in the document, which keyword, with which value.

    `path` and `schema_path` are JSON Pointers; `value` is the beginning of the value there.
    """

    path: str
    rule: str
    schema_path: str
    value: str
    reason: str


class BrokenRules(DocumentError):
    """A document does not fit its schema; `faults` are the first of what is wrong."""

    code = "schema_violation"

    def __init__(self, faults: list[SchemaFault]) -> None:
        first = faults[0]
        super().__init__(f"{first.rule}: {first.reason}", path=first.path)
        self.faults = faults


def find_faults(schema: bytes, document: bytes) -> list[SchemaFault]:
    """The first rules of a schema that a document breaks; both are JSON texts.

    `format` is an annotation, and breaks nothing (2020-12, 7.2.1).

    Raises:
        UnusableSchema: nothing can be said.
    """
    validator = _get_validator(sha256(schema), schema)
    try:
        errors = validator.iter_errors(msgspec.json.decode(document))
        return [_tell(error) for error in islice(errors, MOST_FAULTS)]
    except Unresolvable as error:
        raise UnusableSchema(f"it refers to {_short(error.ref)}, which is not in it") from None
    except re.error as error:
        raise UnusableSchema(f"it has a pattern that cannot be read: {error}") from None
    except RecursionError:
        raise UnusableSchema("it refers to itself without end") from None


def verify_schema(schema: bytes) -> None:
    """See that a JSON text is a schema of a known draft. Raises UnusableSchema."""
    _get_validator(sha256(schema), schema)


@lru_cache(64)
def _cached(_: bytes) -> list[Validator]:
    return []


def _get_validator(digest: bytes, schema: bytes) -> Validator:
    kept = _cached(digest)
    if not kept:
        kept.append(_make_validator(schema))
    return kept[0]


def _make_validator(raw: bytes) -> Validator:
    if len(raw) > LARGEST_SCHEMA:
        raise UnusableSchema(f"it has {len(raw)} bytes, more than {LARGEST_SCHEMA}")
    try:
        schema = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableSchema(f"it is not JSON: {error}") from None
    draft = _find_draft(schema)
    try:
        wrong = best_match(draft(draft.META_SCHEMA, registry=SPECIFICATIONS).iter_errors(schema))
    except RecursionError:
        raise UnusableSchema("it is nested too deeply") from None
    if wrong is not None:
        told = _tell(wrong)
        raise UnusableSchema(f"{told.rule}: {told.reason}", told.path)
    return draft(schema, registry=SPECIFICATIONS)


def _find_draft(schema: Any) -> type[Validator]:
    if not isinstance(schema, dict):
        raise UnusableSchema("it is no object")
    named = schema.get("$schema", "https://json-schema.org/draft/2020-12/schema")
    draft = _DRAFTS.get(str(named).rstrip("#"))
    if draft is None:
        raise UnusableSchema(f"its $schema is {_short(named)}, no draft that is known", "/$schema")
    return draft


def _tell(error: ValidationError) -> SchemaFault:
    deepest = best_match([error]) or error  # of alternatives, what speaks against the nearest
    return SchemaFault(
        path=_pointer(deepest.absolute_path),
        rule=str(deepest.validator),
        schema_path=_pointer(deepest.absolute_schema_path),
        value=_short(deepest.instance),
        reason=deepest.message[:_LONGEST_REASON],
    )


def _pointer(steps: Iterable[str | int]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(one).replace("~", "~0").replace("/", "~1") for one in steps)


def _short(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
