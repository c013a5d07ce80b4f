"""Calling the ledger's contract: calldata, views and refusals, laid out by our own code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ledger.chain.artifacts import load_artifact
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import BlockId
from ledger.domain.entries import Entry
from ledger.errors import MalformedValue, NodeUnavailable, Refused, RpcError
from ledger.hashing import keccak
from ledger.types import Address, Hash32, parse_hex, to_hex

_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An account's leave to append one entry until `deadline` (seconds since 1970; EIP-712)."""

    actor: Address
    deadline: int
    signature: bytes


@cache
def selector(signature: str) -> bytes:
    """The 4 bytes that name a function or an error (Solidity ABI, function selector)."""
    return keccak(signature.encode())[:4]


# -- the layout: words, and tails that words point at ----------------------------------------


def _number(value: int) -> bytes:
    return value.to_bytes(_WORD, "big")


def _address(value: Address) -> bytes:
    return value.rjust(_WORD, b"\0")


def _bytes(value: bytes) -> bytes:
    return _number(len(value)) + value + bytes(-len(value) % _WORD)


def _pointed(tails: Sequence[bytes]) -> bytes:
    """Offsets of the tails, counted from the first offset, then the tails."""
    offset, heads = _WORD * len(tails), []
    for tail in tails:
        heads.append(_number(offset))
        offset += len(tail)
    return b"".join(heads) + b"".join(tails)


def _array(items: Iterable[bytes]) -> bytes:
    listed = list(items)
    return _number(len(listed)) + _pointed(listed)


def _entry(entry: Entry) -> bytes:
    head = entry.subject + entry.org + _number(entry.kind) + _number(entry.position)
    return head + _number(5 * _WORD) + _bytes(entry.payload)


def _authorisation(given: Authorisation) -> bytes:
    head = _address(given.actor) + _number(given.deadline) + _number(3 * _WORD)
    return head + _bytes(given.signature)


# -- calldata --------------------------------------------------------------------------------

APPEND: Final = "append((bytes32,bytes32,uint16,uint64,bytes)[])"
APPEND_SIGNED: Final = (
    "appendSigned((bytes32,bytes32,uint16,uint64,bytes)[],(address,uint64,bytes)[])"
)
ENROL: Final = "enrol(string,address[])"
SUSPEND: Final = "suspend(bytes32,bytes32)"
REINSTATE: Final = "reinstate(bytes32,bytes32)"
FREEZE: Final = "freeze(bytes32,bytes32)"
UNFREEZE: Final = "unfreeze(bytes32,bytes32)"
SET_BASE_URI: Final = "setBaseURI(string)"


def encode_append(entries: Sequence[Entry]) -> bytes:
    """Calldata that appends entries as the sender."""
    return selector(APPEND) + _pointed([_array(map(_entry, entries))])


def encode_append_signed(
    entries: Sequence[Entry], authorisations: Sequence[Authorisation]
) -> bytes:
    """Calldata that appends entries, each by the account that signed it."""
    return selector(APPEND_SIGNED) + _pointed(
        [_array(map(_entry, entries)), _array(map(_authorisation, authorisations))]
    )


def encode_enrol(did: str, accounts: Sequence[Address]) -> bytes:
    """Calldata that enrols an organisation with its first accounts."""
    listed = _number(len(accounts)) + b"".join(map(_address, accounts))
    return selector(ENROL) + _pointed([_bytes(did.encode()), listed])


def encode_suspend(org: Hash32, reason: Hash32) -> bytes:
    """Calldata that suspends an organisation; `reason` is a document's hash."""
    return selector(SUSPEND) + org + reason


def encode_reinstate(org: Hash32, reason: Hash32) -> bytes:
    """Calldata that lets a suspended organisation act again."""
    return selector(REINSTATE) + org + reason


def encode_freeze(subject: Hash32, reason: Hash32) -> bytes:
    """Calldata that bars an asset from everything but governance."""
    return selector(FREEZE) + subject + reason


def encode_unfreeze(subject: Hash32, reason: Hash32) -> bytes:
    """Calldata that lets a frozen asset move again."""
    return selector(UNFREEZE) + subject + reason


def encode_set_base_uri(base_uri: str) -> bytes:
    """Calldata that sets where tokens' metadata is found (ERC-721, `tokenURI`)."""
    return selector(SET_BASE_URI) + _pointed([_bytes(base_uri.encode())])


# -- views -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerContract:
    """The deployed ledger, asked through a node; every view takes the block it is asked as of."""

    rpc: RpcClient
    address: Address

    def fetch_domain(self, block: BlockId = "latest") -> Hash32:
        """The EIP-712 domain separator that all ids and signatures bind."""
        return self._ask("domain()", block)

    def fetch_ledger_head(self, block: BlockId = "latest") -> Hash32:
        """The rolling hash over all entries; zero before the first."""
        return self._ask("ledgerHead()", block)

    def fetch_head(self, subject: Hash32, block: BlockId = "latest") -> Hash32:
        """A subject's head; zero if it is unknown."""
        return self._ask("head(bytes32)", block, subject)

    def fetch_count(self, subject: Hash32, block: BlockId = "latest") -> int:
        """How many entries a subject has: the position of its next one."""
        return int.from_bytes(self._ask("count(bytes32)", block, subject), "big")

    def fetch_word(self, subject: Hash32, block: BlockId = "latest") -> int:
        """A subject's packed storage word."""
        return int.from_bytes(self._ask("word(bytes32)", block, subject), "big")

    def fetch_is_account(self, org: Hash32, account: Address, block: BlockId = "latest") -> bool:
        """Whether an account may act for an organisation."""
        return any(self._ask("isAccount(bytes32,address)", block, org, _address(account)))

    def fetch_is_active(self, org: Hash32, block: BlockId = "latest") -> bool:
        """Whether an organisation is enrolled and not suspended."""
        return any(self._ask("isActive(bytes32)", block, org))

    def fetch_organisation_at(self, address: Address, block: BlockId = "latest") -> Hash32:
        """The organisation that holds titles at an address; zero if none does."""
        return self._ask("organisationAt(address)", block, _address(address))

    def _ask(self, signature: str, block: BlockId, *words: bytes) -> bytes:
        data = selector(signature) + b"".join(words)
        answer = self.rpc.fetch_call(self.address, data, block)
        if len(answer) != _WORD:
            raise NodeUnavailable(
                f"{self.rpc.shown}: {signature} at {to_hex(self.address)} gave {len(answer)} bytes",
                url=self.rpc.shown,
                method=signature,
            )
        return answer


# -- refusals --------------------------------------------------------------------------------

_BUILT_IN: Final[tuple[dict[str, Any], ...]] = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "panic", "type": "uint256"}]},
)


@cache
def _refusals() -> dict[bytes, dict[str, Any]]:
    errors = list(_BUILT_IN)
    for name in ("AssetLedger", "AccessManager"):
        errors += [part for part in load_artifact(name).abi if part["type"] == "error"]
    return {selector(_signature(error)): error for error in errors}


def _signature(error: dict[str, Any]) -> str:
    return f"{error['name']}({','.join(field['type'] for field in error['inputs'])})"


def decode_refusal(data: bytes) -> Refused | None:
    """Read why a call was refused, from what it reverted with.

    Knows every custom error of the ledger and of its access manager, `Error` and `Panic`.
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
