"""Batches in files: found as a plain dict would, proven as a plain tree would, whole or absent."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents import batch_index, batch_writer
from ledger.documents.batch_files import BatchFile
from ledger.documents.batch_index import Index, serial_key, write_index
from ledger.documents.batch_lines import LONGEST_LINE
from ledger.documents.batch_portions import MOST_FAULTS
from ledger.documents.batch_store import AT_ONCE, BatchesBusy, BatchStore
from ledger.documents.batch_tree import find_path, verify_path, write_tree
from ledger.documents.batch_writer import BadLines
from ledger.documents.opening import open_stores
from ledger.documents.packs import CorruptDocument
from ledger.errors import VerificationError
from ledger.hashing import merkle_root, sha256
from tests.cli.conftest import is_running

ORG = b"\x05" * 32
ID = b"\x07" * 29 + bytes(3)


@pytest.fixture
def store(tmp_path: Path) -> BatchStore:
    return open_stores(tmp_path).batches


def lines(*serials: str) -> bytes:
    return b"".join(
        json.dumps({"serial": serial, "document": {"n": n, "of": serial}}).encode() + b"\n"
        for n, serial in enumerate(serials)
    )


def keep(store: BatchStore, body: bytes, batch: bytes = ID, piece: int = 1000) -> BatchFile:
    writer = store.begin(ORG)
    try:
        for start in range(0, len(body), piece):
            writer.feed(body[start : start + piece])
        writer.finish()
        writer.keep(batch)
        writer.release()
    finally:
        writer.discard()
    kept = store.find(batch)
    assert kept is not None
    return kept


def faults_of(store: BatchStore, body: bytes, piece: int = 1000) -> dict[int, str]:
    with pytest.raises(BadLines) as caught:
        keep(store, body, piece=piece)
    return {fault.line: fault.path + " " + fault.reason for fault in caught.value.faults}


# -- what is found -----------------------------------------------------------------------------


def test_every_line_is_found_by_index_serial_and_content_hash(store: BatchStore) -> None:
    serials = [f"S-{n}" for n in range(1500)]
    kept = keep(store, lines(*serials))
    assert kept.about.size == 1500
    hashes = [kept.load(index).content_hash for index in range(1, 1501)]
    for index, serial in enumerate(serials, 1):
        assert kept.read(index).serial == serial
        assert kept.find_serial(serial) == index
        assert kept.find_hash(hashes[index - 1]) == index
    assert kept.find_serial("S-1500") is None
    assert kept.find_hash(bytes(32)) is None
    assert kept.about.root == merkle_root(hashes)
    for index in (1, 2, 1023, 1024, 1025, 1500):
        path = kept.path(index)
        verify_path(kept.about.root, 1500, index - 1, hashes[index - 1], path)
    assert json.loads(kept.load(7).raw) == {"n": 6, "of": "S-6"}


def test_processes_of_their_own_commit_as_this_one_does(
    store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = lines(*(f"S-{n}" for n in range(300)))
    monkeypatch.setattr(batch_writer, "new_seed", lambda: b"\x01" * 32)
    here = keep(store, body)
    monkeypatch.setattr(batch_writer, "_SMALL", 0)
    monkeypatch.setattr(batch_writer, "_PORTION", 1000)
    there = keep(store, body, b"\x08" * 29 + bytes(3), piece=77)
    assert here.about == there.about
    assert [here.read(index) for index in (1, 150, 300)] == [
        there.read(index) for index in (1, 150, 300)
    ]


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), min_size=1, max_size=80))
def test_an_index_equals_a_plain_dict(keys: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_index, "_AT_ONCE", 16)  # several passes
        index = _index(keys)
        for key in {*keys, 0, 3, 2**64 - 1}:
            assert list(index.find(key)) == [at for at, each in enumerate(keys) if each == key]
        assert list(index.repeated()) == sorted(key for key in {*keys} if keys.count(key) > 1)
        other = _index([1, 2, 2**63, *keys[:3]])
        assert set(index.common(other)) == set(keys) & {1, 2, 2**63, *keys[:3]}


def _index(keys: list[int]) -> Index:
    with tempfile.TemporaryDirectory() as folder:  # what is mapped stays readable
        paths = Path(folder) / "keys", Path(folder) / "order"
        write_index(array("Q", keys), *paths)
        return Index(*paths)


def test_serials_of_one_key_are_told_apart(
    store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight bytes may be alike by chance, or because somebody sought such serials."""
    for module in (batch_index, sys.modules["ledger.documents.batch_portions"]):
        monkeypatch.setattr(module, "serial_key", lambda _: 5)
    monkeypatch.setattr(sys.modules["ledger.documents.batch_files"], "serial_key", lambda _: 5)
    kept = keep(store, lines("a", "b", "c"))
    assert [kept.find_serial(serial) for serial in "abcd"] == [1, 2, 3, None]
    assert set(faults_of(store, lines("a", "b", "c", "a"))) == {4}


