"""Where a plan's contracts are: by manifest and journal, else found again on the chain itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ledger.chain.artifacts import Artifact, load_artifact
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import Receipt
from ledger.deployment.journal import Journal
from ledger.deployment.manifest import DeployedContract, Manifest
from ledger.deployment.plan import Plan, inputs_of
from ledger.errors import LedgerError
from ledger.hashing import keccak
from ledger.proofs.rlp import encode, encode_number
from ledger.types import Address, Hash32, parse_hex, to_hex

_SCANNED: Final = 256


class OriginUnknown(LedgerError):
    """A contract is there, but the transaction that made it is not found."""

    code = "origin_unknown"


class OtherCode(LedgerError):
    """A contract was made by another version of its source, and no contract is ever replaced."""

    code = "other_code"
    advice = "go on with the version that deployed it, or begin another ledger (`up --fresh` does)"


def created_address(sender: Address, nonce: int) -> Address:
    """Address of the contract that a sender's transaction creates (Yellow Paper, section 7)."""
    return keccak(encode([sender, encode_number(nonce)]))[12:]


def fetch_places(
    rpc: RpcClient,
    plan: Plan,
    keys: Mapping[str, Address],
    manifest: Manifest | None,
    journal: Journal,
) -> dict[str, Address]:
    """Addresses of those of the plan's contracts that are on the chain.

    Raises:
        OtherCode: what is there is not the compiled contract.
    """
    places: dict[str, Address] = {}
    for contract in plan.contracts:
        for address in _told(contract.name, manifest, journal):
            if code := rpc.fetch_code(address):
                _verify_same(load_artifact(contract.name), address, code)
                places[contract.name] = address
                break
    missing = [contract for contract in plan.contracts if contract.name not in places]
    if manifest is None and not journal.load():
        # Both files are gone, or there never were any: the chain knows.
        for contract in missing:
            found = _find_created(rpc, keys[contract.by[1:]], load_artifact(contract.name))
            if found is not None:
                places[contract.name] = found
    return places


def _verify_same(artifact: Artifact, address: Address, code: bytes) -> None:
    if not artifact.made(code):
        raise OtherCode(
            f"{artifact.name} at {to_hex(address)} has other code than this version's",
            contract=artifact.name,
            address=to_hex(address),
        )


def _told(name: str, manifest: Manifest | None, journal: Journal) -> Iterator[Address]:
    if manifest is not None and name in manifest.contracts:
        yield manifest.contracts[name].address
    for signed in journal.find(f"create {name}"):
        if signed.address is not None:
            yield signed.address


def _find_created(rpc: RpcClient, sender: Address, artifact: Artifact) -> Address | None:
    """The newest contract of that code among the sender's."""
    newest = rpc.fetch_nonce(sender)
    for nonce in reversed(range(max(0, newest - _SCANNED), newest)):
        address = created_address(sender, nonce)
        code = rpc.fetch_code(address)
        if code and artifact.made(code):
            return address
    return None


def fetch_deployed(
    rpc: RpcClient,
    name: str,
    address: Address,
    known: DeployedContract | None,
    journal: Journal,
) -> DeployedContract:
    """All that the manifest says of a contract, asked of the chain.

    Raises:
        OriginUnknown: the transaction that made it is not found.
    """
    hashes = [signed.hash for signed in journal.find(f"create {name}") if signed.address == address]
    if known is not None and known.address == address:
        hashes.append(known.transaction)
    receipt = _find_origin(rpc, address, hashes)
    if receipt is None:
        raise OriginUnknown(f"{name} at {to_hex(address)}: what made it is not found")
    if known is not None and known.block_hash == receipt.block_hash:
        return known
    artifact = load_artifact(name)
    return DeployedContract(
        address=address,
        block=receipt.block_number,
        block_hash=receipt.block_hash,
        transaction=receipt.transaction_hash,
        code_hash=keccak(rpc.fetch_code(address)),
        compiler=artifact.compiler,
        source_hash=artifact.source_hash,
        arguments=_fetch_arguments(rpc, artifact, receipt.transaction_hash),
    )


def _find_origin(rpc: RpcClient, address: Address, hashes: Sequence[Hash32]) -> Receipt | None:
    for receipt in rpc.fetch_receipts(hashes):
        if receipt is not None and receipt.contract_address == address:
            return receipt
    # Our contracts write a log when they are made.
    logs = rpc.fetch_logs(address)
    receipt = rpc.find_receipt(logs[0].transaction_hash) if logs else None
    return receipt if receipt is not None and receipt.contract_address == address else None


def _fetch_arguments(rpc: RpcClient, artifact: Artifact, made_by: Hash32) -> tuple[object, ...]:
    """The constructor's arguments, from the transaction itself."""
    from eth_abi.abi import decode

    sent = rpc.fetch("eth_getTransactionByHash", to_hex(made_by))
    code = parse_hex(sent["input"], field="input")
    inputs = inputs_of(artifact.name)
    if not code.startswith(artifact.bytecode):
        return ()
    values = decode([field["type"] for field in inputs], code[len(artifact.bytecode) :])
    return tuple(to_hex(value) if isinstance(value, bytes) else value for value in values)
