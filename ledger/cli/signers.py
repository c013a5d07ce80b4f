"""Where each key signs: in the keystore, or at the place that its role's setting names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.keystore import custodians, open_addresses, open_keys, roles
from ledger.errors import MalformedValue

if TYPE_CHECKING:
    from ledger.chain.signers.places import Place
    from ledger.chain.signers.signer import Signer
    from ledger.settings import Settings
    from ledger.types import Address


def find_places(settings: Settings) -> dict[str, Place]:
    """The places of the keys that sign elsewhere than in the keystore, by the keys' names.

    Raises:
        MalformedValue: a setting is not of the form, or does not name a place for each custodian.
    """
    from ledger.chain.signers.places import parse_place

    name = "ASSET_LEDGER_CUSTODIAN_SIGNER"
    lines = settings.custodian_signer.get_secret_value().split()
    if lines and len(lines) != settings.custodians:
        wanted = f"a place for each of {settings.custodians} custodians (ASSET_LEDGER_CUSTODIANS)"
        raise MalformedValue(field=name, value=len(lines), wanted=wanted)
    keys = custodians(settings.custodians)
    places = {key: parse_place(line, name) for key, line in zip(keys, lines, strict=False)}
    if line := settings.governor_signer.get_secret_value().strip():
        places["governor"] = parse_place(line, "ASSET_LEDGER_GOVERNOR_SIGNER")
    _verify_unique(places)
    return places


def open_signers(folder: Path, names: Sequence[str]) -> dict[str, Signer]:
    """Open the signers of these keys; those of the keystore are made where they are not there.

    Raises:
        MalformedValue: a role's setting is wrong.
        BadKeystore: a keystore cannot be opened or made.
    """
    from ledger.chain.signers.opening import open_place
    from ledger.settings import Settings

    places = find_places(Settings())
    kept = open_keys(folder, [name for name in names if name not in places])
    return {name: open_place(places[name]) if name in places else kept[name] for name in names}


def open_accounts(folder: Path) -> dict[str, Address]:
    """The address of every key, wherever it signs; asks no signer.

    Raises:
        MalformedValue: a role's setting is wrong.
        BadKeystore: a keystore cannot be made, or names no address.
    """
    from ledger.settings import Settings

    places = find_places(Settings())
    names = roles()
    kept = open_addresses(folder, [name for name in names if name not in places])
    return {name: places[name].address if name in places else kept[name] for name in names}


def _verify_unique(places: dict[str, Place]) -> None:
    """Each account sends in one lane only: two keys are never the same."""
    from ledger.types import to_hex

    known: dict[Address, str] = {}
    for name, place in places.items():
        if other := known.get(place.address):
            raise MalformedValue(
                field=f"the place of {name}",
                value=to_hex(place.address),
                wanted=f"an address of its own, other than that of {other}",
            )
        known[place.address] = name
