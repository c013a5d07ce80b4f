"""Making a chain as a plan says: each transaction journalled before it is sent, none sent twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.artifacts import load_artifact
from ledger.chain.refusals import find_refusal
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.signer import Signer
from ledger.chain.signers.transaction import TransactionFields, verify_signed
from ledger.chain.wire import Receipt
from ledger.deployment.journal import Journal, Signed
from ledger.deployment.manifest import Manifest, find_manifest, save_manifest, verify_chain
from ledger.deployment.outstanding import Names, Todo, fetch_outstanding
from ledger.deployment.places import created_address, fetch_deployed, fetch_places
from ledger.deployment.plan import Plan, wrong
from ledger.errors import LedgerError, NodeUnavailable, RpcError, WrongChain
from ledger.hashing import domain_separator, keccak
from ledger.types import ZERO_HASH, Address, Hash32, to_hex

if TYPE_CHECKING:
    from web3 import Web3

LEDGER: Final = "AssetLedger"
_DEADLINE: Final = 180.0
_RESEND: Final = 2.0
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.25
_TIP: Final = 10**9

Tell = Callable[[str], None]


class DeploymentFailed(LedgerError):
    """A step of a deployment did not come through; names the step."""

    code = "deployment_failed"


def _silent(text: str) -> None:
    """Tell nobody."""


def journal_path(manifest: Path) -> Path:
    """Where the journal lies: beside the manifest."""
    return manifest.with_name(f"{manifest.stem}.journal.jsonl")


@dataclass(slots=True)
class Deployment:
    """A plan, the chain it is for, and what was done of it so far."""

    rpc: RpcClient
    plan: Plan
    keys: Mapping[str, Address]
    manifest_path: Path
    manifest: Manifest | None
    journal: Journal

    def names(self) -> Names:
        """What the plan's names stand for now."""
        places = fetch_places(self.rpc, self.plan, self.keys, self.manifest, self.journal)
        return Names(self.plan, self.keys, places)

    def outstanding(self) -> list[Todo]:
        """What is to do, in order: the dry run."""
        return list(fetch_outstanding(self.rpc, self.names()))


def open_deployment(
    rpc: RpcClient, plan: Plan, keys: Mapping[str, Address], manifest_path: Path
) -> Deployment:
    """Look at a plan's chain and at what is known of it.

    Raises:
        WrongChain: the manifest, or the plan, is for another chain than the node's.
        PlanError: a key of the plan is not given.
    """
    for name in plan.keys:
        if name not in keys:
            raise wrong("keys", f"no key {name} was given")
    manifest = find_manifest(manifest_path)
    if manifest is not None:
        verify_chain(rpc, manifest)
    if plan.chain_id not in {None, rpc.chain_id()}:
        raise WrongChain(f"the plan is for chain {plan.chain_id}, {rpc.shown} is another")
    journal = Journal(journal_path(manifest_path), rpc.genesis_hash())
    return Deployment(rpc, plan, keys, manifest_path, manifest, journal)


def apply(
    rpc: RpcClient,
    plan: Plan,
    signers: Mapping[str, Signer],
    manifest_path: Path,
    *,
    tell: Tell = _silent,
) -> Manifest:
    """Bring the chain to what the plan says, and write the manifest; applied again, do nothing.

    May be killed at any moment and run again: it goes on where it was.

    Raises:
        WrongChain: the manifest, or the plan, is for another chain than the node's.
        OtherCode: a contract was deployed by another version of its source.
        Refused: a contract refuses a step.
        DeploymentFailed: a step failed, or has not come through in three minutes.
        NodeUnavailable: the node does not answer.
    """
    keys = {name: signer.address for name, signer in signers.items()}
    deployment = open_deployment(rpc, plan, keys, manifest_path)
    previous: Todo | None = None
    while True:
        # Asked for before what is to do: mined in between, a step would else be signed again.
        nonces = {name: rpc.fetch_nonce(address) for name, address in keys.items()}
        todo = next(iter(fetch_outstanding(rpc, deployment.names())), None)
        if todo is None:
            break
        signed = _find_signed(deployment, keys[todo.by], nonces[todo.by])
        if signed is None:
            if todo == previous:
                raise DeploymentFailed(f"{todo.label}: done, and to no effect", step=todo.label)
            previous = todo
            signed = _sign(deployment, todo, signers[todo.by])
            deployment.journal.append(signed)
        receipt = _send(rpc, signed)
        if not receipt.succeeded:
            raise DeploymentFailed(f"{signed.label}: its transaction failed", step=signed.label)
        tell(f"{signed.label}: block {receipt.block_number}")
    manifest = _manifest(deployment)
    if manifest != deployment.manifest:
        save_manifest(manifest_path, manifest)
    return manifest


def _find_signed(deployment: Deployment, sender: Address, nonce: int) -> Signed | None:
    """What was signed for a nonce: nothing else may ever be signed for it."""
    for signed in reversed(deployment.journal.load()):
        if (signed.sender, signed.nonce) == (sender, nonce):
            return signed
    return None


