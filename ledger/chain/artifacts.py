"""The compiled contracts as they are committed: interface, code, and where they are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.errors import ToolError
from ledger.types import parse_hex

_PACKAGE: Final = Path(__file__).resolve().parents[1]
# A wheel carries them inside the package, a checkout beside it.
_FOLDERS: Final = (_PACKAGE / "artifacts", _PACKAGE.parent / "contracts" / "artifacts")


class MissingArtifact(ToolError):
    """A contract's compiled form is not there, or is not one."""

    code = "missing_artifact"


class _Place(msgspec.Struct, frozen=True):
    start: int
    length: int


class _Variable(msgspec.Struct, frozen=True):
    label: str
    slot: str
    type: str


class _Layout(msgspec.Struct, frozen=True):
    storage: list[_Variable]


class _Stored(msgspec.Struct, frozen=True, rename="camel"):
    contract_name: str
    source_name: str
    abi: list[dict[str, Any]]
    bytecode: str
    deployed_bytecode: str
    compiler: Any
    source_hash: str
    immutable_references: dict[str, list[_Place]] = {}
    storage_layout: _Layout | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract; `immutables` are (start, length) in the runtime code.

    `string_slots` tells where its string variables are kept (solc, storage layout).
    """

    name: str
    source: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]
    string_slots: Mapping[str, int]
    compiler: Any
    source_hash: str

    def made(self, code: bytes) -> bool:
        """Whether runtime code on a chain is this contract's, whatever its immutables are."""
        return self.masked(code) == self.masked(self.runtime)

    def masked(self, code: bytes) -> bytes:
        """Runtime code with its immutables zeroed, so that deployments can be compared."""
        masked = bytearray(code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(len(masked[start : start + length]))
        return bytes(masked)


def artifacts_folder() -> Path:
    """Where compiled contracts lie. Raises MissingArtifact."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    raise MissingArtifact(f"no folder of compiled contracts at {_FOLDERS[-1]}")


@cache
def load_artifact(name: str) -> Artifact:
    """Read a contract's artifact. Raises MissingArtifact."""
    path = artifacts_folder() / f"{name}.json"
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        return Artifact(
            name=stored.contract_name,
            source=stored.source_name,
            abi=tuple(stored.abi),
            bytecode=parse_hex(stored.bytecode, field="bytecode"),
            runtime=parse_hex(stored.deployed_bytecode, field="deployedBytecode"),
            immutables=tuple(
                (place.start, place.length)
                for places in stored.immutable_references.values()
                for place in places
            ),
            string_slots={
                variable.label: int(variable.slot)
                for variable in (stored.storage_layout.storage if stored.storage_layout else ())
                if variable.type == "string"
            },
            compiler=stored.compiler,
            source_hash=stored.source_hash,
        )
    except FileNotFoundError:
        raise MissingArtifact(f"{path}: no such artifact", name=name) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise MissingArtifact(f"{path}: {error}", name=name) from None
