"""The verb `audit`: mirror against chain, documents against ledger, a sample, and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.access import find_node
from ledger.cli.audit_report import print_report, verify_report
from ledger.cli.audited import (
    audit_sentence,
    audit_value,
    documents_sentence,
    sample_sentence,
    sample_value,
)
from ledger.cli.auditing import Auditing, Wishes
from ledger.cli.options import AsJson, Database, ManifestFile, Node
from ledger.cli.output import fail, say
from ledger.cli.reporting import Found, Words, make_folder, write_all
from ledger.cli.seeding import NEXT
from ledger.cli.worker import load_deployed

audit = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Compare every cell of the mirror with the chain, and draw a sample.",
)
audit.command("verify-report")(verify_report)
audit.command("print")(print_report)


@audit.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    rpc_url: Node = None,
    database_url: Database = None,
    manifest: ManifestFile = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of the ledger.")] = None,
    block: Annotated[
        int | None, typer.Option(help="As of an older block than the mirror's own.")
    ] = None,
    documents: Annotated[
        bool,
        typer.Option(help="Rehash every document that is kept, too; leave them out elsewhere."),
    ] = True,
    sample: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Draw so many assets, and prove each.")
    ] = None,
    seed: Annotated[
        str,
        typer.Option(
            metavar="BLOCK|next",
            help="The block, yet to come, whose hash draws the sample; else the next one.",
        ),
    ] = NEXT,
    seed_rpc: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A node of another chain, whose block the seed is to be."),
    ] = None,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="Repeat an earlier draw: its --block, and its --seed."),
    ] = False,
    within: Annotated[
        float | None, typer.Option(help="Seconds to wait for that block to be final; else any.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write the signed report, and bundles, to this folder."
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Keystore of the account that signs the report.")
    ] = None,
    title: Annotated[str, typer.Option(help="What the report calls itself.")] = "",
    auditor: Annotated[str, typer.Option(help="Who audits, in the report's words.")] = "",
    names: Annotated[
        bool, typer.Option("--names", help="Tell assets' serials and owners' names in the report.")
    ] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print the report as PDF/A, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole mirror from the chain, compare every cell, and rehash all documents.

    With --sample, assets are drawn that neither side can choose, and each is proven by a bundle.

    Exits with 1 if something differs, naming the first bad row in the ledger's order and both
    values, the first bad document with subject and entry, or the first asset that is not proven.
    """
    if context.invoked_subcommand is not None:
        return
    _require_together(sample, output, key, seed_rpc, replay=replay, block=block, pdf=pdf)

    from ledger.chain.rpc import RpcClient
    from ledger.cli.keystore import open_one
    from ledger.database.engine import open_engine, upgrade
    from ledger.settings import Settings

    settings = Settings.given(
        rpc_url=rpc_url, database_url=database_url, manifest=manifest, data=data
    )
    deployed = load_deployed(settings)
    signer = None if key is None else open_one(key)
    if output is not None:
        make_folder(output)
    wishes = Wishes(block, documents, sample, seed, replay, seed_rpc, within, output, names)
    engine = open_engine(settings.database())
    try:
        upgrade(engine)
        with RpcClient(find_node(settings)) as rpc:
            found = Auditing(settings, deployed, engine, rpc, wishes).run()
            if output is not None and signer is not None:
                write_all(output, found, deployed, rpc, Words(signer, title, auditor, pdf))
    finally:
        engine.dispose()
    _tell(found, output, as_json=as_json)


def _require_together(
    sample: int | None,
    output: Path | None,
    key: Path | None,
    seed_rpc: str | None,
    *,
    replay: bool,
    block: int | None,
    pdf: bool,
) -> None:
    """Refuse options that say nothing without another."""
    for is_given, needs, name, other in (
        (sample is not None, output is not None, "--sample", "--output"),
        (output is not None, key is not None, "--output", "--key"),
        (key is not None, output is not None, "--key", "--output"),
        (pdf, output is not None, "--pdf", "--output"),
        (replay, sample is not None, "--replay", "--sample"),
        (seed_rpc is not None, sample is not None, "--seed-rpc", "--sample"),
        (replay, block is not None, "--replay", "--block"),
    ):
        if is_given and not needs:
            raise typer.BadParameter(f"needs {other}", param_hint=name)


def _tell(found: Found, output: Path | None, *, as_json: bool) -> None:
    """Say what was found; leaves with 1 if anything is bad."""
    rehashed, sample = found.documents, found.sample
    if as_json:
        value = audit_value(found.audit, rehashed) | {"sample": sample and sample_value(sample)}
        say(json.dumps(value | {"output": output and str(output)}))
    else:
        say(audit_sentence(found.audit))
        say(documents_sentence(rehashed) if rehashed else "documents were left out")
        if sample is not None:
            say(sample_sentence(sample))
        if output is not None:
            say(f"{output} has the report")
    bad = []
    if found.audit.first is not None:
        bad.append(f"the mirror is not what the chain says: {found.audit.first}")
    if rehashed is not None and rehashed.first is not None:
        bad.append(f"a document is not what the ledger says: {rehashed.first}")
    failed = [each for each in sample.drawn if each.failure] if sample else []
    if failed:
        bad.append(f"{failed[0].asset} is not proven: {failed[0].failure}")
    for one in bad:
        fail(one)
    if bad:
        raise typer.Exit(1)
