"""A plan is read strictly, and what is wrong in it is named by its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.deployment.plan import Plan, load_plan
from ledger.errors import PlanError
from tests.ledgers import PLAN

TEXT = PLAN.read_text()


def load(tmp_path: Path, text: str, **values: str) -> Plan:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return load_plan(path, values)


def test_the_local_plan(tmp_path: Path) -> None:
    plan = load(tmp_path, TEXT, base_uri="https://assets.example/")
    assert [contract.name for contract in plan.contracts] == ["AccessManager", "AssetLedger"]
    assert plan.contracts[1].arguments == ("@AccessManager", "$base_uri")
    assert plan.values["base_uri"] == "https://assets.example/"
    assert plan.roles[0].members == ("$governor",)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("version = 1", "version = 2", "version"),
        ("version = 1", "", "plan.toml"),
        ("version = 1", "version = '1'", "version"),
        ("version = 1", "version = 1\nsurprise = 2", "plan.toml"),
        ("version = 1", "version =", "line 6"),
        ('["deployer", "governor"]', '["deployer", "deployer"]', "keys[1]"),
        ('["deployer", "governor"]', '["deployer"]', "roles[0].members[0]"),
        ('["deployer", "governor"]', '["deployer", "governor", "base_uri"]', "values.base_uri"),
        ('name = "AssetLedger"', 'name = "AccessManager"', "contracts[1]"),
        ('name = "AssetLedger"', 'name = "Nothing"', "contracts[1].name"),
        ('name = "AssetLedger"', "name = 5", "contracts[1].name"),
        ('arguments = ["$deployer"]', "arguments = []", "contracts[0].arguments"),
        ('arguments = ["$deployer"]', 'arguments = ["$owner"]', "contracts[0].arguments[0]"),
        ('arguments = ["$deployer"]', 'arguments = ["0x12"]', "contracts[0].arguments[0]"),
        ('arguments = ["$deployer"]', 'arguments = ["$base_uri"]', "contracts[0].arguments[0]"),
        ('arguments = ["$deployer"]', "arguments = [5]", "contracts[0].arguments[0]"),
        ('arguments = ["$deployer"]', 'arguments = ["@AssetLedger"]', "contracts[0].arguments[0]"),
        (
            '"@AccessManager", "$base_uri"',
            '"@AccessManager", "$governor"',
            "contracts[1].arguments[1]",
        ),
        ('"@AccessManager", "$base_uri"', '"@Manager", "$base_uri"', "contracts[1].arguments[0]"),
        ('by = "$deployer"', 'by = "deployer"', "contracts[0].by"),
        ('manager = "@AccessManager"', 'manager = "AccessManager"', "roles[0].manager"),
        ("id = 2", "id = 1", "roles[1]"),
        ("id = 1", "id = 0", "roles[0].id"),
        ("delay = 0", "delay = -1", "roles[0].delay"),
        ('"AssetLedger.enrol"', '"AssetLedger.enroll"', "roles[0].functions[0]"),
        ('"AssetLedger.enrol"', '"Ledger.enrol"', "roles[0].functions[0]"),
        ('"AssetLedger.enrol"', '"AssetLedger.safeTransferFrom"', "roles[0].functions[0]"),
        ('variable = "_baseURI"', 'variable = "baseURI"', "settings[0].variable"),
        ('function = "setBaseURI"', 'function = "setURI"', "settings[0].function"),
        ('value = "$base_uri"', 'value = "$uri"', "settings[0].value"),
        ('value = "$base_uri"', "value = 5", "settings[0].value"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    assert old in TEXT
    with pytest.raises(PlanError) as caught:
        load(tmp_path, TEXT.replace(old, new, 1))
    assert place in str(caught.value)


def test_files_and_values_that_are_not(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.toml"):
        load_plan(tmp_path / "none.toml")
    with pytest.raises(PlanError, match=r"values\.uri"):
        load(tmp_path, TEXT, uri="x")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PlanError):
        load_plan(tmp_path / "binary.toml")
