"""The verb `verify`: check a bundle offline, step by step, and say what it proves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import fail, say
from ledger.types import parse_address, parse_hash


def verify(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE|-",
            help="The bundle's file, or - for standard input.",
            show_default=False,
        ),
    ],
    block_hash: Annotated[
        str, typer.Option("--block-hash", help="Hash of a block that you trust.")
    ],
    contract: Annotated[
        str, typer.Option("--contract", help="Address of the ledger that you trust.")
    ],
    as_json: AsJson = False,
) -> None:
    """Check offline that a bundle proves a subject's complete history.

    Exits with 1 if it does not, naming the step that failed and both values.
    """
    wanted = parse_hash(block_hash, "--block-hash")
    trusted = parse_address(contract, "--contract")

    from ledger.cli.proven_text import failed_steps, passed_steps, print_steps, printable, tell
    from ledger.cli.proven_values import failure_value, verified_value
    from ledger.proofs.steps import StepFailed
    from ledger.proofs.verify import verify_bundle

    raw = _read(bundle)
    try:
        verified = verify_bundle(raw, block_hash=wanted, contract=trusted)
    except StepFailed as failure:
        if as_json:
            say(json.dumps(failure_value(failure)))
        else:
            print_steps(failed_steps(failure))
        fail(f"not proven: {printable(str(failure))}")
        raise typer.Exit(1) from None
    if as_json:
        say(json.dumps(verified_value(verified)))
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
