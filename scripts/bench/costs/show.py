"""Shows what was compared: a table for people, one JSON object for programs."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.bench.costs.compare import Compared
from scripts.bench.costs.rows import Row

_NOTHING: Final = "-"
_WIDTH: Final = 100


def to_json(compared: Compared) -> dict[str, Any]:
    """Everything, with gas of whole transactions; null where a contract does no such thing."""
    return {
        "chain": compared.chain,
        "contracts": compared.versions,
        "rows": [
            {
                "name": row.name,
                "group": row.group,
                "title": row.title,
                "items": row.items,
                "gas": {contract: compared.find_gas(contract, row) for contract in compared.gas},
            }
            for row in compared.rows
        ],
        "notes": compared.notes,
    }


def show_table(compared: Compared) -> None:
    """Print the table, colours for terminals only and never against NO_COLOR, and its notes."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    table = Table(title="Gas for each item", title_justify="left", box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    for contract in compared.gas:
        table.add_column(contract, justify="right", no_wrap=True)
    for group, rows in groupby(compared.rows, key=lambda row: row.group):
        table.add_row()
        table.add_row(Text(group, style="bold"))
        for row in rows:
            cells = [_cell(compared.find_gas(contract, row), row) for contract in compared.gas]
            table.add_row("  " + row.title, *cells)
    console.print(table)
    console.print()
    for note in compared.notes:
        console.print(note + "\n", style="dim")
    named = "; ".join(f"{name}: {version}" for name, version in compared.versions.items())
    console.print(f"{named}. {compared.chain['node']}, {compared.chain['fork']}.", style="dim")


def _cell(gas: int | None, row: Row) -> str:
    """Gas for each item, rounded up; two decimals where it is less than one."""
    if gas is None:
        return _NOTHING
    if gas < row.items:
        return f"{gas / row.items:.2f}"
    return f"{-(-gas // row.items):,}"
