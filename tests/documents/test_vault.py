"""A document opens by its own key alone, where it belongs; without that, no copy of it opens."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.ciphers import WrongKey, decrypt_document, encrypt_document, new_key
from ledger.documents.key_files import (
    HEAD_SIZE,
    RECORD_SIZE,
    find_record,
    make_keys,
)
from ledger.documents.master import BadMasterKey, MasterKeys
from ledger.documents.opening import Stores, open_stores
from ledger.documents.packs import CorruptDocument, ErasedDocument, LockedDocument
from ledger.documents.sealing import seal
from tests.documents.keeping import BATCH, ORG, keep, keep_batch, key_files

ROOT = Path(__file__).parents[2]
SECRET = "7075-T6 of 3.11.2026"
RAW = f'{{"alloy":"{SECRET}"}}'.encode()
LINES = b"".join(
    b'{"serial":"S-%d","document":{"alloy":"%d %b"}}\n' % (n, n, SECRET.encode()) for n in range(9)
)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return open_stores(tmp_path)


@pytest.fixture
def master_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "documents"


def everything(data: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file())


# -- what is kept ------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32), st.integers(0, 10**6))
def test_what_is_encrypted_comes_back_and_any_change_is_noticed(
    raw: bytes, content_hash: bytes, at: int
) -> None:
    key = new_key()
    kept = encrypt_document(key, raw, content_hash, ORG)
    assert decrypt_document(key, kept, content_hash, ORG) == raw
    bit = at % (8 * len(kept))
    damaged = bytearray(kept)
    damaged[bit // 8] ^= 1 << bit % 8
    for wrong in (
        (key, bytes(damaged), content_hash, ORG),
        (key, kept[:-1], content_hash, ORG),
        (new_key(), kept, content_hash, ORG),
        (key, kept, bytes([content_hash[0] ^ 1]) + content_hash[1:], ORG),
        (key, kept, content_hash, b"\x06" * 32),
    ):
        with pytest.raises(WrongKey):
            decrypt_document(*wrong)


@given(st.lists(st.integers(0, 2**40), unique=True, min_size=1, max_size=60).map(sorted))
def test_each_label_has_a_key_of_its_own_that_is_found(labels: list[int]) -> None:
    keys, records = make_keys(new_key(), labels)
    assert len(set(keys)) == len(labels)
    with tempfile.TemporaryFile() as file:
        file.write(bytes(HEAD_SIZE) + records)
        file.flush()
        places = [find_record(file.fileno(), label) for label in labels]
        assert places == [HEAD_SIZE + RECORD_SIZE * at for at in range(len(labels))]
        for beside in {0, labels[-1] + 1, labels[0] + 1} - set(labels):
            assert find_record(file.fileno(), beside) is None


def test_nothing_on_the_disk_tells_what_a_document_says(stores: Stores, tmp_path: Path) -> None:
    sealed = seal(RAW, "S-SECRET")
    [place] = keep(stores, sealed)
    keep_batch(stores, LINES)
    held = everything(tmp_path)
    batch = stores.batches.find(BATCH)
    assert batch is not None
    line = batch.load(3)
    for told in (
        SECRET.encode(),
        b"S-SECRET",
        b"alloy",
        sealed.commitment.seed,
        sealed.commitment.seed.hex().encode(),
        line.commitment.seed,
    ):
        assert told not in held
    assert stores.documents.load(sealed.content_hash, ORG, place) == sealed
    assert line.raw == b'{"alloy":"2 %b"}' % SECRET.encode()


def test_while_lines_arrive_none_is_on_the_disk_as_it_was_sent(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["ledger.documents.batch_writer"], "_PORTION", 50)
    writer = stores.batches.begin(ORG)
    for line in LINES.splitlines(keepends=True):
        writer.feed(line)
        assert SECRET.encode() not in everything(tmp_path)
    writer.finish()
    assert SECRET.encode() not in everything(tmp_path)
    writer.discard()


def test_the_master_key_is_made_once_for_its_owner_only(
    stores: Stores, tmp_path: Path, master_file: Path
) -> None:
    stores.vault.prepare()
    assert master_file.stat().st_mode & 0o777 == 0o600
    made = master_file.read_text()
    assert len(bytes.fromhex(made)) == 32
    keep(stores, seal(RAW))
    open_stores(tmp_path).vault.prepare()
    assert master_file.read_text() == made
    assert [path.name for path in master_file.parent.iterdir()] == ["documents"]
    for path in (*key_files(tmp_path), *(tmp_path / "document-keys").iterdir()):
        assert path.stat().st_mode & 0o077 == 0


# -- what does not open ------------------------------------------------------------------------


def test_a_document_does_not_open_for_another_sender_or_in_another_s_place(
    stores: Stores, tmp_path: Path
) -> None:
    one, other = seal(b'{"n":1}'), seal(b'{"n":2}')
    [place] = keep(stores, one)
    [there] = keep(stores, other, org=b"\x06" * 32)
    with pytest.raises(CorruptDocument, match="belongs elsewhere"):
        stores.documents.load(one.content_hash, b"\x06" * 32, place)
    with pytest.raises(CorruptDocument, match="0x" + other.content_hash.hex()):
        stores.documents.load(other.content_hash, ORG, place)
    documents, keys = tmp_path / "documents", tmp_path / "document-keys"
    for folder, suffix in (
        (documents, "pack"),
        (keys, "keys"),
    ):  # the ciphertext, then its keys too
        shutil.copy(
            folder / place.pack[:2] / f"{place.pack}.{suffix}",
            folder / there.pack[:2] / f"{there.pack}.{suffix}",
        )
        for content_hash in (one.content_hash, other.content_hash):
            with pytest.raises(CorruptDocument):
                stores.documents.load(content_hash, b"\x06" * 32, there)


@pytest.mark.parametrize("at", [0, 21, 30, 60, HEAD_SIZE, HEAD_SIZE + 9, -1])
def test_a_damaged_file_of_keys_is_noticed_and_named(
    stores: Stores, tmp_path: Path, at: int
) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)
    [path] = key_files(tmp_path)
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(CorruptDocument, match="0x" + sealed.content_hash.hex()):
        open_stores(tmp_path).documents.load(sealed.content_hash, ORG, place)


@pytest.mark.parametrize("left", [None, 0, HEAD_SIZE - 1, HEAD_SIZE, HEAD_SIZE + 7])
def test_keys_that_are_gone_are_missing_and_not_erased(
    stores: Stores, tmp_path: Path, left: int | None
) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)
    [path] = key_files(tmp_path)
    if left is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(CorruptDocument) as caught:
        stores.documents.load(sealed.content_hash, ORG, place)
    assert not isinstance(caught.value, ErasedDocument)


def test_another_master_key_opens_nothing_and_is_told(
    stores: Stores, tmp_path: Path, master_file: Path
) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)
    keep_batch(stores, LINES)
    right = master_file.read_bytes()
    used = MasterKeys.load(master_file).current.hex()
    master_file.write_text("ab" * 32 + "\n")
    for where in (stores, open_stores(tmp_path)):
        with pytest.raises(LockedDocument, match=used) as caught:
            where.documents.load(sealed.content_hash, ORG, place)
        assert caught.value.fields["content_hash"] == "0x" + sealed.content_hash.hex()
        batch = where.batches.find(BATCH)
        assert batch is not None
        with pytest.raises(LockedDocument, match=used):
            batch.load(2)
    master_file.write_bytes(right)
    assert open_stores(tmp_path).documents.load(sealed.content_hash, ORG, place) == sealed


def test_a_lost_master_key_is_not_replaced(
    stores: Stores, tmp_path: Path, master_file: Path
) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)
    master_file.unlink()
    again = open_stores(tmp_path)
    for refused in (
        again.vault.prepare,
        lambda: keep(again, seal(b'{"of":1}')),
        again.vault.rotate,
    ):
        with pytest.raises(BadMasterKey, match=str(master_file)):
            refused()
    with pytest.raises(LockedDocument):
        again.documents.load(sealed.content_hash, ORG, place)
    assert not master_file.exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"ab\n", b"xy" * 32, b"ab" * 32 + b"\nab\n"])
def test_a_file_that_holds_no_master_key_is_told_without_showing_it(
    stores: Stores, master_file: Path, content: bytes
) -> None:
    master_file.parent.mkdir()
    master_file.write_bytes(content)
    with pytest.raises(BadMasterKey, match=r"hex digits|no text") as caught:
        keep(stores, seal(RAW))
    assert "abab" not in str(caught.value) + repr(caught.value.fields)
    assert repr(MasterKeys([b"\xab" * 32])).find("abab") == -1


# -- what is erased ----------------------------------------------------------------------------


def test_no_copy_of_an_erased_document_opens_and_those_beside_it_do(
    stores: Stores, tmp_path: Path, master_file: Path
) -> None:
    some = [seal(f'{{"n":{n}}}'.encode()) for n in range(5)]
    places = keep(stores, *some)
    keep_batch(stores, LINES)
    shutil.copytree(tmp_path / "documents", tmp_path / "copy" / "documents")
    for _ in range(2):
        stores.documents.erase(places[2])
        stores.batches.erase(BATCH, 4)
    shutil.copytree(tmp_path / "document-keys", tmp_path / "copy" / "document-keys")
    for where in (stores, open_stores(tmp_path / "copy", master_file)):
        with pytest.raises(ErasedDocument):
            where.documents.load(some[2].content_hash, ORG, places[2])
        batch = where.batches.find(BATCH)
        assert batch is not None
        with pytest.raises(ErasedDocument):
            batch.load(4)
        assert batch.find(4) is None
        assert batch.find_serial("S-3") is None
        for n in (0, 1, 3, 4):
            assert where.documents.load(some[n].content_hash, ORG, places[n]) == some[n]
        assert [batch.find_serial(f"S-{n}") for n in (2, 4, 8)] == [3, 5, 9]
        assert batch.load(5).content_hash == batch.content_hash(5)


def test_after_a_crash_between_key_and_bytes_the_document_is_gone_and_erased_again(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["ledger.documents.store"], "overwrite", die)
        with pytest.raises(RuntimeError, match="killed"):
            stores.documents.erase(place)
    for _ in range(2):
        with pytest.raises(ErasedDocument):
            open_stores(tmp_path).documents.load(sealed.content_hash, ORG, place)
        stores.documents.erase(place)
    [pack] = (tmp_path / "documents").rglob("*.pack")
    assert not pack.read_bytes().strip(b"\0")


def test_a_pack_that_is_gone_loses_its_keys_all_the_same(stores: Stores, tmp_path: Path) -> None:
    sealed = seal(RAW)
    [place] = keep(stores, sealed)
    pack = tmp_path / "documents" / place.pack[:2] / f"{place.pack}.pack"
    copy = pack.read_bytes()
    pack.unlink()
    stores.documents.erase(place)
    pack.write_bytes(copy)
    with pytest.raises(ErasedDocument):
        stores.documents.load(sealed.content_hash, ORG, place)
    stores.documents.erase(replace(place, pack="ab" * 16))


def test_what_a_crash_left_beside_the_keys_goes_with_the_key(
    stores: Stores, tmp_path: Path
) -> None:
    [place] = keep(stores, seal(RAW))
    [path] = key_files(tmp_path)
    left = path.with_name(f".{path.name}.abcd1234")
    shutil.copy(path, left)
    stores.documents.erase(place)
    assert [path.name for path in path.parent.iterdir()] == [path.name]


# -- crashes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", range(1, 9))
def test_a_crash_between_keys_and_ciphertext_leaves_no_document_without_its_key(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    keep(stores, seal(RAW))
    count = 0

    class Died(BaseException):
        pass

    def counted(act: object) -> object:
        def run(*given: object) -> object:
            nonlocal count
            count += 1
            if count == failing:
                raise Died
            return act(*given)  # type: ignore[operator]

        return run

    sealed = seal(b'{"n":2}')
    with monkeypatch.context() as patched:
        for name in ("fsync", "replace"):
            patched.setattr(os, name, counted(getattr(os, name)))
        try:
            keep(stores, sealed)
        except Died:
            pass
        else:
            assert count < failing
    packs = {path.stem for path in (tmp_path / "documents").rglob("*.pack")}
    assert packs <= {path.stem for path in key_files(tmp_path)}
    [place] = keep(stores, sealed)
    assert stores.documents.load(sealed.content_hash, ORG, place) == sealed
