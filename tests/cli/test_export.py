"""`asset-ledger export` as a person or a pipe calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ledger.database.engine import open_engine, upgrade
from ledger.mirror.store import Store
from tests.epcis import validator
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, catch_up

ENTRIES = 31


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A mirror whose blocks are final but for the last, which holds one more entry."""
    url = f"sqlite:///{tmp_path_factory.mktemp('mirror')}/ledger.db"
    engine = open_engine(url)
    upgrade(engine)
    chain = Chain.start()
    try:
        org = chain.enrol()
        chain.register(org, ENTRIES - 3)
        final = chain.mine()
        chain.register(org)
        chain.mine()
        catch_up(chain, Store(engine), FinalUpTo(final))
    finally:
        chain.stop()
        engine.dispose()
    return url


def run(database: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ledger.cli", "export", "--database-url", database]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)


def test_parquet_goes_to_a_folder_and_json_says_what_was_done(
    database: str, tmp_path: Path
) -> None:
    folder = tmp_path / "parquet"
    done = run(database, "--format", "parquet", "-o", folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["entries"] == ENTRIES
    manifest = json.loads((folder / "_manifest.json").read_bytes())
    assert {name: told[name] for name in ("to_block", "ledger_head")} == {
        name: manifest[name] for name in ("to_block", "ledger_head")
    }
    with duckdb.connect() as reader:
        assert len(reader.read_parquet(f"{folder}/entry/*/*.parquet")) == ENTRIES
    again = run(database, "--format", "parquet", "-o", folder)
    assert again.stdout == f"nothing new is final: all up to block {told['to_block']} is there\n"


def test_entries_are_piped_and_words_go_to_the_error_stream(database: str) -> None:
    done = run(database, "--format", "jsonl", "-o", "-")
    assert done.returncode == 0
    assert [json.loads(line)["sequence"] for line in done.stdout.splitlines()] == [
        *range(1, ENTRIES + 1)
    ]
    assert f"{ENTRIES} entries" in done.stderr


def test_a_reader_that_has_enough_is_no_failure(database: str) -> None:
    command = [sys.executable, "-m", "ledger.cli", "export", "--database-url", database]
    with subprocess.Popen(
        [*command, "--format", "jsonl", "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_epcis_goes_to_a_file_which_is_whole_or_not_there(database: str, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonld"
    done = run(database, "--format", "epcis", "-o", path, "--json")
    assert json.loads(done.stdout)["files"] == 1
    document = json.loads(path.read_bytes())
    validator()(document)
    assert len(document["epcisBody"]["eventList"]) == ENTRIES
    assert list(tmp_path.iterdir()) == [path]


def test_text_goes_to_a_folder_where_one_is_named(database: str, tmp_path: Path) -> None:
    for output in (f"{tmp_path}/new/", f"{tmp_path}/new"):
        assert run(database, "--format", "jsonl", "-o", output).returncode == 0
    manifest = json.loads((tmp_path / "new/_manifest.json").read_bytes())
    assert [file["rows"] for file in manifest["files"]] == [ENTRIES]


def test_to_block_goes_beyond_what_is_final(database: str) -> None:
    last = json.loads(run(database, "--format", "jsonl", "-o", "-").stdout.splitlines()[-1])
    beyond = run(database, "--format", "jsonl", "-o", "-", "--to-block", str(last["block"] + 1))
    assert len(beyond.stdout.splitlines()) == ENTRIES + 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--format", "parquet", "-o", "-"], 2, "Parquet is written to a folder"),
        (["--format", "jsonl", "-o", "-", "--json"], 2, "the entries themselves go there"),
        (["--format", "xml", "-o", "x"], 2, "xml"),
        (["--format", "jsonl", "-o", "-", "--subject", "0x12"], 2, "--subject: '0x12' is not"),
        (["--format", "jsonl", "-o", "-", "--subject", "0x" + "1" * 64], 1, "no subject 0x1111"),
        (["--format", "jsonl", "-o", "-", "--to-block", "999"], 2, "to_block: 999 is not"),
        (["--format", "jsonl", "-o", "-", "--tables", "asset"], 2, "tables: 'asset' is not"),
    ],
)
def test_what_is_wrong_is_named(database: str, arguments: list[str], code: int, said: str) -> None:
    done = run(database, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    done = run(f"sqlite:///{path}", "--format", "jsonl", "-o", "-")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"no database {path} is known" in done.stderr
    assert not path.exists()


def test_without_pyarrow_it_says_what_to_install(database: str, tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from ledger.cli import main; main()"
    given = ["export", "--database-url", database, "--format", "parquet", "-o", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "scripts/requirements/export.txt" in done.stderr
    assert list(tmp_path.iterdir()) == []
    given[given.index("parquet")] = "jsonl"
    done = subprocess.run([sys.executable, "-c", code, *given, "-o", "-"], capture_output=True)
    assert len(done.stdout.splitlines()) == ENTRIES
