"""The verb `reindex`: the mirror built anew beside the old one, whose place it then takes."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bar import mirroring_bar
from ledger.cli.options import AsJson, Database, ManifestFile, Node
from ledger.cli.output import count, fail, say
from ledger.cli.worker import choose_finality, load_deployed
from ledger.types import to_hex

if TYPE_CHECKING:
    from ledger.mirror.reindexing.reindex import Reindexed


class Source(StrEnum):
    """What a mirror is rebuilt from."""

    ENTRIES = "entries"
    CHAIN = "chain"


def reindex(
    source: Annotated[
        Source,
        typer.Option("--from", help="The stored entries, without a node; or the chain alone."),
    ] = Source.ENTRIES,
    rpc_url: Node = None,
    database_url: Database = None,
    manifest: ManifestFile = None,
    as_json: AsJson = False,
) -> None:
    """Build the mirror anew, and put it in the old one's place in one transaction.

    Until then the old one stands, whatever happens.
    """
    from ledger.mirror.reindexing.reindex import reindex_from_chain, reindex_from_entries
    from ledger.settings import Settings

    settings = Settings.given(rpc_url=rpc_url, database_url=database_url, manifest=manifest)
    with mirroring_bar() as show:
        if source is Source.ENTRIES:
            done = reindex_from_entries(settings.database(), progress=show, say=fail)
        else:
            deployed, finality = load_deployed(settings), choose_finality(settings)
            done = reindex_from_chain(settings, deployed, finality, progress=show, say=fail)
    say(json.dumps(_value(done)) if as_json else _sentence(done))


def _value(done: Reindexed) -> dict[str, Any]:
    return {
        "entries": done.entries,
        "block": done.block,
        "ledger_head": to_hex(done.ledger_head),
        "seconds": round(done.seconds, 3),
        "swap_seconds": round(done.swap_seconds, 3),
    }


def _sentence(done: Reindexed) -> str:
    return (
        f"{count(done.entries, 'entry', 'entries')} mirrored anew in {done.seconds:.1f} s, up to"
        f" block {done.block}, ledger head {to_hex(done.ledger_head)}; writers waited"
        f" {done.swap_seconds:.2f} s"
    )
