"""The committed artifacts are what the sources give, whoever compiles them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.deployment.compile import (
    ARTIFACTS,
    SOURCES,
    compile_contracts,
    find_differences,
)

RUNTIME_LIMIT = 24_576
"""Bytes of code a contract may have (EIP-170)."""


@pytest.fixture(scope="module")
def compiled() -> dict[str, dict[str, object]]:
    return compile_contracts()


def test_the_committed_artifacts_are_up_to_date(compiled) -> None:
    assert find_differences(compiled) == []


def test_each_difference_is_told(compiled, tmp_path: Path) -> None:
    for path in ARTIFACTS.iterdir():
        shutil.copy(path, tmp_path)
    stale = json.loads((tmp_path / "AssetLedger.json").read_bytes())
    stale["bytecode"] = "0x00"
    (tmp_path / "AssetLedger.json").write_text(json.dumps(stale))
    (tmp_path / "IPayloads.json").unlink()
    (tmp_path / "AccessManager.json").write_text("{")

    manager, ledger, payloads = sorted(find_differences(compiled, tmp_path))

    assert manager.startswith("AccessManager: AccessManager.json cannot be read")
    assert ledger == "AssetLedger: bytecode differs"
    assert payloads.startswith("IPayloads: IPayloads.json cannot be read")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("AssetLedger", {}),
        # forge compiles what we did not write for tests only, so it is told how.
        (
            "AccessManager",
            {
                "FOUNDRY_VIA_IR": "true",
                "FOUNDRY_OPTIMIZER": "true",
                "FOUNDRY_OPTIMIZER_RUNS": "1000",
            },
        ),
    ],
)
def test_forge_gives_the_same_runtime_bytecode(
    compiled, forge, forge_environment, tmp_path: Path, name: str, settings: dict[str, str]
) -> None:
    places = ["--out", str(tmp_path / "out"), "--cache-path", str(tmp_path / "cache")]
    subprocess.run(
        [str(forge), "build", SOURCES[name], *places],
        cwd=Path(forge).parents[4],
        env=forge_environment | settings,
        check=True,
        capture_output=True,
    )
    built = json.loads((tmp_path / "out" / f"{name}.sol" / f"{name}.json").read_bytes())
    assert built["deployedBytecode"]["object"] == compiled[name]["deployedBytecode"]
    assert built["bytecode"]["object"] == compiled[name]["bytecode"]


def test_nothing_of_this_machine_is_in_the_artifacts(compiled) -> None:
    text = json.dumps(compiled)
    assert str(Path.home()) not in text
    assert str(Path(__file__).resolve().parents[2]) not in text


def test_the_runtime_code_leaves_room_for_later_kinds(compiled) -> None:
    for name, artifact in compiled.items():
        size = len(artifact["deployedBytecode"]) // 2 - 1
        assert size <= RUNTIME_LIMIT, f"{name} has {size} bytes"
