"""`keys prepare` and `keys operator`: what a ledger needs before its verbs run alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import AsJson, Database, Node
from ledger.cli.output import fail, say

Folder = Annotated[Path | None, typer.Option("--data", help="The ledger's data folder.")]


def prepare(data: Folder = None, rpc_url: Node = None, as_json: AsJson = False) -> None:
    """Make all keys that are not there yet, and tell the accounts that have to be funded.

    On a chain of Anvil's they are given funds. Called again, it changes nothing.
    """
    from ledger.chain.node import fund
    from ledger.chain.rpc import RpcClient
    from ledger.cli.keystore import open_service_key
    from ledger.cli.signers import open_accounts
    from ledger.documents.opening import open_stores
    from ledger.settings import Settings
    from ledger.types import to_hex

    settings = Settings.given(data=data, rpc_url=rpc_url)
    settings.data.mkdir(parents=True, exist_ok=True)
    open_stores(settings.data, settings.document_key).vault.prepare()
    open_service_key(settings.data / "keys")
    accounts = open_accounts(settings.data / "keys")
    balances = {}
    with RpcClient(settings.rpc_url) as rpc:
        for name, address in accounts.items():
            fund(rpc, address)
            balances[name] = rpc.fetch_balance(address)
    if as_json:
        told = {n: {"address": to_hex(a), "balance": balances[n]} for n, a in accounts.items()}
        say(json.dumps({"accounts": told}))
        return
    for name, address in accounts.items():
        say(f"{name:<12} {to_hex(address)}  {balances[name]} wei")
        if not balances[name]:
            fail(f"{name} has nothing to pay for gas with: send it some")


def operator(
    revoke_others: Annotated[
        bool, typer.Option("--revoke-others", help="End all other keys of the operator's.")
    ] = False,
    database_url: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key of the operator's, by writing to the database; it is shown only now."""
    from ledger.database.engine import open_engine, upgrade, writing
    from ledger.outbox.keys import issue_key, prefix_of, revoke_operator_keys
    from ledger.settings import Settings

    engine = open_engine(Settings.given(database_url=database_url).database())
    try:
        upgrade(engine)
        with writing(engine) as session:
            ended = revoke_operator_keys(session) if revoke_others else 0
            key = issue_key(session, None)
    finally:
        engine.dispose()
    told = {"key": prefix_of(key), "api_key": key, "revoked": ended}
    say(json.dumps(told) if as_json else key)