@pytest.mark.parametrize("size", [1, 2, 3, 1023, 1024, 1025, 2048, 2049, 3000])
def test_paths_lead_to_the_root_and_from_nowhere_else(tmp_path: Path, size: int) -> None:
    hashes = [sha256(b"%d" % number) for number in range(size)]
    (tmp_path / "hashes").write_bytes(b"".join(hashes))
    root = write_tree(tmp_path / "hashes", tmp_path / "nodes")
    assert root == merkle_root(hashes)
    both = [memoryview((tmp_path / name).read_bytes()) for name in ("hashes", "nodes")]
    for index in {0, size // 2, size - 1}:
        path = find_path(*both, index)
        verify_path(root, size, index, hashes[index], path)
        wrong = [
            (root, size, index, sha256(b"other"), path),
            (root, size, index + 1, hashes[index], path),
            (root, size, index, hashes[index], [*path, root]),
            (root, size, size, hashes[index], path),
            (sha256(b"other"), size, index, hashes[index], path),
        ]
        if path:
            wrong.append((root, size, index, hashes[index], path[:-1]))
        for claim in wrong:
            with pytest.raises(VerificationError):
                verify_path(*claim)


def test_the_last_line_may_lack_its_end(store: BatchStore) -> None:
    kept = keep(store, lines("a", "b").rstrip(b"\n"))
    assert kept.read(2).serial == "b"
    assert json.loads(kept.load(2).raw)["n"] == 1


def test_a_damaged_line_is_noticed(store: BatchStore, tmp_path: Path) -> None:
    keep(store, lines("a", "b"))
    path = tmp_path / "documents" / "batches" / ID.hex() / "lines"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    kept = open_stores(tmp_path).batches.find(ID)
    assert kept is not None
    assert kept.load(1)
    with pytest.raises(CorruptDocument):
        kept.load(2)


# -- what is refused ---------------------------------------------------------------------------


def test_bad_lines_are_told_with_their_numbers_and_nothing_stays(
    store: BatchStore, tmp_path: Path
) -> None:
    body = lines("a") + b"\n" + lines("b") + b'{"serial"\n' + lines("c", "d")
    found = faults_of(store, body, piece=7)
    assert set(found) == {2, 4}
    assert found[2] == " is blank"
    assert list((tmp_path / "documents" / "batches").iterdir()) == []


def test_no_more_faults_are_told_than_anybody_reads(store: BatchStore) -> None:
    assert len(faults_of(store, b"x\n" * 500)) == MOST_FAULTS


def test_a_serial_twice_names_both_lines(store: BatchStore) -> None:
    assert faults_of(store, lines("a", "b", "a")) == {3: "/serial is line 1's already"}


def test_a_batch_has_one_asset_or_more(store: BatchStore) -> None:
    assert faults_of(store, b"", piece=1) == {1: " is missing: a batch has one asset or more"}


def test_a_line_without_end_is_refused_while_it_grows(store: BatchStore) -> None:
    writer = store.begin(ORG)
    writer.feed(lines("a") + b"x" * (LONGEST_LINE // 2))
    with pytest.raises(BadLines, match="line 2: is longer"):
        writer.feed(b"x" * LONGEST_LINE)
    writer.discard()


def test_more_lines_than_ids_are_refused(
    store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_writer, "MOST_LINES", 2)
    assert set(faults_of(store, lines("a", "b", "c"))) == {3}
    assert keep(store, lines("a", "b")).about.size == 2


def test_only_so_many_come_in_at_once(store: BatchStore) -> None:
    writers = [store.begin(ORG) for _ in range(AT_ONCE)]
    with pytest.raises(BatchesBusy):
        store.begin(ORG)
    for writer in writers:
        writer.discard()
        writer.discard()  # harmless
    store.begin(ORG).discard()


EMPLOYING = """
import signal
from multiprocessing import active_children
from ledger.documents.batch_portions import Crew

Crew().begin(abs, 1, small=False).result()
print(*(each.pid for each in active_children()), flush=True)
signal.pause()
"""


def test_processes_end_with_the_one_that_employs_them() -> None:
    employer = subprocess.Popen(
        [sys.executable, "-c", EMPLOYING], stdout=subprocess.PIPE, text=True
    )
    assert employer.stdout is not None
    pids = [int(each) for each in employer.stdout.readline().split()]
    employer.kill()
    employer.wait()
    employer.stdout.close()
    assert pids
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "they outlive it"
        time.sleep(0.01)


# -- what survives -----------------------------------------------------------------------------

DYING = """
import os, signal, sys
from pathlib import Path
from ledger.documents import batch_files, batch_writer
from ledger.documents import vault
from ledger.documents.opening import open_stores

step, root = sys.argv[1], Path(sys.argv[2])

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

steps = {
    "indexing": (batch_writer, "_index_hashes"),
    "describing": (batch_writer, "_write"),
    "keeping keys": (vault, "write_whole"),
    "flushing": (batch_writer, "flush_path"),
    "renaming": (batch_writer.os, "rename"),
}
if step in steps:
    setattr(*steps[step], die)
writer = open_stores(root).batches.begin(bytes(32))
writer.feed(b'{"serial":"a","document":{}}\\n')
if step == "feeding":
    die()
writer.finish()
writer.keep(bytes.fromhex(sys.argv[3]))
die()
"""


@pytest.mark.parametrize(
    "step",
    ["feeding", "indexing", "describing", "keeping keys", "flushing", "renaming", "kept"],
)
@pytest.mark.parametrize("known", [False, True])
def test_after_a_crash_a_batch_is_whole_or_absent(tmp_path: Path, step: str, known: bool) -> None:
    root = tmp_path / "documents" / "batches"
    died = subprocess.run([sys.executable, "-c", DYING, step, str(tmp_path), ID.hex()], check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(list(root.iterdir())) == 1
    store = open_stores(tmp_path).batches
    store.clean(lambda batch: known and batch == ID)
    if known and step == "kept":
        kept = store.find(ID)
        assert kept is not None
        assert kept.load(1).raw == b"{}"
    else:
        assert store.find(ID) is None
        assert list(root.iterdir()) == []


def test_what_another_process_writes_is_not_cleaned(store: BatchStore, tmp_path: Path) -> None:
    writer = store.begin(ORG)
    writer.feed(lines("a"))
    open_stores(tmp_path).batches.clean(lambda _: False)
    writer.finish()
    writer.keep(ID)
    open_stores(tmp_path).batches.clean(lambda _: False)  # accepted, and not yet committed
    writer.release()
    assert store.find(ID) is not None


def test_lines_that_were_committed_to_survive_another_database(store: BatchStore) -> None:
    keep(store, lines("a"))
    store.clean(lambda _: False)
    assert store.find(ID) is not None


def test_where_nobody_knows_whether_it_was_committed_the_next_start_asks(
    store: BatchStore, tmp_path: Path
) -> None:
    for known in (True, False):
        writer = store.begin(ORG)
        writer.feed(lines("a"))
        writer.finish()
        writer.keep(ID)
        writer.leave()
        writer.discard()  # nothing happens
        again = open_stores(tmp_path).batches
        again.clean(lambda _, known=known: known)
        assert (again.find(ID) is not None) == known
        again.clean(lambda _: False)


def test_only_the_owner_may_read(store: BatchStore, tmp_path: Path) -> None:
    keep(store, lines("a"))
    paths = list(tmp_path.rglob("*"))
    assert [path.name for path in paths if path.stat().st_mode & 0o077] == []


def test_keys_are_the_beginning_of_a_hash() -> None:
    assert serial_key("a") == int.from_bytes(sha256(b"a")[:8])
