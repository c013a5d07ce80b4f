"""The master key is changed while documents are kept and read; what is older opens nothing more."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ledger.documents import vault
from ledger.documents.key_files import HEAD_SIZE
from ledger.documents.opening import Stores, open_stores
from ledger.documents.packs import ErasedDocument, LockedDocument, Place
from ledger.documents.sealing import Sealed, seal
from ledger.documents.vault import KeysNotRotated
from tests.documents.keeping import BATCH, ORG, changed, keep, keep_batch, key_files

ROOT = Path(__file__).parents[2]
RAW = b'{"alloy":"7075-T6"}'
LINES = b"".join(b'{"serial":"S-%d","document":{"n":%d}}\n' % (n, n) for n in range(9))


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return open_stores(tmp_path)


@pytest.fixture
def master_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "documents"


def test_a_rotation_makes_all_older_copies_of_keys_worthless(
    stores: Stores, tmp_path: Path, master_file: Path
) -> None:
    some = [seal(f'{{"n":{n}}}'.encode()) for n in range(3)]
    places = keep(stores, *some)
    keep_batch(stores, LINES)
    shutil.copytree(tmp_path / "documents", tmp_path / "copy" / "documents")
    shutil.copytree(tmp_path / "document-keys", tmp_path / "copy" / "document-keys")
    stores.documents.erase(places[0])
    stores.batches.erase(BATCH, 1)
    before = master_file.read_text()
    packs = {path: path.read_bytes() for path in (tmp_path / "documents").rglob("*.pack")}

    assert stores.vault.rotate() == 2
    assert before.strip() not in master_file.read_text()
    assert [path.name for path in master_file.parent.iterdir()] == ["documents"]
    assert packs == {path: path.read_bytes() for path in packs}, "no document is touched"
    for where in (stores, open_stores(tmp_path)):
        with pytest.raises(ErasedDocument):
            where.documents.load(some[0].content_hash, ORG, places[0])
        assert where.documents.load(some[1].content_hash, ORG, places[1]) == some[1]
        batch = where.batches.find(BATCH)
        assert batch is not None
        assert (batch.find(1), batch.load(2).content_hash) == (None, batch.content_hash(2))
    old = open_stores(tmp_path / "copy", master_file)
    for n in range(3):
        with pytest.raises(LockedDocument):
            old.documents.load(some[n].content_hash, ORG, places[n])
    assert stores.vault.rotate() == 2


def test_keys_kept_while_a_rotation_runs_are_under_the_fresh_master_key(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process keeps on, opened with the master key before."""
    other, late = open_stores(tmp_path), seal(b'{"late":1}')
    first = seal(RAW)
    [place] = keep(other, first)
    writer = other.batches.begin(ORG)
    writer.feed(LINES)
    kept: list[Place] = []
    rewrap = vault.Vault._rewrap

    def between(itself: vault.Vault, path: Path) -> int:
        done = rewrap(itself, path)
        kept.extend(keep(other, late))
        writer.finish()
        writer.keep(BATCH)
        writer.release()
        return done

    monkeypatch.setattr(vault.Vault, "_rewrap", between)
    assert stores.vault.rotate() == 1
    again = open_stores(tmp_path)
    assert again.documents.load(late.content_hash, ORG, kept[-1]) == late
    assert again.documents.load(first.content_hash, ORG, place) == first
    batch = again.batches.find(BATCH)
    assert batch is not None
    assert batch.load(9).content_hash == batch.content_hash(9)
    assert other.documents.load(late.content_hash, ORG, kept[-1]) == late


def test_who_read_a_file_of_keys_just_before_the_rotation_ended_reads_it_again(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)
    reader, read = open_stores(tmp_path), vault.Vault._read
    rotated: list[int] = []

    def reading(itself: vault.Vault, name: str, label: int, content_hash: bytes) -> object:
        found = read(itself, name, label, content_hash)
        if not rotated:
            rotated.append(stores.vault.rotate())
        return found

    monkeypatch.setattr(vault.Vault, "_read", reading)
    assert reader.documents.load(sealed.content_hash, ORG, place) == sealed
    assert rotated == [1]


