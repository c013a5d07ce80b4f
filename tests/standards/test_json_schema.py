"""Documents are held against schemas, and hostile schemas hang and fetch nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.standards.json_schema import (
    LARGEST_SCHEMA,
    MOST_FAULTS,
    UnusableSchema,
    find_faults,
    verify_schema,
)
from ledger.standards.schema_workers import SchemaWorkers, ValidatorsBusy

D4 = "http://json-schema.org/draft-04/schema"
D7 = "http://json-schema.org/draft-07/schema#"
D2020 = "https://json-schema.org/draft/2020-12/schema"

GEARBOX = {
    "$schema": D2020,
    "type": "object",
    "required": ["serialNumber"],
    "properties": {
        "serialNumber": {"type": "string", "maxLength": 8},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
        "a/b": {"const": 1},
    },
    "$defs": {"part": {"type": "object", "properties": {"mass": {"type": "number", "minimum": 0}}}},
}
SLOW = {"properties": {"a": {"pattern": "^(a+)+$"}}}
HANGING = {"a": "a" * 40 + "!"}


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def places(schema: Any, document: Any) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in find_faults(text(schema), text(document))]


@pytest.fixture(scope="module")
def workers() -> Iterator[SchemaWorkers]:
    found = SchemaWorkers(number=2, seconds=1.0, patience=0.5)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({"serialNumber": "A1"}, []),
        ({}, [("", "required")]),
        ({"serialNumber": 7}, [("/serialNumber", "type")]),
        ({"serialNumber": "123456789"}, [("/serialNumber", "maxLength")]),
        ({"serialNumber": "A", "parts": [{}, {"mass": -1}]}, [("/parts/1/mass", "minimum")]),
        ({"serialNumber": "A", "a/b": 2}, [("/a~1b", "const")]),
    ],
)
def test_the_failing_place_and_its_rule_are_told(
    document: Any, wanted: list[tuple[str, str]]
) -> None:
    assert places(GEARBOX, document) == wanted


def test_the_value_is_told_short_and_the_rule_by_its_place() -> None:
    [one] = find_faults(text(GEARBOX), text({"serialNumber": "x" * 5000}))
    assert one.schema_path == "/properties/serialNumber/maxLength"
    assert len(one.value) == 100
    assert len(one.reason) <= 300


def test_of_alternatives_the_nearest_is_told() -> None:
    schema = {
        "anyOf": [
            {"type": "object", "properties": {"n": {"type": "object", "required": ["x"]}}},
            {"type": "string"},
        ]
    }
    assert places(schema, {"n": {}}) == [("/n", "required")]


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    assert len(places({"items": {"type": "string"}}, list(range(500)))) == MOST_FAULTS


@pytest.mark.parametrize(
    ("draft", "rule", "document", "fits"),
    [
        # What differs between drafts.
        (D4, {"maximum": 5, "exclusiveMaximum": True}, 5, False),
        (D7, {"exclusiveMaximum": 5}, 5, False),
        (D4, {"const": 1}, 2, True),
        (D7, {"const": 1}, 2, False),
        (D7, {"items": [{"type": "string"}]}, [1], False),
        (D2020, {"prefixItems": [{"type": "string"}]}, [1], False),
        (D7, {"prefixItems": [{"type": "string"}]}, [1], True),
        (D2020, {"format": "date"}, "never", True),
    ],
)
def test_each_draft_has_its_own_rules(
    draft: str, rule: dict[str, Any], document: Any, fits: bool
) -> None:
    assert (places({"$schema": draft, **rule}, document) == []) is fits


@pytest.mark.parametrize(
    ("schema", "path", "reason"),
    [
        ([], "", "no object"),
        ({"$schema": "urn:mine"}, "/$schema", "no draft that is known"),
        ({"type": 7}, "/type", "7"),
        ({"$schema": D4, "required": []}, "/required", "non-empty"),
        ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum", "number"),
        ({"description": "x" * LARGEST_SCHEMA}, "", "more than"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(schema: Any, path: str, reason: str) -> None:
    with pytest.raises(UnusableSchema) as refused:
        verify_schema(text(schema))
    assert refused.value.fields["path"] == path
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "#"}, "without end"),
        ({"$ref": "#/nowhere"}, "not in it"),
        ({"$ref": "http://127.0.0.1:{port}/x"}, "not in it"),
        ({"$ref": "file:///etc/passwd"}, "not in it"),
        ({"$id": "http://127.0.0.1:{port}/y", "$ref": "z"}, "not in it"),
        ({"pattern": "\\p{L}"}, "pattern"),
    ],
)
def test_nothing_outside_is_asked(schema: Any, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        raw = text(schema).replace(b"{port}", str(server.getsockname()[1]).encode())
        with pytest.raises(UnusableSchema, match=reason):
            find_faults(raw, b'"x"')
        with pytest.raises(TimeoutError):
            server.accept()


_leaves = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3)
_documents = st.recursive(
    _leaves,
    lambda more: st.lists(more, max_size=3) | st.dictionaries(st.text("ab", max_size=2), more),
    max_leaves=8,
)
_schemas = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "integer", "object", "array", "null"]),
            "maximum": st.integers(-5, 5),
            "minLength": st.integers(0, 3),
            "required": st.lists(st.text("ab", max_size=2), unique=True),
        },
    ),
    lambda more: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.text("ab", max_size=2), more, max_size=3),
            "items": more,
            "anyOf": st.lists(more, min_size=1, max_size=3),
            "not": more,
        },
    ),
    max_leaves=6,
)


@given(_schemas, _documents)
def test_a_document_has_faults_exactly_if_it_does_not_fit(schema: Any, document: Any) -> None:
    fits = jsonschema.Draft202012Validator(schema).is_valid(document)
    assert (places(schema, document) == []) is fits


# -- in processes of their own --------------------------------------------------------------------


def test_workers_say_the_same(workers: SchemaWorkers) -> None:
    documents = [{"serialNumber": "A" * n} for n in range(120)]
    found = workers.find_faults(text(GEARBOX), [text(one) for one in documents])
    assert found == [find_faults(text(GEARBOX), text(one)) for one in documents]
    with pytest.raises(UnusableSchema, match="no object"):
        workers.find_faults(b"[]", [])
    assert workers.find_faults(b"{}", []) == []


def test_a_schema_that_takes_for_ever_is_stopped_and_hinders_nobody(
    workers: SchemaWorkers,
) -> None:
    for within in (5.0, 0.2):  # the second time it is not even tried
        begun = time.monotonic()
        with pytest.raises(UnusableSchema, match="did not end within"):
            workers.find_faults(text(SLOW), [text(HANGING)])
        assert time.monotonic() - begun < within
    assert workers.find_faults(text(GEARBOX), [text({"serialNumber": "A"})]) == [[]]


def test_many_slow_documents_are_stopped_together() -> None:
    workers = SchemaWorkers(number=1, seconds=1.0)
    slow = {"properties": {"a": {"pattern": "^(a|aa|a)+$"}}}
    begun = time.monotonic()
    with pytest.raises(UnusableSchema, match="did not end within"):
        workers.find_faults(text(slow), [text({"a": "a" * 30 + "!"})] * 1000)
    assert time.monotonic() - begun < 10
    workers.close()


def test_a_worker_that_was_killed_is_replaced(workers: SchemaWorkers) -> None:
    for _ in range(3):
        assert workers.find_faults(text(GEARBOX), [text({"serialNumber": "A"})]) == [[]]
        with workers._idle.mutex:
            idle = [one for one in workers._idle.queue if one is not None]
        for one in idle:
            one.end()


def test_while_all_are_busy_others_are_told_so() -> None:
    workers = SchemaWorkers(number=1, seconds=2.0, patience=0.1)
    schema = text({**SLOW, "title": "another"})
    outcome: list[Exception] = []

    def hang() -> None:
        with pytest.raises(UnusableSchema) as refused:
            workers.find_faults(schema, [text(HANGING)])
        outcome.append(refused.value)

    thread = threading.Thread(target=hang)
    thread.start()
    while not workers._idle.empty():
        time.sleep(0.001)  # until the other has the only process
    with pytest.raises(ValidatorsBusy):
        workers.find_faults(text(GEARBOX), [b"{}"])
    thread.join()
    assert len(outcome) == 1
    workers.close()
