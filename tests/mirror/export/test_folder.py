"""A folder follows the ledger: only what is new is added, killed or not, and never what may go."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.database.engine import open_engine
from ledger.errors import Conflict, MalformedValue, MirrorError, UnknownThing
from ledger.mirror.export.forms import TABLES, Format
from ledger.mirror.export.reading import Standing, cut, fetch_standing, read_entries
from ledger.mirror.export.run import Export, Wanted
from ledger.mirror.store import Store
from ledger.types import ZERO_HASH, to_hex
from tests.mirror.chain import Chain
from tests.mirror.export.conftest import Lived
from tests.mirror.export.exporting import entries, export_to, manifest_of, read
from tests.mirror.mirroring import FinalUpTo, catch_up

FORMATS = pytest.mark.parametrize("format", TABLES)


# -- what the manifest says ----------------------------------------------------------------------


def test_the_manifest_names_the_ledger_and_where_it_stands(
    lived: Lived, mirror: Engine, tmp_path: Path
) -> None:
    exported = export_to(mirror, tmp_path)
    told = manifest_of(tmp_path)
    deployed = lived.chain.deployed
    assert told["chain_id"] == deployed.chain_id
    assert told["genesis_hash"] == to_hex(deployed.genesis_hash)
    assert told["contract"] == to_hex(deployed.contract)
    assert told["domain"] == to_hex(lived.chain.domain)
    assert (told["from_block"], told["to_block"]) == (lived.first, lived.last)
    assert told["ledger_head"] == to_hex(lived.chain.contract.fetch_ledger_head())
    assert told["entries"] == exported.entries == len(entries(mirror))
    assert exported.files == len(told["files"]) == len(TABLES["parquet"])


# -- in ranges -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_spans_join_and_hold_as_many_entries_as_they_may(
    lived: Lived, mirror: Engine, size: int
) -> None:
    before = fetch_standing(mirror, lived.first - 1)
    stretches = list(cut(mirror, before, lived.last, size))
    assert [stretch.before for stretch in stretches] == [
        before,
        *[stretch.last for stretch in stretches[:-1]],
    ]
    assert stretches[-1].last == fetch_standing(mirror, lived.last)
    read_back = []
    for stretch in stretches:
        rows = [row for page in read_entries(mirror, stretch) for row in page]
        assert len(rows) <= size or stretch.last.block == stretch.before.block + 1
        assert all(stretch.before.block < row.block_number <= stretch.last.block for row in rows)
        read_back += rows
    assert read_back == entries(mirror)


@FORMATS
def test_exporting_again_adds_only_what_is_new(
    lived: Lived, mirror: Engine, tmp_path: Path, format: Format
) -> None:
    for block in (lived.first + 9, lived.first + 9, lived.last - 3):
        export_to(mirror, tmp_path, format, to_block=block)
    before = {
        path: path.stat().st_mtime_ns for path in tmp_path.rglob("blocks=*/*") if path.is_file()
    }
    exported = export_to(mirror, tmp_path, format)
    assert (exported.from_block, exported.to_block) == (lived.last - 2, lived.last)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("blocks=*/*")}
    assert before.items() < after.items()
    told = [one for one in manifest_of(tmp_path)["files"] if one["table"] == "entry"]
    assert [(one["from_block"], one["to_block"]) for one in told] == [
        (lived.first, lived.first + 9),
        (lived.first + 10, lived.last - 3),
        (lived.last - 2, lived.last),
    ]
    assert sum(one["rows"] for one in told) == len(entries(mirror))
    nothing = export_to(mirror, tmp_path, format)
    assert (nothing.from_block, nothing.entries, nothing.files) == (lived.last + 1, 0, 0)


@FORMATS
def test_the_same_blocks_give_the_same_bytes(
    mirror: Engine, tmp_path: Path, format: Format
) -> None:
    export_to(mirror, tmp_path / "one", format)
    export_to(mirror, tmp_path / "other", format)
    assert manifest_of(tmp_path / "one") == manifest_of(tmp_path / "other")


def test_blocks_without_entries_leave_no_file(chain: Chain, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "parquet"
    chain.enrol()
    last = chain.mine()
    catch_up(chain, store, FinalUpTo(last))
    export_to(store.engine, folder)
    catch_up(chain, store, FinalUpTo(chain.mine(5)))
    exported = export_to(store.engine, folder)
    assert (exported.from_block, exported.to_block) == (last + 1, last + 5)
    told = manifest_of(folder)
    assert told["to_block"] == last + 5
    assert [one["to_block"] for one in told["files"] if one["table"] == "entry"] == [last]


# -- killed in the middle ------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from ledger.mirror.export.run import Export, Wanted, open_mirror

url, folder, first, format = sys.argv[1:]
engine = open_mirror(url)
Export.plan(engine, Wanted(format, to_block=int(first))).to_folder(Path(folder))
die = lambda progress: os.kill(os.getpid(), signal.SIGKILL)
Export.plan(engine, Wanted(format), die).to_folder(Path(folder))
"""


