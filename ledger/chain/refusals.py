"""Why the contracts refused: custom errors read back from what a call reverted with."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ledger.chain.artifacts import load_artifact
from ledger.chain.layout import selector
from ledger.errors import MalformedValue, Refused, RpcError
from ledger.types import parse_hex, to_hex

_WORD: Final = 32
_BUILT_IN: Final[tuple[dict[str, Any], ...]] = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "panic", "type": "uint256"}]},
)


@cache
def _refusals() -> dict[bytes, dict[str, Any]]:
    errors = list(_BUILT_IN)
    for name in ("AssetLedger", "AccessManager", "CheckpointLog"):
        errors += [part for part in load_artifact(name).abi if part["type"] == "error"]
    return {selector(_signature(error)): error for error in errors}


def _signature(error: dict[str, Any]) -> str:
    return f"{error['name']}({','.join(field['type'] for field in error['inputs'])})"


def decode_refusal(data: bytes) -> Refused | None:
    """Read why a call was refused, from what it reverted with.

    Knows every custom error of the ledger, its access manager and the log of checkpoints, `Error`
    and `Panic`.
    Returns None for anything else.

    Raises:
        MissingArtifact: the compiled contracts are not there.
    """
    error = _refusals().get(data[:4])
    if error is None:
        return None
    body, values = data[4:], {}
    try:
        for at, field in enumerate(error["inputs"]):
            values[field["name"] or f"value_{at}"] = _decode(field["type"], body, _WORD * at)
    except ValueError:
        return None
    index = values.pop("index", None)
    return Refused(error["name"], index if isinstance(index, int) else None, values)


def _decode(kind: str, body: bytes, at: int) -> object:
    word = body[at : at + _WORD]
    if len(word) != _WORD:
        raise ValueError("too short")
    if kind in {"string", "bytes"}:
        start = int.from_bytes(word, "big")
        length = int.from_bytes(body[start : start + _WORD], "big")
        value = body[start + _WORD : start + _WORD + length]
        return value.decode(errors="replace") if kind == "string" else to_hex(value)
    if kind.startswith("uint"):
        return int.from_bytes(word, "big")
    if kind == "address":
        return to_hex(word[12:])
    if kind == "bool":
        return any(word)
    if kind.startswith("bytes"):
        return to_hex(word[: int(kind[5:])])
    raise ValueError(f"no refusal carries {kind}")


def find_refusal(error: RpcError) -> Refused | None:
    """Read why the contract refused from a node's error; None if it was not the contract.

    Raises:
        MissingArtifact: the compiled contracts are not there.
    """
    told = error.detail
    if isinstance(told, dict):
        told = told.get("data")
    try:
        return decode_refusal(parse_hex(told))
    except MalformedValue:
        return None