def _sign(deployment: Deployment, todo: Todo, signer: Signer) -> Signed:
    rpc = deployment.rpc
    data = _encode(todo)
    nonce = rpc.fetch_nonce(signer.address)
    fields = TransactionFields(
        chain_id=rpc.chain_id(),
        nonce=nonce,
        to=todo.to,
        data=data,
        gas=_fetch_gas(rpc, signer.address, todo, data),
        max_fee_per_gas=4 * rpc.fetch_block("latest").base_fee + _TIP,
        max_priority_fee_per_gas=_TIP,
    )
    _verify_can_pay(rpc, todo, signer.address, fields.gas * fields.max_fee_per_gas)
    raw = signer.sign_transaction(fields)
    verify_signed(raw, fields, signer.address)
    created = created_address(signer.address, nonce) if todo.to is None else None
    return Signed(todo.label, signer.address, nonce, raw, keccak(raw), created)


def _verify_can_pay(rpc: RpcClient, todo: Todo, sender: Address, wei: int) -> None:
    has = rpc.fetch_balance(sender)
    if has < wei:
        raise DeploymentFailed(
            f"{todo.label}: {todo.by} ({to_hex(sender)}) needs {wei} wei and has {has}",
            step=todo.label,
        )


def _encode(todo: Todo) -> bytes:
    """Creation code or calldata, as web3.py encodes it from the artifact."""
    from web3 import Web3

    artifact = load_artifact(todo.contract)
    codec = Web3().eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
    if todo.function is None:
        text: Any = codec.constructor(*todo.arguments).data_in_transaction
    else:
        text = codec.encode_abi(todo.function, args=list(todo.arguments))
    return bytes.fromhex(text[2:]) if isinstance(text, str) else bytes(text)


def _fetch_gas(rpc: RpcClient, sender: Address, todo: Todo, data: bytes) -> int:
    try:
        needed = rpc.fetch_gas(sender, todo.to, data)
    except RpcError as error:
        raise find_refusal(error) or DeploymentFailed(
            f"{todo.label}: {error}", step=todo.label
        ) from error
    return needed + needed // 5


def _send(rpc: RpcClient, signed: Signed) -> Receipt:
    """Broadcast the same bytes until they are in a block."""
    web3 = _web3(rpc)
    deadline = time.monotonic() + _DEADLINE
    while True:
        refusal = _broadcast(web3, rpc, signed)
        receipt = _await_receipt(rpc, signed, min(deadline, time.monotonic() + _RESEND))
        if receipt is not None:
            return receipt
        if time.monotonic() >= deadline or not _waits(rpc, signed):
            why = refusal or "it is in no block"
            raise DeploymentFailed(f"{signed.label}: {why}", step=signed.label)


def _waits(rpc: RpcClient, signed: Signed) -> bool:
    """Whether the node has the transaction, which a refusal to take it again leaves open."""
    return rpc.fetch("eth_getTransactionByHash", to_hex(signed.hash)) is not None


def _broadcast(web3: Web3, rpc: RpcClient, signed: Signed) -> str | None:
    """Send once; returns why the node did not take it, which it also says when it has it."""
    from requests import RequestException
    from web3.exceptions import Web3Exception

    try:
        web3.eth.send_raw_transaction(signed.raw)
    except RequestException as error:
        # Its text shows the URL's path, which may be a key.
        raise NodeUnavailable(
            f"{rpc.shown} did not take {signed.label}: {type(error).__name__}", url=rpc.shown
        ) from None
    except (Web3Exception, ValueError) as error:
        return str(error)
    return None


def _await_receipt(rpc: RpcClient, signed: Signed, until: float) -> Receipt | None:
    pause = _FIRST_PAUSE
    while True:
        receipt = rpc.find_receipt(signed.hash)
        if receipt is not None or time.monotonic() + pause > until:
            return receipt
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _web3(rpc: RpcClient) -> Web3:
    """web3.py without what it does unasked: no retries, no nonces of the node's."""
    from web3 import HTTPProvider, Web3

    web3 = Web3(HTTPProvider(rpc.url, exception_retry_configuration=None))
    web3.middleware_onion.clear()
    return web3


def _domain(chain_id: int, ledger: Address | None) -> Hash32:
    """The ledger's domain; zero where the plan deploys none, but a log of checkpoints, say."""
    return ZERO_HASH if ledger is None else domain_separator(chain_id, ledger)


def _manifest(deployment: Deployment) -> Manifest:
    rpc, known = deployment.rpc, deployment.manifest
    names = deployment.names()
    chain_id = rpc.chain_id()
    before = {} if known is None else known.contracts
    return Manifest(
        chain_id=chain_id,
        genesis_hash=rpc.genesis_hash(),
        domain=_domain(chain_id, names.contracts.get(LEDGER)),
        contracts={
            name: fetch_deployed(rpc, name, address, before.get(name), deployment.journal)
            for name, address in names.contracts.items()
        },
        roles={
            role.name: {
                "id": role.id,
                "members": [to_hex(names.resolve(one, "address")) for one in role.members],
                "functions": list(role.functions),
                "delay": role.delay,
            }
            for role in names.plan.roles
        },
    )
