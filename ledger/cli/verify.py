"""The verb `verify`: check a bundle offline, step by step, and say what it proves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import fail, say
from ledger.cli.trusting import (
    AnchorHash,
    AnchorLog,
    AnchorRpc,
    BlockHash,
    CheckpointFile,
    Threshold,
    Witness,
    read_trust,
)
from ledger.errors import VerificationError
from ledger.types import parse_address, parse_hash, to_hex


def verify(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE|-",
            help="The bundle's file, or - for standard input.",
            show_default=False,
        ),
    ],
    contract: Annotated[
        str, typer.Option("--contract", help="Address of the ledger that you trust.")
    ],
    block_hash: BlockHash = None,
    witness: Witness = None,
    threshold: Threshold = None,
    checkpoint: CheckpointFile = None,
    anchor_log: AnchorLog = None,
    anchor_hash: AnchorHash = None,
    anchor_rpc: AnchorRpc = None,
    subject: Annotated[
        str | None,
        typer.Option(help="Id that the bundle has to be about, else any that it says."),
    ] = None,
    artifact: Annotated[
        Path | None,
        typer.Option(help="The contract as compiled from its source: its code has to be that."),
    ] = None,
    absence: Annotated[
        bool,
        typer.Option("--absence", help="It is a proof that there is no --subject, as of the hash."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check offline that a bundle proves a subject's complete history.

    Its block is believed by its hash, or by witnesses who signed a checkpoint of it, or whose words
    a log on another chain holds.

    Exits with 1 if it does not, naming the step that failed and both values.
    """
    trusted = parse_address(contract, "--contract")
    about = None if subject is None else parse_hash(subject, "--subject")
    trust = read_trust(
        block_hash, witness, threshold, checkpoint, anchor_log, anchor_hash, anchor_rpc
    )
    if absence:
        if about is None or trust.witnesses or trust.block_hash is None or artifact is not None:
            raise typer.BadParameter("it takes --subject and --block-hash", param_hint="--absence")
        from ledger.cli.absent import check_absence

        check_absence(_read(bundle), trusted, about, trust.block_hash, as_json=as_json)
        return

    from ledger.cli.proven_text import failed_steps, passed_steps, print_steps, printable, tell
    from ledger.cli.proven_values import failure_value, verified_value
    from ledger.proofs.steps import StepFailed

    raw = _read(bundle)
    try:
        verified, vouched = trust.verify(raw, trusted)
    except StepFailed as failure:
        if as_json:
            say(json.dumps(failure_value(failure)))
        else:
            print_steps(failed_steps(failure))
        fail(f"not proven: {printable(str(failure))}")
        raise typer.Exit(1) from None
    if about not in (None, verified.subject):
        raise VerificationError(
            f"not proven: the bundle is about {to_hex(verified.subject)}, not {subject}",
            expected=subject,
            found=to_hex(verified.subject),
        )
    if artifact is not None:
        from ledger.proofs.code import verify_code

        verified = verify_code(verified, _read(artifact))
    if as_json:
        by = {} if vouched is None else {"witnesses": [to_hex(one) for one in vouched.witnesses]}
        say(json.dumps(verified_value(verified) | by))
        return
    print_steps(passed_steps(verified))
    say("\n".join(tell(verified)))


def _read(bundle: Path) -> bytes:
    if str(bundle) == "-":
        return sys.stdin.buffer.read()
    try:
        return bundle.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{bundle}: {error.strerror}", param_hint="BUNDLE") from None
