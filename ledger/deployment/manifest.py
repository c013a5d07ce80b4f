"""What is deployed on one chain: the file that everything else finds the contracts by."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.chain import identity
from ledger.chain.rpc import RpcClient
from ledger.errors import MalformedValue, UnknownThing
from ledger.types import Address, Hash32, parse_address, parse_hash, to_hex

_VERSION: Final = 1


class BadManifest(MalformedValue):
    """A manifest file is not one."""

    code = "bad_manifest"


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """A contract on the chain; `code_hash` is the keccak of its code, immutables included."""

    address: Address
    block: int
    block_hash: Hash32
    transaction: Hash32
    code_hash: Hash32
    compiler: Any
    source_hash: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is deployed on the chain that begins with `genesis_hash`."""

    chain_id: int
    genesis_hash: Hash32
    domain: Hash32
    contracts: Mapping[str, DeployedContract]
    roles: Mapping[str, Any] = field(default_factory=dict)


class _StoredContract(msgspec.Struct):
    address: str
    block: int
    block_hash: str
    transaction: str
    code_hash: str
    compiler: Any
    source_hash: str
    arguments: list[Any]


class _Stored(msgspec.Struct):
    version: int
    chain_id: int
    genesis_hash: str
    domain: str
    contracts: dict[str, _StoredContract]
    roles: dict[str, Any] = {}


def load_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UnknownThing: there is none: nothing was deployed.
        BadManifest: the file is not a manifest.
    """
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        if stored.version != _VERSION:
            raise MalformedValue(field="version", value=stored.version, wanted=str(_VERSION))
        return Manifest(
            stored.chain_id,
            parse_hash(stored.genesis_hash, "genesis_hash"),
            parse_hash(stored.domain, "domain"),
            {name: _read(contract) for name, contract in stored.contracts.items()},
            stored.roles,
        )
    except FileNotFoundError:
        raise UnknownThing("manifest", field="manifest", value=str(path)) from None
    except (OSError, msgspec.MsgspecError, MalformedValue) as error:
        raise BadManifest(field=str(path), value=str(error), wanted="a manifest") from None


def find_manifest(path: Path) -> Manifest | None:
    """Read a manifest; None if there is none. Raises BadManifest."""
    return load_manifest(path) if path.exists() else None


def save_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest, whole or not at all."""
    text = json.dumps(_told(manifest), indent=2) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def verify_chain(rpc: RpcClient, manifest: Manifest) -> None:
    """Check that a node serves the manifest's chain. Raises WrongChain."""
    identity.verify_chain(rpc, manifest.chain_id, manifest.genesis_hash)


def _read(contract: _StoredContract) -> DeployedContract:
    return DeployedContract(
        parse_address(contract.address, "address"),
        contract.block,
        parse_hash(contract.block_hash, "block_hash"),
        parse_hash(contract.transaction, "transaction"),
        parse_hash(contract.code_hash, "code_hash"),
        contract.compiler,
        contract.source_hash,
        tuple(contract.arguments),
    )


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "chain_id": manifest.chain_id,
        "genesis_hash": to_hex(manifest.genesis_hash),
        "domain": to_hex(manifest.domain),
        "contracts": {
            name: {
                "address": to_hex(contract.address),
                "block": contract.block,
                "block_hash": to_hex(contract.block_hash),
                "transaction": to_hex(contract.transaction),
                "code_hash": to_hex(contract.code_hash),
                "compiler": contract.compiler,
                "source_hash": contract.source_hash,
                "arguments": list(contract.arguments),
            }
            for name, contract in manifest.contracts.items()
        },
        "roles": dict(manifest.roles),
    }
