"""The verb `index`: the mirror alone, filled from a node and kept equal to its chain."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bar import mirroring_bar
from ledger.cli.options import AsJsonAtEnd, Database, ManifestFile, Node
from ledger.cli.output import count, say
from ledger.cli.worker import choose_finality, load_deployed, stopped_by_signals
from ledger.types import to_hex

if TYPE_CHECKING:
    from ledger.mirror.run import Indexed
    from ledger.settings import Settings


def index(
    rpc_url: Node = None,
    database_url: Database = None,
    manifest: ManifestFile = None,
    to_head: Annotated[
        bool,
        typer.Option("--to-head/--follow", help="End at the node's newest block, or go on."),
    ] = False,
    as_json: AsJsonAtEnd = False,
) -> None:
    """Mirror the chain into the database; nothing is committed that the chain does not prove.

    Goes on where it was stopped. While it follows, what is searched follows, too, and webhooks are
    told. SIGTERM and Ctrl-C end it after the step at hand.
    """
    from ledger.mirror.early import reading_early
    from ledger.settings import Settings

    settings = Settings.given(rpc_url=rpc_url, database_url=database_url, manifest=manifest)
    if not to_head:
        from ledger.cli.logs import begin_log

        begin_log(settings)
    deployed, finality = load_deployed(settings), choose_finality(settings)
    beginning = reading_early(settings.rpc_url, settings.database(), deployed, finality)
    beside = nullcontext() if to_head else _going_on_beside(settings)
    with beginning as early, stopped_by_signals() as stop, mirroring_bar() as show, beside:
        run = _import_run()
        indexed = run(
            settings,
            deployed,
            finality,
            to_head=to_head,
            stop=stop,
            progress=show,
            early=early,
        )
    say(json.dumps(_value(indexed)) if as_json else _sentence(indexed))


def _import_run() -> Callable[..., Indexed]:
    """Import what takes longest, while the ledger is being read; no garbage comes of it."""
    gc.disable()
    from ledger.mirror.run import index

    gc.freeze()
    gc.enable()
    return index


@contextmanager
def _going_on_beside(settings: Settings) -> Iterator[None]:
    """What is done beside a mirror that follows; to fill one, nothing of it is imported."""
    from ledger.cli.texts import making_texts
    from ledger.cli.webhooks import sending_webhooks

    with making_texts(settings), sending_webhooks(settings):
        yield


def _value(indexed: Indexed) -> dict[str, Any]:
    return {
        "entries": indexed.entries,
        "seconds": round(indexed.seconds, 3),
        "entries_per_second": round(indexed.entries_per_second, 1),
        "block": indexed.block,
        "ledger_head": to_hex(indexed.ledger_head),
    }


def _sentence(indexed: Indexed) -> str:
    return (
        f"{count(indexed.entries, 'entry', 'entries')} in {indexed.seconds:.1f} s"
        f" ({indexed.entries_per_second:,.0f} a second);"
        f" block {indexed.block}, ledger head {to_hex(indexed.ledger_head)}"
    )
