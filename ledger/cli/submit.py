"""The verb `submit`: the outbox worker alone, which brings operations onto the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.options import AsJsonAtEnd, Database, ManifestFile, Node
from ledger.cli.output import say
from ledger.cli.witnessing import witnessing
from ledger.cli.worker import choose_finality, load_deployed, stopped_by_signals

if TYPE_CHECKING:
    from ledger.chain.signers.signer import Signer
    from ledger.outbox.tables import Role
    from ledger.settings import Settings


def submit(
    data: Annotated[Path | None, typer.Option(help="The data folder of the ledger.")] = None,
    rpc_url: Node = None,
    database_url: Database = None,
    manifest: ManifestFile = None,
    as_json: AsJsonAtEnd = False,
) -> None:
    """Send accepted operations to the chain, each exactly once, until stopped.

    Signs checkpoints, too, as often as the settings say, and takes them to the other chain that
    they name. Signs with the keys `governor`, `custodian`, `custodian-2` … of the data folder, or
    where the settings say that a role signs. SIGTERM and Ctrl-C end it after the step at hand;
    killed at any moment, it goes on where it was.
    """
    from ledger.cli.logs import begin_log
    from ledger.outbox.run import run
    from ledger.settings import Settings

    settings = Settings.given(
        data=data, rpc_url=rpc_url, database_url=database_url, manifest=manifest
    )
    begin_log(settings)
    with stopped_by_signals() as stop, witnessing(settings):
        run(settings, load_deployed(settings), _signers(settings), choose_finality(settings), stop)
    counts = _counts(settings)
    say(json.dumps({"operations": counts}) if as_json else _sentence(counts))


def _signers(settings: Settings) -> dict[Role, list[Signer]]:
    from ledger.cli.keystore import custodians
    from ledger.cli.signers import open_signers
    from ledger.outbox.tables import Role

    names = {Role.GOVERNOR: ["governor"], Role.CUSTODIAN: custodians(settings.custodians)}
    opened = open_signers(settings.data / "keys", [one for each in names.values() for one in each])
    return {role: [opened[one] for one in each] for role, each in names.items()}


def _counts(settings: Settings) -> dict[str, int]:
    from ledger.database.engine import open_engine, reading
    from ledger.outbox.operations import count_operations

    engine = open_engine(settings.database())
    try:
        with reading(engine) as session:
            return {state.value: count for state, count in count_operations(session).items()}
    finally:
        engine.dispose()


def _sentence(counts: dict[str, int]) -> str:
    return "operations: " + ", ".join(f"{count} {state}" for state, count in counts.items())
