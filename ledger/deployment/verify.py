"""Whether a chain is as plan, manifest and artifacts say: a walk that names what is not."""

from __future__ import annotations

from ledger.chain.artifacts import load_artifact
from ledger.chain.contract import LedgerContract
from ledger.deployment.apply import LEDGER, Deployment
from ledger.deployment.manifest import DeployedContract
from ledger.errors import UnknownThing, VerificationError
from ledger.hashing import keccak
from ledger.types import to_hex


def verify_deployment(deployment: Deployment) -> list[str]:
    """Check contracts, domain, roles and settings; returns what was checked, a line each.

    1. each contract of the plan is in the manifest, and its code on the chain is the manifest's;
    2. that code is the compiled contract's, but for its immutables;
    3. the ledger's domain on the chain is the manifest's, where a ledger is deployed;
    4. nothing of the plan is outstanding.

    Raises:
        VerificationError: names the first that does not hold, with both values.
        UnknownThing: there is no manifest.
    """
    manifest = deployment.manifest
    if manifest is None:
        raise UnknownThing("manifest", field="manifest", value=str(deployment.manifest_path))
    checked = []
    for planned in deployment.plan.contracts:
        contract = manifest.contracts.get(planned.name)
        if contract is None:
            raise VerificationError(f"{planned.name} is not in the manifest", step=planned.name)
        checked.append(_verify_code(deployment, planned.name, contract))
    if LEDGER in manifest.contracts:
        ledger = LedgerContract(deployment.rpc, manifest.contracts[LEDGER].address)
        _same("domain", to_hex(manifest.domain), to_hex(ledger.fetch_domain()))
        checked.append(f"domain {to_hex(manifest.domain)}")
    for todo in deployment.outstanding():
        raise VerificationError(f"{todo.label}: is not so on the chain", step=todo.label)
    checked += [f"role {role.name}" for role in deployment.plan.roles]
    checked += [f"setting {one.contract}.{one.variable}" for one in deployment.plan.settings]
    return checked


def _verify_code(deployment: Deployment, name: str, contract: DeployedContract) -> str:
    code = deployment.rpc.fetch_code(contract.address)
    artifact = load_artifact(name)
    _same(f"{name}: code", to_hex(contract.code_hash), to_hex(keccak(code)))
    _same(
        f"{name}: code without immutables",
        to_hex(keccak(artifact.masked(artifact.runtime))),
        to_hex(keccak(artifact.masked(code))),
    )
    return f"{name} at {to_hex(contract.address)}, {len(code):,} bytes"


def _same(step: str, expected: str, found: str) -> None:
    if expected != found:
        raise VerificationError(
            f"{step}: expected {expected}, found {found}",
            step=step,
            expected=expected,
            found=found,
        )
