"""What is done with a report of an audit: it is checked offline, and printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import count, fail, say
from ledger.cli.reporting import read_report
from ledger.types import parse_address, parse_hash, to_hex

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
        typer.Option("--block-hash", help="Hash of the seed's block, by another way."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check offline a report's signature, its draw, and every bundle of its sample.

    Exits with 1 if a step fails, naming it and both values.
    """
    from ledger.reports import verify
    from ledger.reports.steps import ReportFailed

    trusted = verify.Trusted(
        parse_address(signer, "--signer"),
        None if contract is None else parse_address(contract, "--contract"),
        None if block_hash is None else parse_hash(block_hash, "--block-hash"),
    )
    raw, find_bundle, there = read_report(report)
    try:
        checked = verify.verify_report(raw, trusted, find_bundle, there)
    except ReportFailed as failure:
        if as_json:
            say(json.dumps({"verified": False, "code": failure.code} | failure.fields))
        fail(f"the report is not proven: {failure}")
        raise typer.Exit(1) from None
    say(json.dumps(_value(checked)) if as_json else _told(checked))


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
            f"block {sample.seed.number} drew {count(len(sample.drawn), 'asset')} of"
            f" {sample.population:,}; {len(checked.proven):,} proven by bundles, {failed:,} not"
        )
    return "\n".join([*lines, "Not proven:", *[f"  {one}" for one in checked.not_proven]])
