"""The verb `compile`: contracts into artifacts, or a check that the artifacts are up to date."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import fail, say


def compile(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the committed artifacts, write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compile the contracts with npm's solc into contracts/artifacts.

    With --check, exits with 1 and names each difference if the artifacts are not up to date.
    """
    from ledger.deployment.compile import ARTIFACTS, check_artifacts, write_artifacts

    if check:
        differences = check_artifacts()
        if as_json:
            say(json.dumps({"up_to_date": not differences, "differences": differences}))
        for difference in differences:
            fail(difference)
        if differences:
            raise typer.Exit(1)
        if not as_json:
            say("the artifacts are up to date")
        return
    artifacts = write_artifacts()
    if as_json:
        say(json.dumps({name: each["sourceHash"] for name, each in artifacts.items()}))
        return
    for name in artifacts:
        say(str(ARTIFACTS / f"{name}.json"))
