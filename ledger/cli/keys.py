"""The verb `keys`: the accounts that act here and where each signs, without opening any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import say

if TYPE_CHECKING:
    from ledger.settings import Settings


def keys(
    data: Annotated[
        Path | None, typer.Option(help="Data folder of the ledger running here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the accounts that act here: what each is for, its address, where it signs.

    Keys stay encrypted; the password lies in the file `password` beside them.
    """
    from ledger.settings import Settings

    settings = Settings.given(data=data)
    found = _find(settings)
    if as_json:
        say(json.dumps({name: address for name, (address, _) in found.items()}))
        return
    for name, (address, place) in found.items():
        say(f"{name:<12} {address}  {place}")
    if not found:
        say(f"no keys in {settings.data / 'keys'}")


def _find(settings: Settings) -> dict[str, tuple[str, str]]:
    """Address and place of each key by name; a role's setting goes before its keystore."""
    from ledger.cli.signers import find_places
    from ledger.types import to_hex

    kept = sorted(settings.data.glob("keys/*.json"))
    found = {path.stem: (address_of(path), str(path)) for path in kept}
    elsewhere = find_places(settings)
    return found | {name: (to_hex(one.address), one.shown) for name, one in elsewhere.items()}


def address_of(keystore: Path) -> str:
    """The address in a keystore (Web3 Secret Storage), as 0x-hex; `unreadable` if it has none."""
    try:
        address = str(json.loads(keystore.read_bytes())["address"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"
    return "0x" + address.removeprefix("0x").lower()
