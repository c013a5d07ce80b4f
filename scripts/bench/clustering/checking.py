"""Compares what came out with what the plan says: through the API, on the chain, by an audit."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ledger.chain.layout import address_word, selector
from ledger.chain.rpc import RpcClient
from ledger.client import AssetAnswer, AsyncClient
from ledger.hashing import organisation_address
from ledger.types import parse_hash
from scripts.bench.clustering.acting import Done
from scripts.bench.clustering.plan import Outcome, Plan
from scripts.bench.writing.system import System

_ROOT: Final = Path(__file__).resolve().parents[3]
_PAGE: Final = 200
_BALANCE_OF: Final = "balanceOf(address)"


def compare_operations(plan: Plan, done: Done) -> list[str]:
    """Every operation is final, but those that had to be rejected, for that very reason."""
    wrong = list(done.unplanned)
    rejected = 0
    for sent in done.sent:
        ended = done.operations[sent.operation]
        reason = (ended.reason or {}).get("code") if ended.state == "rejected" else None
        rejected += ended.state == "rejected"
        if reason != sent.refused:
            wanted = f"rejected ({sent.refused})" if sent.refused else "final"
            came = f"{ended.state} ({ended.reason})"
            wrong.append(f"{sent.what} by {sent.by} ended {came}, not {wanted}")
    refused = rejected + done.refused_at_once
    if refused != plan.refused:
        wrong.append(f"{refused} requests came to nothing, not {plan.refused}")
    return wrong


async def compare_assets(
    clients: Sequence[AsyncClient], organisations: Sequence[str], plan: Plan, done: Done
) -> list[str]:
    """Each organisation's list holds what it must own, and each asset stands as it must.

    Positions are compared, too: of an asset that nobody was to attest they tell that nobody did.
    """
    listed = await asyncio.gather(
        *(_list_owned(*pair) for pair in zip(clients, organisations, strict=True))
    )
    found = {asset.id: asset for assets in listed for asset in assets}
    wrong = []
    if len(found) != len(plan.lives):
        wrong.append(f"{len(found):,} assets are there, not {len(plan.lives):,}")
    for number, outcome in enumerate(plan.outcomes):
        asset = found.get(done.ids[number])
        if asset is None:
            wrong.append(f"asset {number} is in nobody's list")
            continue
        wanted = _told(outcome, organisations, done)
        came = (asset.owner, asset.custodian, asset.parent, asset.position + 1)
        if came != wanted:
            wrong.append(
                f"asset {number} has owner, custodian, parent, entries {came}, not {wanted}"
            )
    return wrong


async def _list_owned(client: AsyncClient, organisation: str) -> list[AssetAnswer]:
    return [asset async for asset in client.list_assets(owner=organisation, page=_PAGE)]


def _told(
    outcome: Outcome, organisations: Sequence[str], done: Done
) -> tuple[str, str | None, str | None, int]:
    custodian = None if outcome.custodian is None else organisations[outcome.custodian]
    parent = None if outcome.parent is None else done.ids[outcome.parent]
    return organisations[outcome.owner], custodian, parent, outcome.entries


async def compare_attestations(
    clients: Sequence[AsyncClient], organisations: Sequence[str], plan: Plan, done: Done
) -> list[str]:
    """What is stated of each asset that was to be attested, read by the one that made it."""

    async def look(maker: int) -> list[str]:
        wrong = []
        for number in plan.made_by(maker):
            attested = plan.outcomes[number].attested
            if not attested:
                continue
            rows = clients[maker].list_attestations(done.ids[number])
            came = sorted([(one.issuer, one.schema, one.state) async for one in rows])
            wanted = sorted(
                (organisations[issuer], done.schema, "revoked" if revoked else "valid")
                for issuer, revoked in attested.items()
            )
            if came != wanted:
                wrong.append(f"asset {number} has attestations {came}, not {wanted}")
        return wrong

    return _together(await asyncio.gather(*map(look, range(plan.organisations))))


def compare_balances(system: System, organisations: Sequence[str], plan: Plan) -> list[str]:
    """On the chain, each organisation's address has as many tokens as it must own (ERC-721)."""
    contract = system.manifest.contracts["AssetLedger"].address
    wrong = []
    with RpcClient(system.rpc_url) as rpc:
        for number, organisation in enumerate(organisations):
            address = organisation_address(parse_hash(organisation, "organisation"))
            asked = selector(_BALANCE_OF) + address_word(address)
            came = int.from_bytes(rpc.fetch_call(contract, asked), "big")
            wanted = len(plan.owned_by(number))
            if came != wanted:
                wrong.append(f"organisation {number} has a balance of {came}, not {wanted}")
    return wrong


def compare_entries(system: System, before: int, plan: Plan) -> list[str]:
    """The ledger has grown by the plan's entries and the schema's, and by nothing else."""
    came, wanted = system.count_entries() - before, plan.entries + 1
    return [] if came == wanted else [f"{came:,} entries came, not {wanted:,}"]


def audit(system: System, database_url: str | None) -> list[str]:
    """What `asset-ledger audit` has against the mirror and the documents, run as by anybody."""
    command = [sys.executable, "-m", "ledger.cli", "audit", "--json", "--data", str(system.data)]
    command += ["--database-url", database_url] if database_url else []
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        return [f"audit ended with {ended.returncode}: {ended.stdout}{ended.stderr}"]
    told = json.loads(ended.stdout)
    if not told["equal"] or told["documents"]["bad"] or told["entries"] != system.count_entries():
        return [f"audit found {told}"]
    return []


def _together(found: Iterable[list[str]]) -> list[str]:
    return [one for wrong in found for one in wrong]
