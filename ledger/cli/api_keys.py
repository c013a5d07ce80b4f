"""`keys list|create|replace|revoke`: the keys to the API of an organisation, by its admin's key."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.options import Api, AsJson, RunningFolder
from ledger.cli.output import say
from ledger.outbox.roles import KeyRole

if TYPE_CHECKING:
    from ledger.client import Client
    from ledger.client.keys import KeyAnswer

Given = Annotated[
    str | None,
    typer.Option(envvar="ASSET_LEDGER_API_KEY", help="A key to the API with the role admin."),
]
Who = Annotated[
    str | None,
    typer.Option(
        metavar="DID|NAME|ID",
        help="Whose keys, in the ledger running here; else its first organisation's.",
    ),
]
Named = Annotated[str, typer.Argument(metavar="KEY", show_default=False, help="Its prefix.")]
_DAY: Final = 86_400


def list_keys(
    api: Api = None,
    api_key: Given = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the organisation's keys to the API: what each may do, until when, and its last use."""
    with _client(data, api, api_key, organisation) as client:
        found = list(client.list_keys())
    if as_json:
        say(json.dumps({"keys": [_told(one) for one in found]}))
        return
    for one in found:
        used = f"used {one.last_used_at[:16]}Z" if one.last_used_at else "never used"
        until = f", until {one.expires_at[:16]}Z" if one.expires_at else ""
        say(f"{one.key}  {one.state:<8} {','.join(one.roles):<20} {used}{until}  {one.name or ''}")


def create(
    role: Annotated[list[KeyRole], typer.Option(help="What it may do; several add up.")],
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends by itself.")] = None,
    api: Api = None,
    api_key: Given = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a key to the API; it is shown only now."""
    with _client(data, api, api_key, organisation) as client:
        expires_in = None if days is None else days * _DAY
        made = client.create_key(role, name=name, expires_in=expires_in)
    _show_new(made, as_json)


def replace(
    key: Named,
    overlap: Annotated[
        int, typer.Option(min=0, help="Seconds for which the old one still opens.")
    ] = _DAY,
    api: Api = None,
    api_key: Given = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a key to the API with the same roles that takes another one's place."""
    with _client(data, api, api_key, organisation) as client:
        made = client.rotate_key(key, overlap=overlap)
    _show_new(made, as_json)


def revoke(
    key: Named,
    api: Api = None,
    api_key: Given = None,
    organisation: Who = None,
    data: RunningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Have a key to the API open nothing from now on."""
    with _client(data, api, api_key, organisation) as client:
        found = client.revoke_key(key)
    say(json.dumps(_told(found)) if as_json else f"{found.key} is {found.state}")


def _client(
    data: Path | None, api: str | None, api_key: str | None, organisation: str | None
) -> Client:
    from ledger.cli.access import find_access
    from ledger.client import Client

    access = find_access(data, api, api_key, organisation)
    return Client(access.api, access.api_key)


def _show_new(made: KeyAnswer, as_json: bool) -> None:
    say(json.dumps(asdict(made)) if as_json else str(made.api_key))


def _told(key: KeyAnswer) -> dict[str, Any]:
    told = asdict(key)
    told.pop("api_key")
    return told