ROTATING = """
import os, signal, sys
from pathlib import Path
from ledger.documents import master, private, vault
from ledger.documents.opening import open_stores

step, data = int(sys.argv[1]), Path(sys.argv[2])
count = 0

def counted(act):
    def run(*given, **named):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*given, **named)
    return run

for name in ("fsync", "replace", "link", "pwrite", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
open_stores(data).vault.rotate()
print(count)
"""


def test_killed_at_any_step_a_rotation_loses_nothing_and_is_gone_on_with(tmp_path: Path) -> None:
    """Each step is a call that changes the disk: all of them are tried, until it comes through."""
    step = 0
    while True:
        step += 1
        data = tmp_path / str(step)
        stores = open_stores(data)
        some = [seal(f'{{"n":{n}}}'.encode()) for n in range(4)]
        places = [keep(stores, one)[0] for one in some]
        stores.documents.erase(places[3])
        before = (data / "keys" / "documents").read_text().strip()
        call = [sys.executable, "-c", ROTATING, str(step), str(data)]
        died = subprocess.run(call, cwd=ROOT, check=False, stdout=subprocess.PIPE)
        assert died.returncode in (0, -signal.SIGKILL)
        again = open_stores(data)
        for one, place in zip(some[:3], places, strict=False):
            assert again.documents.load(one.content_hash, ORG, place) == one
        again.vault.rotate()
        for one, place in zip(some[:3], places, strict=False):
            assert open_stores(data).documents.load(one.content_hash, ORG, place) == one
        with pytest.raises(ErasedDocument):
            again.documents.load(some[3].content_hash, ORG, places[3])
        left = b"".join(path.read_bytes() for path in (data / "keys").iterdir())
        assert before.encode() not in left, f"the master key before outlives step {step}"
        assert [path.name for path in (data / "keys").iterdir()] == ["documents"]
        if died.returncode == 0:
            break
    assert step > 20


def test_a_file_of_keys_that_does_not_open_keeps_the_master_key_before(
    stores: Stores, tmp_path: Path, master_file: Path
) -> None:
    some = [seal(f'{{"n":{n}}}'.encode()) for n in range(2)]
    places = [keep(stores, one)[0] for one in some]
    bad, _ = key_files(tmp_path)
    whole = bad.read_bytes()
    with changed(bad, HEAD_SIZE - 1), pytest.raises(KeysNotRotated, match=str(bad)):
        open_stores(tmp_path).vault.rotate()
    assert len(master_file.read_text().split()) == 2
    assert bad.read_bytes() == whole
    for one, place in zip(some, places, strict=True):
        assert open_stores(tmp_path).documents.load(one.content_hash, ORG, place) == one
    assert open_stores(tmp_path).vault.rotate() == 1
    assert len(master_file.read_text().split()) == 1


def test_while_others_keep_and_erase_a_rotation_misses_no_key_and_brings_none_back(
    stores: Stores, tmp_path: Path
) -> None:
    kept: list[tuple[Sealed, Place]] = []
    erased: list[tuple[Sealed, Place]] = []
    over = threading.Event()

    def work(number: int) -> None:
        own, turn = open_stores(tmp_path), 0
        while not over.is_set() or turn < 4:
            turn += 1
            one = seal(b'{"n":%d,"turn":%d}' % (number, turn))
            [place] = keep(own, one)
            if turn % 2:
                own.documents.erase(place)
            (erased if turn % 2 else kept).append((one, place))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    stores.vault.prepare()
    for worker in workers:
        worker.start()
    for _ in range(5):
        stores.vault.rotate()
    over.set()
    for worker in workers:
        worker.join()
    again = open_stores(tmp_path)
    assert len(kept) >= 6
    for one, place in kept:
        assert again.documents.load(one.content_hash, ORG, place) == one
    for one, place in erased:
        with pytest.raises(ErasedDocument):
            again.documents.load(one.content_hash, ORG, place)
        with pytest.raises(ErasedDocument):
            again.vault.find_key(place.pack, place.offset, one.content_hash)
