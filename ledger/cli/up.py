"""The verb `up`: the whole ledger on this machine, until it is told to stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from ledger.cli.options import Database
from ledger.cli.output import fail, say

if TYPE_CHECKING:
    from ledger.cli.start import Running


_PLACES: Final = {
    "explorer": "explorer",
    "API": "api",
    "chain": "rpc_url",
    "chain id": "chain_id",
    "contract": "contract",
    "manifest": "manifest",
    "database": "database_url",
    "data": "data",
}
_NEXT: Final = """
Next, in another terminal (.venv/bin on PATH):
  open {explorer} in a browser
  asset-ledger register parts.jsonl --data {data}
  asset-ledger prove ASSET -o bundle.json --data {data}
  asset-ledger verify bundle.json --block-hash HASH --contract {contract}
Ctrl-C stops everything; started again, it goes on with the same data."""


class Stop(BaseException):
    """Somebody, or the supervisor, wants us to end."""


def up(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the API; another, if it is taken."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of all that is kept; else .asset-ledger.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Wipe the data folder first.")] = False,
    no_demo: Annotated[
        bool, typer.Option("--no-demo", help="Load no demo data; enrol one organisation.")
    ] = False,
    rpc_url: Annotated[
        str | None, typer.Option(help="Node of a chain that runs already, in place of our own.")
    ] = None,
    database_url: Database = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object when ready.")
    ] = False,
) -> None:
    """Start the ledger: chain, contracts, API, indexer, submitter, explorer, demo data.

    Run again, it goes on with the same data, keys and addresses. Ctrl-C stops all of it.
    """
    from ledger.cli.folder import hold, load_kept, wipe
    from ledger.cli.processes import Supervisor
    from ledger.cli.start import Start, Wish
    from ledger.settings import Settings

    folder = (data or Settings().data).absolute()
    wish = Wish(folder, port, not no_demo, rpc_url, database_url)
    with hold(folder), _stoppable():
        if fresh:
            wipe(folder)
        supervisor = Supervisor(_tell, _interrupt)
        try:
            running = Start(wish, load_kept(folder), supervisor, _tell).run()
            say(json.dumps(running.told())) if as_json else _print(running)
            threading.Event().wait()
        except Stop:
            _tell("stopping")
        finally:
            _ignore_signals()
            supervisor.stop()
    if supervisor.failure is not None:
        raise supervisor.failure


def _print(running: Running) -> None:
    """One table of what runs where and who may use it, and what to do next."""
    from rich.console import Console
    from rich.table import Table

    told = running.told()
    # Folded keys could not be copied: as wide as it must be, where nobody looks at a terminal.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    places = Table(show_header=False, box=None)
    for what, key in _PLACES.items():
        places.add_row(what, str(told[key]), style=None)
    console.print(places)
    people = Table("organisation", "DID", "API key", box=None)
    people.add_row("(operator)", "", told["operator_key"])
    for each in told["organisations"]:
        people.add_row(each["name"], each["did"], each["api_key"])
    console.print(people)
    console.print(_NEXT.format(**told), soft_wrap=True, markup=False)


def _tell(text: str) -> None:
    fail(f"up: {text}")


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into Stop, wherever we are."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        _ignore_signals()
        raise Stop

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    yield


def _ignore_signals() -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
