"""The scripts fail when what they run fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FAILING = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

contract FailingTest {
    function test_fails() public pure {
        assert(false);
    }
}
"""


def _forge(project: Path, test: str) -> int:
    """Run forge as the scripts do; its exit code."""
    asked = f". scripts/environment; forge test --root {project} --match-test {test}"
    told = subprocess.run(
        ["/bin/sh", "-c", asked, "scripts/test"], cwd=ROOT, capture_output=True, timeout=120
    )
    return told.returncode


def test_a_failing_forge_test_fails_the_script(tmp_path: Path) -> None:
    """npm's wrapper around forge exits with 0 whatever forge says."""
    solc = ROOT / "contracts/solc"
    (tmp_path / "foundry.toml").write_text(f'[profile.default]\nsolc = "{solc}"\noffline = true\n')
    (tmp_path / "test").mkdir()
    (tmp_path / "test/Failing.t.sol").write_text(FAILING)
    assert _forge(tmp_path, "test_fails") != 0
    assert _forge(tmp_path, "nothing") == 0


def test_no_script_runs_forge_by_its_wrapper() -> None:
    scripts = [path for path in (ROOT / "scripts").rglob("*") if path.is_file()]
    named = [str(path) for path in scripts if b".bin/forge" in path.read_bytes()]
    assert named == []
