"""The contract's code is the compiled artifact's, constants of this ledger filled in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifacts import artifacts_folder
from ledger.errors import InputError
from ledger.proofs.build import build_bundle
from ledger.proofs.code import WrongCode, verify_code
from ledger.proofs.gathering import Wanted
from ledger.proofs.verified import Verified
from ledger.types import to_hex
from tests.proofs.conftest import OnChain
from tests.proofs.test_verbs import Run, run

__all__ = ["run"]
ARTIFACT = artifacts_folder() / "AssetLedger.json"


@pytest.fixture(scope="module")
def verified(onchain: OnChain) -> Verified:
    asset = onchain.register(b"coded")
    built = build_bundle(onchain.rpc, onchain.contract, asset, wanted=Wanted(ledger=True))
    return built.verified


def test_the_deployed_code_is_that_of_the_committed_artifact(verified: Verified) -> None:
    found = verify_code(verified, ARTIFACT.read_bytes())
    assert any("compare its code" in one for one in verified.not_proven)
    assert not any("compare its code" in one for one in found.not_proven)
    assert len(found.not_proven) == len(verified.not_proven) - 1


def test_other_code_is_refused_with_both_hashes(verified: Verified) -> None:
    told = json.loads(ARTIFACT.read_text())
    code = told["deployedBytecode"]
    told["deployedBytecode"] = code[:-2] + f"{int(code[-2:], 16) ^ 1:02x}"
    with pytest.raises(WrongCode) as caught:
        verify_code(verified, json.dumps(told).encode())
    assert caught.value.fields["found"] == to_hex(verified.code_hash)
    with pytest.raises(WrongCode):
        verify_code(replace(verified, code_hash=bytes(32)), ARTIFACT.read_bytes())
    other = (artifacts_folder() / "CheckpointLog.json").read_bytes()
    with pytest.raises((WrongCode, InputError)):
        verify_code(verified, other)


def test_without_the_ledger_among_its_subjects_nothing_is_told(verified: Verified) -> None:
    with pytest.raises(WrongCode, match="--with ledger"):
        verify_code(replace(verified, subjects=verified.subjects[:1]), ARTIFACT.read_bytes())


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.pop("deployedBytecode"),
        lambda a: a.update(deployedBytecode="0xabc"),
        lambda a: a.pop("immutableReferences"),
        lambda a: a["immutableReferences"].pop("1"),
        lambda a: a["immutableReferences"].update({"1": [{"start": 10**6, "length": 32}]}),
        lambda a: a["immutableReferences"].update({"1": [{"start": 0, "length": 20}]}),
        lambda a: a["immutableReferences"].update({"1": 7}),
    ],
)
def test_what_is_no_artifact_is_refused(
    verified: Verified, change: Callable[[dict[str, Any]], object]
) -> None:
    told = json.loads(ARTIFACT.read_text())
    change(told)
    with pytest.raises(InputError):
        verify_code(verified, json.dumps(told).encode())


def test_as_a_command(run: Run, onchain: OnChain, tmp_path: Path) -> None:
    asset = to_hex(onchain.register(b"coded by command"))
    node = ("--rpc-url", onchain.rpc.url, "--contract", to_hex(onchain.contract))
    path = tmp_path / "bundle.json"
    for related, code in ((("--with", "ledger"), 0), ((), 1)):
        done = run("prove", asset, "-o", path, *node, *related, "--json")
        checked = json.loads(done.stdout)["verify"]
        assert run(*checked[1:], "--artifact", ARTIFACT).returncode == code
    assert run(*checked[1:], "--artifact", tmp_path / "none.json").returncode == 2
