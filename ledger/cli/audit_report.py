"""What is done with a report of an audit: it is checked offline, and printed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import count, fail, say
from ledger.cli.reporting import read_report
from ledger.types import Hash32, parse_address, parse_hash, to_hex

if TYPE_CHECKING:
    from ledger.reports.verify import Checked

ReportPlace = Annotated[
    Path,
    typer.Argument(metavar="REPORT", help="A report's folder, or its file.", show_default=False),
]


def verify_report(
    report: ReportPlace,
    signer: Annotated[str, typer.Option("--signer", help="Address of the auditor you trust.")],
    contract: Annotated[
        str | None, typer.Option("--contract", help="Address of the ledger; else the report's.")
    ] = None,
    block_hash: Annotated[
        str | None,
        typer.Option("--block-hash", help="Hash of the block of the bundles, by another way."),
    ] = None,
    seed_hash: Annotated[
        str | None,
        typer.Option(help="Hash of the seed's block, if that is of another chain."),
    ] = None,
    seed_rpc: Annotated[
        str | None,
        typer.Option(metavar="URL", help="In place of that hash: a node of that chain."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check offline a report's signature, its draw, and every bundle of its sample.

    With --seed-rpc, the seed's block is asked for on that chain, and all else is offline still.

    Exits with 1 if a step fails, naming it and both values.
    """
    from ledger.reports import verify
    from ledger.reports.steps import ReportFailed

    trusted = verify.Trusted(
        parse_address(signer, "--signer"),
        None if contract is None else parse_address(contract, "--contract"),
        None if block_hash is None else parse_hash(block_hash, "--block-hash"),
        None if seed_hash is None else parse_hash(seed_hash, "--seed-hash"),
    )
    raw, find_bundle, there = read_report(report)
    if seed_rpc is not None:
        if seed_hash is not None:
            raise typer.BadParameter("takes the place of --seed-hash", param_hint="--seed-rpc")
        trusted = replace(trusted, seed_hash=_fetch_seed(raw, seed_rpc))
    try:
        checked = verify.verify_report(raw, trusted, find_bundle, there)
    except ReportFailed as failure:
        if as_json:
            say(json.dumps({"verified": False, "code": failure.code} | failure.fields))
        fail(f"the report is not proven: {failure}")
        raise typer.Exit(1) from None
    say(json.dumps(_value(checked)) if as_json else _told(checked))


def _fetch_seed(raw: bytes, url: str) -> Hash32 | None:
    """The hash of the block that a report names as its seed, on the chain that it names.

    Raises:
        WrongChain: the node is of another chain.
        UnknownBlock: it knows no such block.
    """
    from ledger.chain.rpc import RpcClient
    from ledger.errors import DocumentError, MalformedValue, WrongChain
    from ledger.reports.report import decode_report

    try:
        sample = decode_report(raw).report.sample
    except (DocumentError, MalformedValue):
        return None  # which is the first step's to say
    if sample is None:
        return None
    with RpcClient(url) as rpc:
        if (found := rpc.chain_id()) != sample.seed.chain_id:
            raise WrongChain(
                f"the seed is of chain {sample.seed.chain_id}, {rpc.shown} serves chain {found}",
                expected=sample.seed.chain_id,
                found=found,
            )
        return rpc.fetch_block(sample.seed.number).hash


def print_report(
    report: ReportPlace,
    output: Annotated[Path, typer.Option("--output", "-o", help="The PDF to write.")],
    as_json: AsJson = False,
) -> None:
    """Print a report as PDF/A; the same report gives the same bytes. It is not checked by that."""
    from ledger.reports.paper import print_paper

    pdf = print_paper(read_report(report)[0])
    output.write_bytes(pdf)
    told = {"pdf": str(output), "size": len(pdf)}
    say(json.dumps(told) if as_json else f"{output} written, {len(pdf):,} bytes")


def _value(checked: Checked) -> dict[str, Any]:
    report = checked.report
    sample = report.sample
    return {
        "verified": True,
        "good": report.is_good,
        "equal": report.audit.equal,
        "signer": report.signer,
        "contract": report.contract,
        "population": sample and sample.population,
        "seed": sample and sample.seed.number,
        "drawn": sample and len(sample.drawn),
        "proven": [to_hex(each.asset) for each in checked.proven],
        "failed": [each.asset for each in sample.drawn if each.failure] if sample else [],
        "not_proven": list(checked.not_proven),
    }


def _told(checked: Checked) -> str:
    report, sample = checked.report, checked.report.sample
    lines = [f"signed by {report.signer} as it stands, and consistent"]
    outcome = "equals" if report.audit.equal else "IS NOT"
    lines.append(f"says: the mirror {outcome} what the chain says at {report.audit.block.number}")
    if (documents := report.audit.documents) is not None:
        lines.append(f"says: {documents.bad:,} bad documents of {documents.kept:,}")
    if sample is not None:
        failed = len(sample.drawn) - len(checked.proven)
        lines.append(
            f"block {sample.seed.number} of chain {sample.seed.chain_id} drew"
            f" {count(len(sample.drawn), 'asset')} of {sample.population:,};"
            f" {len(checked.proven):,} proven by bundles, {failed:,} not"
        )
    return "\n".join([*lines, "Not proven:", *[f"  {one}" for one in checked.not_proven]])
