"""Files: encrypted in chunks while they arrive, read from anywhere, gone when destroyed."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.ciphers import TAG_SIZE, ChunkCipher, WrongKey, new_key
from ledger.documents.file_reading import CHUNK, FileReader
from ledger.documents.file_store import FileStore
from ledger.documents.files import FileDescription, read_description
from ledger.documents.opening import open_stores
from ledger.documents.packs import CorruptDocument, ErasedDocument
from ledger.types import to_hex

ORG, HASH = b"\x01" * 32, b"\x02" * 32
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5)


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return open_stores(tmp_path).files


def keep(files: FileStore, raw: bytes) -> tuple[str, bytes]:
    """Keep a file; its name, and the seed that opens it."""
    writer = files.begin(ORG)
    for at in range(0, len(raw), 100_001):
        writer.feed(raw[at : at + 100_001])
    assert writer.finish() == hashlib.sha256(raw).digest()
    writer.settle()
    writer.discard()
    return writer.name, writer.seed


def read(files: FileStore, kept: tuple[str, bytes], size: int) -> FileReader:
    return files.open(kept[0], HASH, ORG, kept[1], size)


def all_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "documents" / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_read_back_whole_and_in_parts(
    files: FileStore, size: int, tmp_path: Path
) -> None:
    raw = os.urandom(size)
    kept = keep(files, raw)
    [path] = all_files(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert size < 64 or raw[:64] not in path.read_bytes()
    with read(files, kept, size) as reader:
        assert b"".join(reader.walk(0, size)) == raw
        assert reader.digest() == hashlib.sha256(raw).digest()
        for begin, end in ((size // 2, size), (size // 3, size // 2), (max(0, size - 1), size)):
            assert b"".join(reader.walk(begin, end)) == raw[begin:end]


@given(
    parts=st.lists(st.binary(max_size=40), min_size=1, max_size=5),
    number=st.integers(0, 5),
    other=st.integers(0, 5),
    bit=st.integers(0, 10**6),
)
def test_a_chunk_opens_at_its_own_place_alone(
    parts: list[bytes], number: int, other: int, bit: int
) -> None:
    cipher = ChunkCipher(new_key(), b"of one file")
    at = number % len(parts)
    kept = cipher.encrypt(at, parts[at], last=at == len(parts) - 1)
    assert cipher.decrypt(at, kept, last=at == len(parts) - 1) == parts[at]
    assert len(kept) == len(parts[at]) + TAG_SIZE
    for place, last in ((other, False), (other, True)):
        if (place, last) != (at, at == len(parts) - 1):
            with pytest.raises(WrongKey):
                cipher.decrypt(place, kept, last=last)
    changed = bytearray(kept)
    changed[bit // 8 % len(kept)] ^= 1 << bit % 8
    with pytest.raises(WrongKey):
        cipher.decrypt(at, bytes(changed), last=at == len(parts) - 1)


@pytest.mark.parametrize("tamper", ["swap", "cut", "cut-chunk", "grow", "flip", "zero"])
def test_what_was_changed_on_the_disk_is_never_handed_out(
    files: FileStore, tamper: str, tmp_path: Path
) -> None:
    raw, step = os.urandom(3 * CHUNK), CHUNK + TAG_SIZE
    kept = keep(files, raw)
    [path] = all_files(tmp_path)
    lying = path.read_bytes()
    path.write_bytes(
        {
            "swap": lying[step : 2 * step] + lying[:step] + lying[2 * step :],
            "cut": lying[:-1],
            "cut-chunk": lying[:-step],
            "grow": lying + lying[-step:],
            "flip": lying[:-9] + bytes([lying[-9] ^ 1]) + lying[-8:],
            "zero": bytes(len(lying)),
        }[tamper]
    )
    with pytest.raises(CorruptDocument), read(files, kept, len(raw)) as reader:
        reader.digest()


def test_a_file_of_another_does_not_open_in_its_place(files: FileStore) -> None:
    one, other = keep(files, b"one"), keep(files, b"two")
    with pytest.raises(CorruptDocument), read(files, (one[0], other[1]), 3) as reader:
        reader.digest()
    with pytest.raises(CorruptDocument), files.open(one[0], HASH, HASH, one[1], 3) as reader:
        reader.digest()


def test_half_a_file_leaves_nothing(files: FileStore, tmp_path: Path) -> None:
    writer = files.begin(ORG)
    writer.feed(os.urandom(CHUNK * 2))
    writer.discard()
    whole = files.begin(ORG)
    whole.feed(b"all of it, and nobody remembers it")
    whole.finish()
    whole.discard()
    assert all_files(tmp_path) == []
    assert list((tmp_path / "document-keys").glob("*/*")) == []


def test_what_a_crash_left_is_settled_if_remembered_and_else_destroyed(
    files: FileStore, tmp_path: Path
) -> None:
    left = []
    for _ in range(3):
        writer = files.begin(ORG)
        writer.feed(b"left by a crash")
        writer.finish()
        left.append(writer)
    known, unknown, held = left
    for one in (known, unknown):
        one.leave()
        one.discard()  # as the system does when the process ends: the hold goes, the file stays
    with read(files, (known.name, known.seed), 15) as reader:
        assert reader.read() == b"left by a crash"
    files.clean(lambda name: name == known.name)
    assert {path.name for path in all_files(tmp_path)} == {known.name, held.name}
    with read(files, (known.name, known.seed), 15) as reader:
        assert reader.read() == b"left by a crash"
    held.discard()


def test_an_erased_file_is_gone_with_its_key(files: FileStore, tmp_path: Path) -> None:
    kept = keep(files, b"secret")
    [path] = all_files(tmp_path)
    copy = path.read_bytes()
    for _ in range(2):
        files.erase(kept[0])
    assert not path.exists()
    path.write_bytes(copy)
    with pytest.raises(ErasedDocument):
        read(files, kept, 6)


def test_a_rotation_of_the_master_key_takes_files_along(tmp_path: Path) -> None:
    stores = open_stores(tmp_path)
    kept = keep(stores.files, b"as before")
    stores.vault.rotate()
    with read(stores.files, kept, 9) as reader:
        assert reader.read() == b"as before"


def test_a_zip_is_read_where_it_lies_encrypted(files: FileStore, tmp_path: Path) -> None:
    plain = tmp_path / "plain.zip"
    with zipfile.ZipFile(plain, "w") as made:
        made.writestr("a.txt", b"x" * 200_000)
    kept = keep(files, plain.read_bytes())
    with read(files, kept, plain.stat().st_size) as reader, zipfile.ZipFile(reader) as archive:
        assert archive.read("a.txt") == b"x" * 200_000


def test_a_file_is_known_by_the_hash_of_its_description() -> None:
    described = FileDescription(b"\x05" * 32, 7, "model/gltf-binary", "hülle.glb")
    sealed, again = described.seal(b"\x09" * 32), described.seal(b"\x09" * 32)
    assert read_description(sealed) == described
    assert sealed.content_hash == again.content_hash
    assert sealed.content_hash != described.seal(b"\x0a" * 32).content_hash
    assert sealed.commitment.fields == ("format", "media_type", "name", "sha256", "size")
    assert to_hex(described.sha256).encode() in sealed.raw
