"""The client's types say what the API's description promises, and None where null may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pytest

from tests.client.test_routes import calls, offered, route_of

OURS = {"repeated", "receipt"}
"""What the client adds, and receipts, which `ledger.proofs` reads."""

JSON_TYPES = {
    "string": (str,),
    "integer": (int, float),
    "number": (float,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


NEVER_NULL = {f"status.{name}" for name in ("chain_id", "contract", "block", "ledger_head")}
"""Described as null before the ledger is mirrored, which is answered with a problem."""


def answered(made: Callable[..., Any]) -> Any:
    """The type that a method answers, or that its list has many of."""
    return get_args(get_type_hints(made, include_extras=True)["return"])[-1]


METHODS = {name: made for name, made in offered() if name != "follow_events"}


@pytest.mark.parametrize("name", METHODS)
def test_an_answer_is_what_is_described(described: Mapping[str, Any], name: str) -> None:
    made = METHODS[name]
    call = list(calls(made))[-1]
    answers = described["paths"][route_of(described, call)][call.method.lower()]["responses"]
    content = next(one.get("content", {}) for code, one in answers.items() if code[0] == "2")
    answer = _bare(answered(made))
    if answer is bytes or "application/json" not in content:
        return  # what is kept in a file is nobody's to take apart
    schema = _resolve(described, content["application/json"]["schema"])
    if get_origin(answer) is list:
        schema, answer = schema["properties"]["items"]["items"], get_args(answer)[0]
    elif "items" in schema.get("properties", {}) and "items" not in _names(answer):
        schema = schema["properties"]["items"]["items"]
    _compare(described, schema, answer, name)


def _compare(described: Mapping[str, Any], schema: Mapping[str, Any], kind: Any, at: str) -> None:
    schema = _resolve(described, schema)
    if "anyOf" in schema or "oneOf" in schema:
        listed = schema.get("anyOf", schema.get("oneOf", ()))
        variants = [_resolve(described, one) for one in listed]
        if any(one.get("type") == "null" for one in variants) and at not in NEVER_NULL:
            assert NoneType in get_args(kind) or kind is Any, f"{at}: may be null"
        variants = [one for one in variants if one.get("type") != "null"]
        if len(variants) == 1:
            _compare(described, variants[0], _bare(kind), at)
        return
    kind = _bare(kind)
    if kind is Any:
        return
    if is_dataclass(kind):
        told = schema["properties"]
        required = set(schema.get("required", ()))
        hints = get_type_hints(kind, include_extras=True)
        for each in fields(kind):
            if each.name in OURS or (each.name == "as_of" and each.name not in told):
                continue
            has_default = each.default is not MISSING or each.default_factory is not MISSING
            if each.name not in told:
                assert has_default, f"{at}: there is no {each.name}"
                continue
            assert each.name in required or has_default, f"{at}: {each.name} may be left out"
            _compare(described, told[each.name], hints[each.name], f"{at}.{each.name}")
        return
    wanted = JSON_TYPES[schema.get("type", "string")]
    plain = type(get_args(kind)[0]) if get_origin(kind) is Literal else get_origin(kind) or kind
    assert plain in wanted, f"{at}: {schema.get('type')} is not {kind}"
    if schema.get("type") == "array" and get_args(kind):
        _compare(described, schema["items"], get_args(kind)[0], f"{at}[]")


def _bare(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    kinds = [one for one in get_args(kind) if one is not NoneType]
    if NoneType in get_args(kind) and len(kinds) == 1:
        return _bare(kinds[0])
    return kind


def _names(kind: Any) -> set[str]:
    return {one.name for one in fields(kind)} if is_dataclass(kind) else set()


def _resolve(described: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return _resolve(described, schema["allOf"][0])
    return schema
