"""What is stored comes back byte for byte, survives a crash whole, and damage is noticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from ledger.documents.canonical import load_document
from ledger.documents.commitment import Commitment, commit_document, new_seed
from ledger.documents.store import CorruptDocument, DocumentStore, StoredDocument
from ledger.errors import DocumentError, UnknownThing

RAW = '{ "b" : 1.50,\n "a": "Getriebe — 变速箱" }'.encode()
ROOT = Path(__file__).parents[2]


def committed(raw: bytes = RAW, serial: str | None = "S-1") -> Commitment:
    return commit_document(load_document(raw), new_seed(), serial)


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "documents")


def files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_comes_back_byte_for_byte(store: DocumentStore) -> None:
    commitment = committed()
    store.save(commitment.content_hash, RAW, commitment)
    assert store.load(commitment.content_hash) == StoredDocument(RAW, commitment)


def test_a_document_without_serial_or_fields_comes_back(store: DocumentStore) -> None:
    commitment = committed(b"{}", None)
    store.save(commitment.content_hash, b"{}", commitment)
    assert store.load(commitment.content_hash).commitment == commitment


def test_lies_under_its_hash_for_its_owner_only(store: DocumentStore, tmp_path: Path) -> None:
    commitment = committed()
    store.save(commitment.content_hash, RAW, commitment)
    name = commitment.content_hash.hex()
    folder = tmp_path / "documents" / name[:2]
    assert files(tmp_path) == [folder / f"{name}.commitment.json", folder / f"{name}.json"]
    assert [path.stat().st_mode & 0o777 for path in files(tmp_path)] == [0o600, 0o600]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{name}.json").read_bytes() == RAW


def test_saving_again_changes_nothing(store: DocumentStore, tmp_path: Path) -> None:
    commitment = committed()
    store.save(commitment.content_hash, RAW, commitment)
    before = [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in files(tmp_path)]
    store.save(commitment.content_hash, RAW.replace(b' "b" : ', b'"b":'), commitment)
    assert before == [(p, p.stat().st_mtime_ns, p.stat().st_ino) for p in files(tmp_path)]
    assert store.load(commitment.content_hash).raw == RAW


def test_an_unknown_document_is_named(store: DocumentStore) -> None:
    with pytest.raises(UnknownThing, match="0x" + "07" * 32):
        store.load(b"\7" * 32)


def test_what_does_not_hash_to_its_name_is_never_stored(
    store: DocumentStore, tmp_path: Path
) -> None:
    commitment = committed()
    with pytest.raises(CorruptDocument):
        store.save(bytes(32), RAW, commitment)
    with pytest.raises(CorruptDocument):
        store.save(commitment.content_hash, b'{"a":2}', commitment)
    with pytest.raises(DocumentError):
        store.save(commitment.content_hash, b"[]", commitment)
    assert files(tmp_path) == []


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "foreign"])
def test_damage_is_noticed_and_mended_by_saving_again(
    store: DocumentStore, tmp_path: Path, part: int, damage: str
) -> None:
    commitment = committed()
    store.save(commitment.content_hash, RAW, commitment)
    path = files(tmp_path)[part]
    content = path.read_bytes()
    match damage:
        case "flip":
            # In the middle of a value, in either file.
            at = content.index(b"1.50") if part else content.index(b'"seed":"0x') + 12
            path.write_bytes(
                content[:at] + (b"2" if content[at : at + 1] != b"2" else b"3") + content[at + 1 :]
            )
        case "cut":
            path.write_bytes(content[:-3])
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case "foreign":
            path.write_bytes(b'{"a":[]}')
    with pytest.raises(UnknownThing if part and damage == "gone" else CorruptDocument):
        store.load(commitment.content_hash)
    store.save(commitment.content_hash, RAW, commitment)
    assert store.load(commitment.content_hash) == StoredDocument(RAW, commitment)


def test_many_may_save_the_same_at_once(store: DocumentStore, tmp_path: Path) -> None:
    commitment = committed()
    saving = [
        threading.Thread(target=store.save, args=(commitment.content_hash, RAW, commitment))
        for _ in range(8)
    ]
    for one in saving:
        one.start()
    for one in saving:
        one.join()
    assert store.load(commitment.content_hash).raw == RAW
    assert len(files(tmp_path)) == 2


def test_a_failed_write_leaves_nothing_behind(
    store: DocumentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    commitment = committed()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save(commitment.content_hash, RAW, commitment)
    assert files(tmp_path) == []


def test_killed_at_any_moment_what_is_there_is_whole(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from ledger.documents.canonical import load_document
        from ledger.documents.commitment import commit_document
        from ledger.documents.store import DocumentStore

        store = DocumentStore(Path(sys.argv[1]))
        for number in range(10**6):
            raw = b'{"n":%d,"text":"%s"}' % (number, b"x" * 20000)
            commitment = commit_document(load_document(raw), bytes(32), str(number))
            store.save(commitment.content_hash, raw, commitment)
            print(commitment.content_hash.hex(), flush=True)
        """
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    told = [running.stdout.readline() for _ in range(25)]
    os.kill(running.pid, signal.SIGKILL)
    told += running.stdout.read().splitlines(keepends=True)
    running.stdout.close()
    running.wait()
    store = DocumentStore(tmp_path)
    for line in told:
        if line.endswith("\n"):
            assert store.load(bytes.fromhex(line)).commitment.seed == bytes(32)
    for path in files(tmp_path):
        if len(path.stem) == 64:
            store.load(bytes.fromhex(path.stem))
