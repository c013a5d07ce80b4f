"""What is stored comes back byte for byte, survives a crash whole, and damage is noticed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.opening import open_stores
from ledger.documents.packs import CorruptDocument, ErasedDocument, Place
from ledger.documents.sealing import Sealed, seal
from ledger.documents.store import DocumentStore
from tests.documents.test_canonical import documents, texts

RAW = '{ "b" : 1.50,\n "a": "Getriebe — 变速箱" }'.encode()
ORG = b"\x05" * 32
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return open_stores(tmp_path).documents


def keep(store: DocumentStore, *documents: Sealed) -> list[Place]:
    return store.save(documents, [ORG] * len(documents))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


sent_documents = st.tuples(documents, st.none() | texts, st.integers(0, 2))


@given(st.lists(sent_documents.filter(lambda one: one[0] or one[1] is not None), max_size=5))
def test_each_comes_back_byte_for_byte_from_its_place(
    sent: list[tuple[dict[str, object], str | None, int]],
) -> None:
    sealed = [seal(json.dumps(v, indent=i or None).encode(), serial) for v, serial, i in sent]
    with tempfile.TemporaryDirectory() as folder:
        store = open_stores(Path(folder)).documents
        places = store.save(sealed, [ORG] * len(sealed))
        found = [store.load(s.content_hash, ORG, p) for s, p in zip(sealed, places, strict=True)]
    assert found == sealed


def test_documents_stored_together_lie_in_one_file_for_its_owner_only(
    store: DocumentStore, tmp_path: Path
) -> None:
    places = keep(store, seal(RAW, "S-1"), seal(b'{"of":1}'), seal(RAW, "S-2"))
    [path] = files(tmp_path / "documents")
    assert {place.pack for place in places} == {path.stem}
    assert path.parent.name == path.stem[:2]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sum(place.length for place in places) == path.stat().st_size


def test_nothing_to_store_makes_no_file(store: DocumentStore, tmp_path: Path) -> None:
    assert store.save([], []) == []
    assert files(tmp_path) == []


def test_what_is_stored_again_lies_in_another_pack(store: DocumentStore) -> None:
    sealed = seal(RAW)
    [first], [second] = keep(store, sealed), keep(store, sealed)
    assert first.pack != second.pack
    assert store.load(sealed.content_hash, ORG, first) == store.load(
        sealed.content_hash, ORG, second
    )


def test_a_document_is_found_under_its_own_hash_only(store: DocumentStore) -> None:
    one, other = seal(RAW, "S-1"), seal(RAW, "S-2")
    place, _ = keep(store, one, other)
    with pytest.raises(CorruptDocument, match="0x" + other.content_hash.hex()):
        store.load(other.content_hash, ORG, place)


@pytest.mark.parametrize("bit", range(8))
def test_every_changed_bit_is_noticed_in_its_document_alone(
    store: DocumentStore, tmp_path: Path, bit: int
) -> None:
    one, other = seal(b'{ "a":1e2}', "S"), seal(RAW)
    place, beside = keep(store, one, other)
    [path] = files(tmp_path / "documents")
    whole = path.read_bytes()
    for at in range(place.length):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        with pytest.raises(CorruptDocument):
            store.load(one.content_hash, ORG, place)
    assert store.load(other.content_hash, ORG, beside) == other


@pytest.mark.parametrize("left", [0, 10, -1])
def test_a_pack_cut_short_is_noticed(store: DocumentStore, tmp_path: Path, left: int) -> None:
    sealed = seal(RAW)
    [place] = keep(store, sealed)
    [path] = files(tmp_path / "documents")
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(CorruptDocument):
        store.load(sealed.content_hash, ORG, place)


def test_a_pack_that_is_gone_is_noticed(store: DocumentStore, tmp_path: Path) -> None:
    sealed = seal(RAW)
    [place] = keep(store, sealed)
    [path] = files(tmp_path / "documents")
    path.unlink()
    with pytest.raises(CorruptDocument, match=f"its pack {place.pack} is missing"):
        store.load(sealed.content_hash, ORG, place)


def test_many_may_store_at_once(store: DocumentStore, tmp_path: Path) -> None:
    sealed = [seal(RAW, str(number)) for number in range(8)]
    places: dict[int, Place] = {}

    def save(number: int) -> None:
        [places[number]] = keep(store, sealed[number])

    saving = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for one in saving:
        one.start()
    for one in saving:
        one.join()
    assert [store.load(sealed[n].content_hash, ORG, places[n]) for n in range(8)] == sealed
    assert len(files(tmp_path / "documents")) == 8


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failed_write_leaves_nothing_behind(
    store: DocumentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, full)
        with pytest.raises(OSError, match="No space"):
            keep(store, seal(RAW))
    assert files(tmp_path) == []


def test_a_pack_has_its_name_only_once_it_is_flushed_and_its_folder_afterwards(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, seal(RAW))  # so that some folders are there
    steps: list[str] = []
    flush, rename = os.fsync, os.replace

    def fsync(handle: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        flush(handle)

    def replace(*names: str | Path) -> None:
        steps.append("name")
        rename(*names)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    keep(store, seal(RAW), seal(b'{"of":1}'))
    assert steps[-3:] == ["file", "name", "folder"]
    before = [one for one in steps[:-3] if one != "folder"]
    assert before == ["file", "name"], "its keys are lasting first"


def test_killed_at_any_moment_what_was_stored_is_whole(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from ledger.documents.sealing import seal
        from ledger.documents.opening import open_stores

        store = open_stores(Path(sys.argv[1])).documents
        for number in range(10**6):
            both = [seal(b'{"n":%d,"text":"%s"}' % (n, b"x" * 20000)) for n in (number, -number)]
            for one, place in zip(both, store.save(both, [bytes(32)] * 2)):
                print(one.content_hash.hex(), place.pack, place.offset, place.length, flush=True)
        """
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    told = [running.stdout.readline() for _ in range(50)]
    os.kill(running.pid, signal.SIGKILL)
    told += running.stdout.read().splitlines(keepends=True)
    running.stdout.close()
    running.wait()
    store = open_stores(tmp_path).documents
    sizes = {path.stat().st_size for path in files(tmp_path) if path.suffix == ".pack"}
    assert min(sizes) > 40000
    for content_hash, pack, offset, length in (
        line.split() for line in told if line.endswith("\n")
    ):
        place = Place(pack, int(offset), int(length))
        found: Sealed = store.load(bytes.fromhex(content_hash), bytes(32), place)
        assert len(found.raw) > 20000


def test_an_erased_document_is_gone_and_those_beside_it_stay(
    store: DocumentStore, tmp_path: Path
) -> None:
    some = [seal(f'{{"n":{n},"secret":"alloy {n}"}}'.encode(), f"S-{n}") for n in range(3)]
    places = keep(store, *some)
    store.erase(places[1])
    store.erase(places[1])
    with pytest.raises(ErasedDocument):
        store.load(some[1].content_hash, ORG, places[1])
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*.pack"))
    assert b"alloy 1" not in held
    assert some[1].commitment.seed.hex().encode() not in held
    for kept in (0, 2):
        assert store.load(some[kept].content_hash, ORG, places[kept]) == some[kept]
    store.erase(replace(places[0], pack="ab" * 16))
