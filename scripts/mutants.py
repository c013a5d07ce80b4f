#!/usr/bin/env python3
"""Put each fault of contracts/test/mutants.toml into a copy of the contracts; run the invariants.

0 if every fault breaks an invariant that it names, 1 if one does not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).resolve().parents[1] / "contracts"
COPIED = ("src", "test/invariants", "test/Deploy.sol", "test/Vm.sol", "foundry.toml", "solc")
ENVIRONMENT = {
    # Compiled plainly, a ledger runs half as fast and is made in a fraction of the time.
    "FOUNDRY_ADDITIONAL_COMPILER_PROFILES": "[]",
    "FOUNDRY_COMPILATION_RESTRICTIONS": "[]",
    "FOUNDRY_INVARIANT_RUNS": "60",
    "FOUNDRY_INVARIANT_DEPTH": "500",
    "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
    "NO_COLOR": "1",
}
BROKEN = re.compile(r"broken: (?P<name>\w+) != ")
CALLS = re.compile(r"(?:original|calls): (\d+)")  # of the run that broke it, and of those before


def main(words: list[str]) -> int:
    """Try every mutant whose description has all words, one line each."""
    mutants = tomllib.loads((CONTRACTS / "test/mutants.toml").read_text("utf-8"))["mutant"]
    chosen = [each for each in mutants if all(word in each["fault"] for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_contracts(Path(folder))
        missed = [each for each in chosen if not is_caught(copy, each)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults break what they should")
    return 1 if missed or not chosen else 0


def copy_contracts(folder: Path) -> Path:
    """Copy what the invariants are compiled from; what comes from npm is linked."""
    for name in COPIED:
        source, target = CONTRACTS / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
    (folder / "node_modules").symlink_to(CONTRACTS / "node_modules")
    return folder


def is_caught(copy: Path, mutant: dict[str, Any]) -> bool:
    """Whether the invariants break as they should while the fault is in the copy."""
    file = copy / "src" / mutant["file"]
    sound = file.read_text("utf-8")
    if sound.count(mutant["old"]) != 1:
        print(f"{mutant['fault']}: STALE, {mutant['file']} does not have the old text once")
        return False
    file.write_text(sound.replace(mutant["old"], mutant["new"]), "utf-8")
    try:
        told = run_invariants(copy)
    finally:
        file.write_text(sound, "utf-8")
    broken = BROKEN.search(told)
    if broken is None:
        print(f"{mutant['fault']}: NOT CAUGHT\n{told[-2000:]}")
        return False
    caught = broken["name"] in mutant["breaks"]
    judged = "" if caught else ", which is ANOTHER than it should"
    calls = sum({int(number) for number in CALLS.findall(told)})
    print(f"{mutant['fault']}: {broken['name']} after {calls} calls{judged}", flush=True)
    return caught


def run_invariants(copy: Path) -> str:
    """What forge says of one campaign in the copy."""
    shutil.rmtree(copy / "cache/invariant", ignore_errors=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FOUNDRY_", "DAPP_"))}
    (forge,) = (copy / "node_modules/@foundry-rs").glob("forge-*/bin/forge")
    command = [forge, "test", "--match-test", "invariant_"]
    done = subprocess.run(
        command, cwd=copy, env=kept | ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
