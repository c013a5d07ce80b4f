"""The command `asset-ledger`: one verb a module, loaded only when it is called."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from ledger.cli.output import fail
from ledger.cli.parent import end_with_parent
from ledger.errors import LedgerError, MalformedValue, PlanError

VERBS: Final = {
    "up": "Start chain, contracts, API, explorer and demo data here.",
    "register": "Register assets from JSON Lines or JSON documents.",
    "operations": "List, show, retry and cancel requests on their way.",
    "prove": "Write the bundle that proves a subject's complete history.",
    "verify": "Check a bundle offline against a block hash and a contract.",
    "erase": "Destroy documents for good, and have the ledger say which.",
    "checkpoint": "Make, co-sign, check and anchor a checkpoint.",
    "receipt": "Check what the service promised, and whether it was kept.",
    "deploy": "Plan, apply and verify a deployment of the contracts.",
    "compile": "Compile the contracts into their committed artifacts.",
    "index": "Mirror the chain into the database.",
    "export": "Write the mirror as Parquet, JSON Lines or EPCIS documents.",
    "audit": "Compare every cell of the mirror with the chain.",
    "reindex": "Build the mirror anew, and put it in the old one's place.",
    "submit": "Send accepted operations to the chain.",
    "serve": "Serve the HTTP API and the explorer.",
    "keys": "Show the accounts that act here, and where each signs.",
    "doctor": "Say where each tool was found.",
}
"""Every verb with the line that `--help` shows, so that help imports none of them."""


def load_verb(name: str) -> Any:
    """Import the verb `name` and make it a command (a group, where it has verbs of its own)."""
    found = getattr(import_module(f"ledger.cli.{name}"), name)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command


class Verbs(TyperGroup):
    """Knows every verb by its name and line; imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, line in VERBS.items():
            self.add_command(TyperCommand(name, help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the named verb in place of its line."""
        if args[0] in VERBS:
            self.commands[args[0]] = load_verb(args[0])
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def asset_ledger() -> None:
    """An asset ledger for industrial metaverses: ownership and provenance, provably complete."""


def _usage(error: LedgerError) -> bool:
    """Whether what was typed is wrong, rather than what it was used on."""
    return isinstance(error, MalformedValue | PlanError)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with 0, 1 (it failed) or 2 (it was called wrongly)."""
    end_with_parent()
    # Nobody need look for cycles among the modules of a process that ends.
    atexit.register(gc.freeze)
    try:
        typer.main.get_command(app)(args=arguments, prog_name="asset-ledger")
    except LedgerError as error:
        advice = f" ({error.advice})" if error.advice else ""
        fail(f"{error}{advice}")
        sys.exit(2 if _usage(error) else 1)
    except OSError as error:
        fail(str(error))
        sys.exit(1)
