"""`scripts/findings.py`: what Slither finds and what is explained must be the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXPLAINED = "# Findings\n\n## `unused-return` at `Journal._check`\n\nIt is not needed.\n"


def finding(detector: str, function: str) -> dict[str, Any]:
    contract = {"type": "contract", "name": "Journal", "type_specific_fields": {}}
    element = {
        "type": "function",
        "name": function,
        "type_specific_fields": {"parent": contract},
    }
    return {
        "check": detector,
        "impact": "Medium",
        "description": "something",
        "elements": [element],
    }


def hold(tmp_path: Path, explained: str, *found: dict[str, Any]) -> tuple[int, str]:
    (tmp_path / "FINDINGS.md").write_text(explained)
    report = {"success": True, "error": None, "results": {"detectors": found} if found else {}}
    run = subprocess.run(
        [sys.executable, ROOT / "scripts/findings.py", tmp_path / "FINDINGS.md"],
        input=json.dumps(report),
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def test_what_is_explained_passes(tmp_path: Path) -> None:
    assert hold(tmp_path, EXPLAINED, finding("unused-return", "_check"))[0] == 0
    assert hold(tmp_path, "# Findings\n")[0] == 0


@pytest.mark.parametrize(
    "another",
    [("unused-return", "_other"), ("reentrancy-eth", "_check"), ("unused-return", "_check")],
)
def test_one_more_finding_fails_and_is_shown(tmp_path: Path, another: tuple[str, str]) -> None:
    code, told = hold(tmp_path, EXPLAINED, finding("unused-return", "_check"), finding(*another))
    assert code == 1
    assert f"not explained: `{another[0]}` at `Journal.{another[1]}`" in told


def test_an_explanation_of_what_is_gone_fails(tmp_path: Path) -> None:
    code, told = hold(tmp_path, EXPLAINED)
    assert code == 1
    assert "no longer found: `unused-return` at `Journal._check`" in told


def test_a_heading_without_a_reason_explains_nothing(tmp_path: Path) -> None:
    code, told = hold(tmp_path, "## `unused-return` at `Journal._check`\n\n", finding("a", "b"))
    assert code == 1
    assert "no finding with its reason" in told
