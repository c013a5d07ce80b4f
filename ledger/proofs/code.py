"""Whether a contract's code is what its source compiles to, as a compiled artifact tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ledger.documents.canonical import JsonValue, load_document
from ledger.domain.founding import Founding
from ledger.errors import MalformedValue, VerificationError
from ledger.hashing import domain_separator, keccak
from ledger.proofs.members import read_bytes
from ledger.proofs.verified import Verified
from ledger.types import Hash32, to_hex

_WORD: Final = 32


class WrongCode(VerificationError):
    """The contract's code is not the artifact's, or cannot be told to be."""

    code = "wrong_code"


def verify_code(verified: Verified, artifact: bytes) -> Verified:
    """Verify that the proven code hash is that of an artifact's code, for this very ledger.

    The code holds two constants that differ from ledger to ledger, its domain and the id of its
    founding: the bundle proves both, if the ledger itself is among its subjects.

    Raises:
        DocumentError, MalformedValue: it is no artifact.
        WrongCode: the bundle does not prove the founding, or the code is another.
    """
    founding = next((one.id for one in verified.subjects if isinstance(one.state, Founding)), None)
    if founding is None:
        raise WrongCode(
            "the bundle does not prove the ledger itself, which its code names: prove it"
            " `--with ledger`"
        )
    domain = domain_separator(verified.chain_id, verified.contract)
    expected = keccak(_code(load_document(artifact, field="artifact"), (founding, domain)))
    if expected != verified.code_hash:
        raise WrongCode(
            f"the contract's code is not the artifact's: expected {to_hex(expected)}, found"
            f" {to_hex(verified.code_hash)}",
            expected=to_hex(expected),
            found=to_hex(verified.code_hash),
        )
    left = [one for one in verified.not_proven if to_hex(verified.code_hash) not in one]
    return replace(verified, not_proven=tuple(left))


def _code(artifact: Mapping[str, JsonValue], constants: tuple[Hash32, ...]) -> bytes:
    """The runtime code with its immutables filled in, numbered as they first stand in it."""
    code = bytearray(read_bytes(artifact.get("deployedBytecode"), None, "deployedBytecode"))
    places = artifact.get("immutableReferences")
    if not isinstance(places, dict) or sorted(places) != [str(n) for n in range(len(constants))]:
        raise MalformedValue(
            field="immutableReferences", value=places, wanted=f"those of {len(constants)}"
        )
    for number, constant in enumerate(constants):
        for start in _starts(places[str(number)], len(code)):
            code[start : start + _WORD] = constant
    return bytes(code)


def _starts(places: JsonValue, size: int) -> list[int]:
    if not isinstance(places, list):
        raise MalformedValue(field="immutableReferences", value=places, wanted="places")
    found = []
    for place in places:
        match place:
            case {"start": int(start), "length": 32} if 0 <= start <= size - _WORD:
                found.append(start)
            case _:
                raise MalformedValue(field="immutableReferences", value=place, wanted="a place")
    return found
