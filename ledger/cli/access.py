"""Finds the API and the key to use: as given, or those of the ledger that `up` started here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import typer

from ledger.errors import MalformedValue
from ledger.settings import Settings

OPERATOR: Final = "operator"
"""Names the operator where an organisation is asked for."""

RUNNING: Final = "up.json"
"""What `up` writes into its data folder when it is ready: the object that `up --json` prints."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API is, and the key of the organisation to act for."""

    api: str
    api_key: str = field(repr=False)


def load_running(data: Path) -> dict[str, Any]:
    """What `up` told about the ledger in the folder `data`; empty where there is none.

    Raises:
        MalformedValue: the file is there, but is not what `up` writes.
    """
    path = data / RUNNING
    try:
        told = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError:
        told = None
    if not isinstance(told, dict):
        raise MalformedValue(field="data", value=str(path), wanted="what `up --json` prints")
    return told


def find_node(settings: Settings) -> str:
    """The chain's node: as set, else where `up` told that it runs one."""
    if "rpc_url" in settings.model_fields_set:
        return settings.rpc_url
    return str(load_running(settings.data).get("rpc_url") or settings.rpc_url)


def find_access(
    data: Path | None, api: str | None, api_key: str | None, organisation: str | None
) -> Access:
    """The API and key given, completed from what `up` wrote; `operator` is an organisation, too.

    Raises:
        typer.BadParameter: no key is given or to be found, or there is no such organisation.
    """
    settings = Settings.given(data=data)
    url = find_api(data, api)
    if api_key is not None:
        return Access(url, api_key)
    told = load_running(settings.data)
    if organisation == OPERATOR and told.get("operator_key"):
        return Access(url, str(told["operator_key"]))
    return Access(url, _key(told.get("organisations") or [], organisation, settings.data))


def find_api(data: Path | None, api: str | None) -> str:
    """The API's address: as given, else where `up` told that it runs."""
    settings = Settings.given(data=data)
    return api or str(load_running(settings.data).get("api") or settings.api_url())


def _key(organisations: list[dict[str, Any]], wanted: str | None, data: Path) -> str:
    names = ("id", "did", "name")
    for each in organisations:
        if wanted is None or wanted.casefold() in {str(each.get(n)).casefold() for n in names}:
            return str(each["api_key"])
    if wanted is None:
        raise typer.BadParameter(
            f"no key is given, and no ledger running here told one in {data / RUNNING}",
            param_hint="--api-key",
        )
    known = ", ".join(str(each.get("name")) for each in organisations) or "none"
    raise typer.BadParameter(
        f"{wanted} is no organisation of the ledger running here ({known})",
        param_hint="--organisation",
    )