@FORMATS
def test_a_killed_export_goes_on_where_it_was(
    lived: Lived, mirror: Engine, tmp_path: Path, format: Format
) -> None:
    """It dies while a file is half written; what comes out is what nobody has disturbed."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    url, first = mirror.url.render_as_string(hide_password=False), lived.first + 20
    command = [sys.executable, "-c", KILLED, url, str(killed), str(first), format]
    died = subprocess.run(command, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    halves = list(killed.rglob(".*.part"))
    assert len(halves) == 1
    assert json.loads((killed / "_manifest.json").read_bytes())["to_block"] == first
    export_to(mirror, killed, format)
    export_to(mirror, whole, format, to_block=first)
    export_to(mirror, whole, format)
    assert manifest_of(killed) == manifest_of(whole)


def test_what_was_written_but_never_named_is_written_again(
    lived: Lived, mirror: Engine, tmp_path: Path
) -> None:
    """Killed between file and manifest; and more blocks have become final since."""
    export_to(mirror, tmp_path, to_block=lived.last - 9)
    old = (tmp_path / "_manifest.json").read_bytes()
    export_to(mirror, tmp_path, to_block=lived.last - 5)
    (tmp_path / "_manifest.json").write_bytes(old)
    # The folded tables that it names are gone, as newer ones took their place.
    export_to(mirror, tmp_path)
    assert [one["sequence"] for one in read(tmp_path, "entry")] == [
        row.sequence for row in entries(mirror)
    ]


# -- what does not fit ---------------------------------------------------------------------------


def test_only_final_blocks_are_exported_unless_asked(
    lived: Lived, engine: Engine, tmp_path: Path
) -> None:
    final = lived.last - 4
    catch_up(lived.chain, Store(engine), FinalUpTo(final))
    assert export_to(engine, tmp_path / "final").to_block == final
    assert export_to(engine, tmp_path / "all", to_block=lived.last).to_block == lived.last


def test_a_folder_whose_blocks_were_replaced_is_refused(
    chain: Chain, store: Store, tmp_path: Path
) -> None:
    chain.enrol()
    chain.enrol()
    newest = chain.mine()
    catch_up(chain, store)
    export_to(store.engine, tmp_path, to_block=newest)
    chain.reorg(1)
    chain.enrol()
    chain.mine()
    catch_up(chain, store)
    with pytest.raises(Conflict, match=f"up to block {newest}, which has been replaced"):
        export_to(store.engine, tmp_path, to_block=newest + 1)


def test_a_folder_of_another_ledger_or_of_other_parts_is_refused(
    lived: Lived, mirror: Engine, tmp_path: Path
) -> None:
    export_to(mirror, tmp_path, tables=("entry",), to_block=lived.last - 1)
    for refused, wanted in {
        "tables": {},
        "format": {"format": "jsonl"},
        "from_block": {"tables": ("entry",), "from_block": lived.first + 1},
        "subject": {"tables": ("entry",), "subject": lived.orgs[0]},
    }.items():
        with pytest.raises(Conflict, match="take another folder") as raised:
            export_to(mirror, tmp_path, **wanted)  # type: ignore[arg-type]
        assert raised.value.fields["field"] == refused
    path = tmp_path / "_manifest.json"
    told = json.loads(path.read_bytes())
    path.write_text(json.dumps(told | {"contract": "0x" + "00" * 20}))
    with pytest.raises(Conflict, match="contract"):
        export_to(mirror, tmp_path, tables=("entry",))
    path.write_text(json.dumps(told | {"to_block": "many"}))
    with pytest.raises(Conflict, match="no manifest"):
        export_to(mirror, tmp_path, tables=("entry",))


def test_bounds_and_names_that_make_no_sense_are_refused(lived: Lived, mirror: Engine) -> None:
    for field, wanted in {
        "to_block": [
            Wanted("jsonl", to_block=lived.last + 1),
            Wanted("jsonl", to_block=lived.first - 1),
            Wanted("jsonl", from_block=lived.last, to_block=lived.last - 1),
        ],
        "tables": [
            Wanted("parquet", ("entry", "assets")),
            Wanted("jsonl", ("asset",)),
            Wanted("parquet", ("asset",), subject=lived.orgs[0]),
        ],
    }.items():
        for each in wanted:
            with pytest.raises(MalformedValue) as raised:
                Export.plan(mirror, each)
            assert raised.value.fields["field"] == field
    with pytest.raises(UnknownThing):
        Export.plan(mirror, Wanted("jsonl", subject=ZERO_HASH))


def test_a_mirror_that_has_not_begun_is_said_to_be_none(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="has not begun"):
        Export.plan(engine, Wanted("jsonl"))
    without = open_engine(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(MirrorError, match="holds no mirror"):
        Export.plan(without, Wanted("jsonl"))
    without.dispose()


def test_before_the_first_entry_the_ledger_stands_at_nothing(lived: Lived, mirror: Engine) -> None:
    assert fetch_standing(mirror, lived.first - 1) == Standing(lived.first - 1, 0, ZERO_HASH, 0)
