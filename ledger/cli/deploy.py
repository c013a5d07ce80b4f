"""The verbs `deploy plan|apply|status|verify`: a chain as a plan says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import AsJson, Node
from ledger.cli.output import fail, say
from ledger.types import to_hex

if TYPE_CHECKING:
    from ledger.deployment.apply import Deployment
    from ledger.deployment.manifest import Manifest
    from ledger.deployment.plan import Plan

deploy = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Plan, apply and verify a deployment of the contracts.",
)

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN.toml", help="What is to be deployed.")]
Folder = Annotated[
    Path | None, typer.Option("--data", help="Folder of keys and manifest; else .asset-ledger.")
]
Target = Annotated[
    Path | None, typer.Option("--manifest", help="What is deployed; else in the data folder.")
]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Replaces a plan's value.")
]


@deploy.command("plan")
def plan_(
    plan: PlanFile,
    rpc_url: Node = None,
    data: Folder = None,
    manifest: Target = None,
    values: Values = None,
    as_json: AsJson = False,
) -> None:
    """Show what applying would do, step by step; sends nothing."""
    from ledger.deployment.outstanding import told

    with _opened(plan, rpc_url, data, manifest, values) as deployment:
        steps = [told(todo) for todo in deployment.outstanding()]
    if as_json:
        say(json.dumps({"outstanding": steps}))
        return
    for step in steps:
        say(f"to do: {step['step']} (by {step['by']})")
    if not steps:
        say("nothing to do")


@deploy.command()
def apply(
    plan: PlanFile,
    rpc_url: Node = None,
    data: Folder = None,
    manifest: Target = None,
    values: Values = None,
    as_json: AsJson = False,
) -> None:
    """Bring the chain to what the plan says, and write the manifest.

    Applied again it does nothing; killed, it goes on where it was.
    """
    from ledger.chain.rpc import RpcClient
    from ledger.cli.keystore import provide_funds
    from ledger.cli.signers import open_signers
    from ledger.deployment.apply import apply

    place = _Place(plan, rpc_url, data, manifest, values)
    signers = open_signers(place.keys, place.plan.keys)
    provide_funds(place.rpc_url, {name: each.address for name, each in signers.items()})
    with RpcClient(place.rpc_url) as rpc:
        done = apply(rpc, place.plan, signers, place.manifest, tell=fail)
    say(json.dumps(_value(done, place.manifest)) if as_json else _sentence(done, place.manifest))


@deploy.command()
def status(
    plan: PlanFile,
    rpc_url: Node = None,
    data: Folder = None,
    manifest: Target = None,
    values: Values = None,
    as_json: AsJson = False,
) -> None:
    """Show what is deployed, and how many steps of the plan are outstanding."""
    with _opened(plan, rpc_url, data, manifest, values) as deployment:
        left = len(deployment.outstanding())
    known, path = deployment.manifest, deployment.manifest_path
    if as_json:
        value = {"deployed": known is not None, "outstanding": left}
        say(json.dumps(value if known is None else _value(known, path) | value))
        return
    say("nothing is deployed" if known is None else _sentence(known, path))
    say(f"{left} steps of the plan are outstanding")


@deploy.command()
def verify(
    plan: PlanFile,
    rpc_url: Node = None,
    data: Folder = None,
    manifest: Target = None,
    values: Values = None,
    as_json: AsJson = False,
) -> None:
    """Compare the chain with plan, manifest and artifacts; exits with 1 if anything differs."""
    from ledger.deployment.verify import verify_deployment

    with _opened(plan, rpc_url, data, manifest, values) as deployment:
        checked = verify_deployment(deployment)
    if as_json:
        say(json.dumps({"verified": checked}))
        return
    for line in checked:
        say(f"verified: {line}")


class _Place:
    """A plan, and the places that the options and settings name."""

    def __init__(
        self,
        plan: Path,
        rpc_url: str | None,
        data: Path | None,
        manifest: Path | None,
        values: list[str] | None,
    ) -> None:
        from ledger.cli.access import find_node
        from ledger.deployment.plan import load_plan
        from ledger.settings import Settings

        settings = Settings.given(data=data)
        self.plan: Plan = load_plan(plan, dict(_pair(text) for text in values or []))
        self.rpc_url = rpc_url or find_node(settings)
        self.manifest = manifest or settings.manifest_path()
        self.keys = settings.data / "keys"


@contextmanager
def _opened(
    plan: Path,
    rpc_url: str | None,
    data: Path | None,
    manifest: Path | None,
    values: list[str] | None,
) -> Iterator[Deployment]:
    from ledger.chain.rpc import RpcClient
    from ledger.cli.signers import open_signers
    from ledger.deployment.apply import open_deployment

    place = _Place(plan, rpc_url, data, manifest, values)
    signers = open_signers(place.keys, place.plan.keys)
    addresses = {name: signer.address for name, signer in signers.items()}
    with RpcClient(place.rpc_url) as rpc:
        yield open_deployment(rpc, place.plan, addresses, place.manifest)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text} is not NAME=VALUE", param_hint="--set")
    return name, value


def _value(manifest: Manifest, path: Path) -> dict[str, Any]:
    return {
        "manifest": str(path),
        "chain_id": manifest.chain_id,
        "domain": to_hex(manifest.domain),
        "contracts": {name: to_hex(each.address) for name, each in manifest.contracts.items()},
    }


def _sentence(manifest: Manifest, path: Path) -> str:
    places = [f"{name:<14} {to_hex(each.address)}" for name, each in manifest.contracts.items()]
    return "\n".join([*places, f"{'manifest':<14} {path}"])
