"""Exporting to folders, and reading them again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Engine

from ledger.mirror.export.forms import Format
from ledger.mirror.export.run import Export, Exported, Wanted
from ledger.mirror.tables import EntryRow


def export_to(engine: Engine, path: Path, format: Format = "parquet", **wanted: Any) -> Exported:
    """Export a mirror to a folder."""
    return Export.plan(engine, Wanted(format, **wanted)).to_folder(path)


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a folder says that it holds; each file is there, and is what it says."""
    told: dict[str, Any] = json.loads((folder / "_manifest.json").read_bytes())
    for file in told["files"]:
        raw = (folder / file["path"]).read_bytes()
        assert (hashlib.sha256(raw).hexdigest(), len(raw)) == (file["sha256"], file["size"])
    named = {file["path"] for file in told["files"]} | {"_manifest.json"}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == named
    return told


def read(folder: Path, table: str) -> list[dict[str, Any]]:
    """A table's rows, in the order of files and of rows in them."""
    files = [one for one in manifest_of(folder)["files"] if one["table"] == table]
    assert files, f"there is no {table}"
    rows: list[dict[str, Any]] = []
    for file in files:
        found = pq.ParquetFile(folder / file["path"]).read().to_pylist()
        assert len(found) == file["rows"]
        rows += found
    return rows


def entries(engine: Engine) -> list[Any]:
    """All entries that a database holds, in the ledger's order."""
    table = EntryRow.__table__  # type: ignore[attr-defined]
    with engine.connect() as connection:
        return list(connection.execute(table.select().order_by(table.c.sequence)))
