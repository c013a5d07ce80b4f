"""The plain script deploys as the command does: with a dry run, and again to no effect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ledger.chain.node import Anvil
from ledger.deployment.manifest import load_manifest, verify_chain
from tests.ledgers import PLAN

SCRIPT = PLAN.parents[1] / "deploy.py"


def run(anvil: Anvil, data: Path, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, str(SCRIPT), "--rpc-url", anvil.url, "--data", str(data), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_plan_apply_and_apply_again(anvil: Anvil, tmp_path: Path) -> None:
    status, told, _ = run(anvil, tmp_path, "--dry-run")
    assert status == 0
    assert told.count("to do: ") == 11
    assert anvil.rpc.fetch_block_number() == 0
    status, told, _ = run(anvil, tmp_path)
    assert status == 0
    assert told.count("done: ") == 11
    verify_chain(anvil.rpc, load_manifest(tmp_path / "manifest.json"))
    head = anvil.rpc.fetch_block("latest")
    status, told, _ = run(anvil, tmp_path)
    assert (status, told.count("done: ")) == (0, 0)
    assert anvil.rpc.fetch_block("latest") == head


def test_what_is_wrong_is_said_and_fails(anvil: Anvil, tmp_path: Path) -> None:
    status, _, error = run(anvil, tmp_path, "--set", "uri=x")
    assert status == 1
    assert error == "deploy.py: values.uri: the plan knows no such value\n"
