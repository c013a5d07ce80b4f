"""The verb `erase`: destroy documents of an asset for good, and have the ledger say which."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ledger.cli.options import Api, AsJson, RunningFolder
from ledger.cli.output import count, say
from ledger.types import parse_hash, to_hex

_WAIT = 60.0


def erase(
    asset: Annotated[str, typer.Argument(help="The asset's id.", show_default=False)],
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="HASH…", help="Content hashes of its documents.", show_default=False
        ),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask: nothing brings a document back.")
    ] = False,
    api: Api = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="ASSET_LEDGER_API_KEY", help="The owner's key to the API.")
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Option(
            metavar="DID|NAME|ID",
            help="Which organisation of the ledger running here is the owner; else its first.",
        ),
    ] = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Destroy documents for good; the entry `erased` is the receipt that says which.

    The asset's history still proves that they were there, and bundles from before still verify.
    """
    named = to_hex(parse_hash(asset, "ASSET"))
    hashes = [to_hex(parse_hash(one, "HASH")) for one in documents]
    if not yes:
        typer.confirm(f"Destroy {count(len(hashes), 'document')} for good?", abort=True, err=True)

    from ledger.cli.access import find_access
    from ledger.client import Client

    access = find_access(data, api, api_key, organisation)
    with Client(access.api, access.api_key) as client:
        accepted = client.append_entry(named, "erased", documents=hashes, wait=_WAIT)
    told = {"asset": named, "documents": hashes, "operation": accepted.operation}
    are = "is" if len(hashes) == 1 else "are"
    text = f"{count(len(hashes), 'document')} of {named} {are} destroyed, by {accepted.operation}"
    say(json.dumps(told) if as_json else text)
