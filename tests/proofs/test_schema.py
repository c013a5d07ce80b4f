"""The published schema and the reader agree on what a bundle is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given, settings

from ledger.proofs.bundle import Bundle
from ledger.proofs.encoding import encode_bundle
from tests.proofs.paper import Paper
from tests.proofs.test_bundle import CHANGES, bundles, changed
from tests.proofs.test_collections import Car, Owner
from tests.proofs.test_trust import ANNE, plain, signed_by
from tests.proofs.test_verify import MAKES

# What a schema cannot say: which order things stand in, and which of them are the same.
BEYOND = {"subject   ", "subjects ", r"documents\[1\]", r"checkpoints\[1\]"}


@pytest.fixture(scope="module")
def validate() -> Callable[[Any], Any]:
    schema = json.loads(files("ledger.proofs").joinpath("bundle.schema.json").read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    # The validator stops at draft 7; these are the two words that 2020-12 spells otherwise.
    told = json.dumps(schema).replace("2020-12/schema", "").replace("$defs", "definitions")
    return fastjsonschema.compile(json.loads(told) | {"$schema": DRAFT_7})  # type: ignore[no-any-return]


DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("make", MAKES)
def test_every_class_of_subject_s_bundle_validates(
    validate: Callable[[Any], Any], make: Callable[[Paper], bytes]
) -> None:
    paper = Paper()
    validate(json.loads(encode_bundle(paper.bundle(make(paper)))))


def test_collections_validate(validate: Callable[[Any], Any]) -> None:
    owner, car = Owner(), Car()
    for bundle in (owner.bundle(*owner.held), car.bundle(car.front, car.rear, car.wheel)):
        validate(json.loads(encode_bundle(bundle)))


@given(bundles)
@settings(max_examples=50)
def test_whatever_the_writer_writes_validates(
    validate: Callable[[Any], Any], bundle: Bundle
) -> None:
    nodes = tuple(dict.fromkeys(bundle.nodes))  # which the steps would refuse
    validate(json.loads(encode_bundle(replace(bundle, nodes=nodes))))


def test_checkpoints_validate(validate: Callable[[Any], Any]) -> None:
    bundle = plain()
    one = signed_by(bundle, ANNE)
    value = json.loads(encode_bundle(replace(bundle, checkpoints=(one,))))
    validate(value)
    spoilts: list[dict[str, Any]] = [
        {"signatures": ["0x00"]},
        {"more": 1},
        {"headers": []},
        {"anchor": {}},
    ]
    for change in spoilts:
        spoilt = value | {"checkpoints": [value["checkpoints"][0] | change]}
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            validate(spoilt)


@pytest.mark.parametrize("named", sorted(CHANGES.keys() - BEYOND))
def test_what_the_reader_refuses_the_schema_refuses(
    validate: Callable[[Any], Any], named: str
) -> None:
    car = Car()
    value = json.loads(encode_bundle(car.bundle(car.front, car.rear, car.wheel)))
    validate(value)
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validate(json.loads(changed(value, CHANGES[named])))
