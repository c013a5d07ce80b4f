"""The verb `keys`: accounts that act here, unopened; the keys of documents, and to the API."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli import api_keys, setting_up
from ledger.cli.options import AsJson, Database
from ledger.cli.output import count, fail, say

if TYPE_CHECKING:
    from ledger.settings import Settings


keys = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Show the accounts that act here, and where each signs.",
)

Folder = Annotated[Path | None, typer.Option("--data", help="The ledger's data folder.")]


@keys.callback(invoke_without_command=True)
def show(context: typer.Context, data: Folder = None, as_json: AsJson = False) -> None:
    """Show the accounts that act here: what each is for, its address, where it signs.

    Keys stay encrypted; the password lies in the file `password` beside them.
    """
    if context.invoked_subcommand is not None:
        return
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


keys.command("list")(api_keys.list_keys)
keys.command("create")(api_keys.create)
keys.command("replace")(api_keys.replace)
keys.command("revoke")(api_keys.revoke)
keys.command("prepare")(setting_up.prepare)
keys.command("operator")(setting_up.operator)


@keys.command("rotate")
def rotate(data: Folder = None, as_json: AsJson = False) -> None:
    """Wrap the keys of documents under a fresh master key, and destroy the one before.

    Copies of the keys from before open nothing any more: what was erased since is gone from them.
    The service may run meanwhile; after an interruption, call it again.
    """
    from ledger.documents.opening import open_stores
    from ledger.settings import Settings

    settings = Settings.given(data=data)
    vault = open_stores(settings.data, settings.document_key).vault
    files = vault.rotate()
    if as_json:
        say(json.dumps({"files": files, "master_key": str(vault.master_file)}))
        return
    say(f"{count(files, 'file')} of keys wrapped anew; back up {vault.master_file}")


@keys.command("encrypt")
def encrypt(data: Folder = None, database_url: Database = None, as_json: AsJson = False) -> None:
    """Encrypt documents from before documents were encrypted; nothing else may run meanwhile.

    What was plain is overwritten. After an interruption, call it again.
    """
    from ledger.cli.folder import hold
    from ledger.database.engine import open_engine, upgrade
    from ledger.documents.opening import open_stores
    from ledger.outbox.encrypting import encrypt_all
    from ledger.settings import Settings

    settings = Settings.given(data=data, database_url=database_url)
    with hold(settings.data):
        engine = open_engine(settings.database())
        upgrade(engine)
        done = encrypt_all(engine, open_stores(settings.data, settings.document_key))
    if as_json:
        say(json.dumps(asdict(done)))
    else:
        documents, batches = (
            count(done.documents, "document"),
            count(done.batches, "batch", "batches"),
        )
        say(f"{documents} and {batches} encrypted")
    for one in done.left:
        fail(f"still plain: {one}")
    if done.left:
        raise typer.Exit(1)


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
