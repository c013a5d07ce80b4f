"""The published schema and the reader agree on what a report is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import fastjsonschema
import pytest

from ledger.documents.canonical import canonical
from ledger.errors import DocumentError, MalformedValue
from ledger.reports.report import decode_report
from ledger.reports.steps import WrongReport
from ledger.reports.verify import Trusted, verify_report
from tests.reports.auditor import Auditor

Validate = Callable[[Any], Any]
Place = tuple[str | int, ...]
HASH: Final = "0x" + "11" * 32

# Values that belong somewhere, and of which each place takes only some.
OTHERS: Final[tuple[Any, ...]] = (
    *(None, True, 0, 1, -1, 10_000, 10_001, 2**53 - 1, 253_402_300_799, 253_402_300_800, 0.5),
    *("", "x", "x" * 2_000, "𝄞" * 2_000, "x" * 2_001, "asset-ledger-audit/2", [], {}, [1], ["x"]),
    *(HASH, HASH[:42], HASH + "\n", HASH.upper(), HASH[:-1] + "A", HASH[2:], HASH + HASH[2:]),
    *("0x" + "11" * 65, "0x" + "11" * 64, {"x": 1}, {"x": -1}, {"x": "1"}),
)


@pytest.fixture(scope="module")
def validate() -> Validate:
    schema = json.loads(files("ledger.reports").joinpath("report.schema.json").read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    # The validator stops at draft 7; these are the two words that 2020-12 spells otherwise.
    told = json.dumps(schema).replace("2020-12/schema", "").replace("$defs", "definitions")
    compiled: Validate = fastjsonschema.compile(
        json.loads(told) | {"$schema": "http://json-schema.org/draft-07/schema#"}
    )
    return compiled


@pytest.fixture
def value(reported: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reported / "report.json").read_bytes())
    return found


def is_valid(validate: Validate, value: Any) -> bool:
    try:
        validate(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def is_read(value: Any) -> bool:
    try:
        decode_report(canonical(value))
    except (MalformedValue, DocumentError):
        return False
    return True


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where anything stands; of a list only its first."""
    yield at
    match value:
        case dict():
            for name, one in value.items():
                yield from places(one, (*at, name))
        case [first, *_]:
            yield from places(first, (*at, 0))


def changed(value: Any, at: Place, other: Any) -> Any:
    """With another thing there."""
    found = copy.deepcopy({"": value})
    *above, last = ("", *at)
    thing_at(found, tuple(above))[last] = other
    return found[""]


def fail_first(value: dict[str, Any]) -> dict[str, Any]:
    """The same report, of an audit that found nothing in order."""
    found = copy.deepcopy(value)
    report = found["report"]
    report["audit"]["first"] = "assets 0x01: owner"
    report["audit"]["documents"]["first"] = {
        "content_hash": HASH,
        "subject": HASH,
        "position": 1,
        "sequence": 7,
        "reason": "it is missing",
    }
    drawn = {"bundle": None, "entries": None, "failure": "lost"}
    report["sample"]["drawn"][0] |= drawn
    return found


def test_a_real_report_validates(validate: Validate, value: dict[str, Any]) -> None:
    validate(value)
    bare = copy.deepcopy(value)
    bare["report"]["sample"] = bare["report"]["audit"]["documents"] = None
    for one in (fail_first(value), bare):
        validate(one)
        assert is_read(one)


@pytest.mark.parametrize("make", [lambda value: value, fail_first])
def test_the_reader_takes_what_the_schema_takes_and_nothing_else(
    validate: Validate, value: dict[str, Any], make: Callable[[Any], Any]
) -> None:
    """Every value put in every place: whichever is refused by one is refused by both."""
    whole, verdicts = make(value), set()
    for at in places(whole):
        for other in OTHERS:
            spoilt = changed(whole, at, other)
            verdict = is_valid(validate, spoilt)
            assert is_read(spoilt) == verdict, (at, other)
            verdicts.add(verdict)
    assert verdicts == {True, False}


def test_no_member_is_left_out_or_added(validate: Validate, value: dict[str, Any]) -> None:
    whole = fail_first(value)
    tables = {("report", "audit", "compared"), ("report", "audit", "bad")}
    for at in set(places(whole)) - tables:
        here = thing_at(whole, at)
        if not isinstance(here, dict):
            continue
        for other in ({**here, "more": 1}, *(without(here, name) for name in here)):
            spoilt = changed(whole, at, other)
            assert not is_valid(validate, spoilt), at
            assert not is_read(spoilt), at


def without(here: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: one for each, one in here.items() if each != name}


def thing_at(value: Any, at: Place) -> Any:
    for name in at:
        value = value[name]
    return value


def test_verify_report_refuses_what_is_outside(
    value: dict[str, Any], auditor: Auditor, validate: Validate
) -> None:
    """A hash with a line's end behind it was read as a hash."""
    for at, other in (
        (("report", "sample", "drawn", 0, "asset"), HASH + "\n"),
        (("report", "contract"), HASH[:42] + "\n"),
        (("signature",), value["signature"] + "\n"),
        (("report", "sample", "wanted"), 10_001),
        (("report", "audit", "compared"), {"assets": "1"}),
    ):
        spoilt = changed(value, at, other)
        assert not is_valid(validate, spoilt)
        with pytest.raises(WrongReport):
            verify_report(canonical(spoilt), Trusted(auditor.signer.address), lambda _: None)
