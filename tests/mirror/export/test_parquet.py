"""What is read back from Parquet is the mirror, cell by cell, in the types that readers know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from ledger.domain.kinds import Kind
from ledger.domain.payloads import decode_payload
from ledger.domain.telling import pointed_at, tell_payload
from ledger.mirror.export.folded import FOLDED, SUBJECTS, read_folded
from ledger.mirror.export.reading import fetch_standing
from ledger.types import ZERO_HASH, AssetKind, Stage, decode_parties, to_hex
from tests.mirror.export.conftest import Lived
from tests.mirror.export.exporting import entries, export_to, manifest_of, read


@pytest.fixture(scope="module")
def folder(mirror: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the mirror."""
    path: Path = tmp_path_factory.mktemp("parquet")
    export_to(mirror, path)
    return path


def when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_entries_are_those_of_the_table_cell_by_cell(mirror: Engine, folder: Path) -> None:
    rows, told = entries(mirror), read(folder, "entry")
    assert {row.kind for row in rows} == set(Kind)
    assert len(told) == len(rows)
    for row, one in zip(rows, told, strict=True):
        payload = decode_payload(row.kind, row.payload)
        shown = pointed_at(payload)
        given = {name: value for name, value in one.pop("payload").items() if value is not None}
        assert given == tell_payload(payload)
        assert one == {
            "sequence": row.sequence,
            "block": row.block_number,
            "log_index": row.log_index,
            "transaction": to_hex(row.transaction_hash),
            "subject": to_hex(row.subject),
            "organisation": None if row.org == ZERO_HASH else to_hex(row.org),
            "kind": Kind(row.kind).label,
            "position": row.position,
            "actor": to_hex(row.actor),
            "timestamp": when(row.timestamp),
            "content_hash": None if shown is None else to_hex(shown),
            "payload_bytes": row.payload,
            "head": to_hex(row.head),
        }


def test_blocks_are_those_with_entries_and_tell_the_ledger_head(
    lived: Lived, mirror: Engine, folder: Path
) -> None:
    blocks = read(folder, "block")
    rows = entries(mirror)
    assert [one["number"] for one in blocks] == sorted({row.block_number for row in rows})
    for one in blocks:
        of_it = [row for row in rows if row.block_number == one["number"]]
        assert one["last_sequence"] == of_it[-1].sequence
        assert one["timestamp"] == when(of_it[-1].timestamp)
        header = lived.chain.rpc.fetch_block(one["number"])
        assert one["hash"] == to_hex(header.hash)
        assert one["ledger_head"] == to_hex(lived.standing[one["number"]]["at"][2])
    assert blocks[-1]["ledger_head"] == to_hex(lived.chain.contract.fetch_ledger_head())


@pytest.mark.parametrize("table", FOLDED)
def test_folded_tables_are_those_of_the_mirror_cell_by_cell(
    lived: Lived, folder: Path, table: str
) -> None:
    kept = [as_exported(row) for row in lived.standing[lived.last][table]]
    told = read(folder, table)
    assert kept, "the life leaves it empty"
    assert told[0].keys() == kept[0].keys()
    assert sorted(told, key=str) == sorted(kept, key=str)


def as_exported(row: dict[str, Any]) -> dict[str, Any]:
    """A database's row as its Parquet row should be."""
    told = {name: to_hex(one) if isinstance(one, bytes) else one for name, one in row.items()}
    for name in ("opened_at", "updated_at"):
        if name in told:
            told[name] = when(told[name])
    for name, words in (("asset_kind", AssetKind), ("stage", Stage)):
        if name in told:
            told[name] = words(told[name]).label
    if "offered" in told:
        told["offered"] = [party.label for party in sorted(decode_parties(told["offered"]))]
    return {{"org": "organisation"}.get(name, name): one for name, one in told.items()}


def test_folded_tables_as_of_a_block_are_those_of_a_mirror_that_stands_there(
    lived: Lived, mirror: Engine
) -> None:
    """For each block of the life, though the mirror has gone on."""
    for block, standing in lived.standing.items():
        at = fetch_standing(mirror, block)
        assert at.ledger_head == standing["at"][2]
        for name in FOLDED:
            told = [row for page in read_folded(mirror, name, at) for row in page]
            key = "first_sequence" if name in SUBJECTS else None
            kept = sorted(standing[name], key=lambda row: row[key]) if key else standing[name]
            assert told == kept, f"{name} as of block {block}"


def test_folded_tables_are_read_in_pages_that_join(
    lived: Lived, mirror: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = fetch_standing(mirror, lived.last - 20)
    whole = {name: list(read_folded(mirror, name, at)) for name in FOLDED}
    monkeypatch.setattr("ledger.mirror.export.folded.PAGE", 2)
    for name, pages in whole.items():
        small = list(read_folded(mirror, name, at))
        assert all(len(page) <= 2 for page in small)
        assert [row for page in small for row in page] == [row for page in pages for row in page]


def test_row_groups_say_what_is_in_them(folder: Path) -> None:
    [file] = [one for one in manifest_of(folder)["files"] if one["table"] == "entry"]
    metadata = pq.ParquetFile(folder / file["path"]).metadata
    [sequence] = [metadata.row_group(0).column(0)]
    assert (sequence.statistics.min, sequence.statistics.max) == (1, file["rows"])
    assert sequence.compression == "ZSTD"
    assert metadata.row_group(0).sorting_columns == (pq.SortingColumn(0),)


def test_columns_have_types(folder: Path) -> None:
    [file] = [one for one in manifest_of(folder)["files"] if one["table"] == "entry"]
    schema = pq.ParquetFile(folder / file["path"]).schema_arrow
    assert schema.field("timestamp").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("kind").type == pa.dictionary(pa.int8(), pa.string())
    payload = schema.field("payload").type
    assert payload.field("expires").type == pa.uint64()
    assert payload.field("documents").type == pa.list_(pa.string())


def test_duckdb_reads_the_folder_as_it_is(lived: Lived, mirror: Engine, tmp_path: Path) -> None:
    middle = (lived.first + lived.last) // 2
    export_to(mirror, tmp_path, to_block=middle)
    export_to(mirror, tmp_path)
    rows = entries(mirror)
    with duckdb.connect() as database:

        def ask(question: str) -> list[Any]:
            return database.sql(question.replace("FOLDER", str(tmp_path))).fetchall()

        ranges = ask("select distinct blocks from 'FOLDER/entry/*/*.parquet' order by 1")
        assert ranges == [(f"{lived.first}-{middle}",), (f"{middle + 1}-{lived.last}",)]
        told = ask(
            "select sequence, kind, payload.party from 'FOLDER/entry/*/*.parquet' order by 1"
        )
        assert [(sequence, kind) for sequence, kind, _ in told] == [
            (row.sequence, Kind(row.kind).label) for row in rows
        ]
        assert {party for _, kind, party in told if kind == "offered"} == {
            *("owner", "custodian", "operator", "lien_holder")
        }
        # One snapshot only, and joins by what the columns say.
        [(assets, owners)] = ask(
            "select count(*), count(did) from 'FOLDER/asset/*/*.parquet' asset"
            " left join 'FOLDER/organisation/*/*.parquet' owner on asset.owner = owner.id"
        )
        assert assets == owners == len(lived.standing[lived.last]["asset"])


def test_only_the_tables_asked_for_are_there(mirror: Engine, tmp_path: Path) -> None:
    export_to(mirror, tmp_path, tables=("holder", "entry"))
    assert manifest_of(tmp_path)["tables"] == ["entry", "holder"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_manifest.json", "entry", "holder"]
