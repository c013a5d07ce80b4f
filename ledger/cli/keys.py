"""The verb `keys`: whose accounts lie in the keystore, without opening it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.output import say


def keys(
    data: Annotated[
        Path | None, typer.Option(help="Data folder of the ledger running here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the accounts of the keystore: what each is for, its address, its file.

    Keys stay encrypted; the password lies in the file `password` beside them.
    """
    from ledger.settings import Settings

    settings = Settings.given(data=data)
    found = {path.stem: address_of(path) for path in sorted(settings.data.glob("keys/*.json"))}
    if as_json:
        say(json.dumps(found))
        return
    for name, address in found.items():
        say(f"{name:<10} {address}  {settings.data / 'keys' / name}.json")
    if not found:
        say(f"no keys in {settings.data / 'keys'}")


def address_of(keystore: Path) -> str:
    """The address in a keystore (Web3 Secret Storage), as 0x-hex; `unreadable` if it has none."""
    try:
        address = str(json.loads(keystore.read_bytes())["address"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"
    return "0x" + address.removeprefix("0x").lower()
