"""The list of invariants is the code's: every name is in both, and every mutant is up to date."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"

ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<sentence>.+) \| `(?P<name>\w+)` \|$", re.MULTILINE)
JUDGEMENT = re.compile(r'"([a-z0-9]+(?:_[a-z0-9]+)+)"')
FUNCTION = re.compile(r"function (invariant_\w+)\(")

MUTANTS = tomllib.loads((CONTRACTS / "test/mutants.toml").read_text("utf-8"))["mutant"]


def _listed() -> list[re.Match[str]]:
    return list(ROW.finditer((CONTRACTS / "INVARIANTS.md").read_text("utf-8")))


def _names(pattern: re.Pattern[str], folder: str) -> set[str]:
    sources = (CONTRACTS / folder).rglob("*.sol")
    return {name for file in sources for name in pattern.findall(file.read_text("utf-8"))}


def test_the_list_is_numbered_and_names_nothing_twice() -> None:
    rows = _listed()
    assert [int(row["number"]) for row in rows] == list(range(1, len(rows) + 1))
    assert len({row["name"] for row in rows}) == len(rows) >= 25
    assert all(row["sentence"].endswith(".") for row in rows)


def test_the_list_names_every_judgement_and_invariant_of_the_tests_and_no_other() -> None:
    judged = _names(JUDGEMENT, "test/invariants")
    assert {row["name"] for row in _listed()} == judged | _names(FUNCTION, "test")


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each["fault"] for each in MUTANTS])
def test_a_mutant_changes_what_is_there_and_breaks_what_is_listed(mutant: dict[str, str]) -> None:
    source = (CONTRACTS / "src" / mutant["file"]).read_text("utf-8")
    assert source.count(mutant["old"]) == 1
    assert mutant["old"] != mutant["new"]
    assert set(mutant["breaks"]) <= {row["name"] for row in _listed()}
