"""The options that several verbs have, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Node: TypeAlias = Annotated[str | None, typer.Option("--rpc-url", help="The chain's node.")]
Database: TypeAlias = Annotated[
    str | None,
    typer.Option("--database-url", help="Database (SQLAlchemy's form); else SQLite in the folder."),
]
ManifestFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--manifest", help="What is deployed; else the data folder's manifest."),
]
Api: TypeAlias = Annotated[
    str | None, typer.Option("--api", envvar="ASSET_LEDGER_API", help="The API's address.")
]
RunningFolder: TypeAlias = Annotated[
    Path | None, typer.Option("--data", help="Data folder of the ledger running here.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsJsonAtEnd: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object at the end.")
]
