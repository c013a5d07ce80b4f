"""What is from before documents were encrypted is read as ever, and encrypted when it is asked."""

from __future__ import annotations

import os
import secrets
import shutil
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from ledger.cli import main
from ledger.database.engine import reading, writing
from ledger.documents.batch_files import About, BatchFile
from ledger.documents.opening import Stores, open_stores
from ledger.documents.packs import ErasedDocument, encode_frame, place_frames
from ledger.documents.sealing import Sealed, seal
from ledger.outbox.encrypting import encrypt_all
from ledger.outbox.failpoints import arm
from ledger.outbox.operations import SentDocument, document_values
from ledger.outbox.tables import BatchRegistration, Document
from ledger.types import Hash32
from tests.documents.keeping import BATCH, ORG, keep_batch

SECRET = b"7075-T6 of 3.11.2026"
LINES = b"".join(b'{"serial":"S-%d","document":{"a":"%d %b"}}\n' % (n, n, SECRET) for n in range(9))


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return open_stores(tmp_path)


def keep_plain(engine: Engine, stores: Stores, documents: Sequence[Sealed]) -> Path:
    """Keep documents as they were kept before; each has a row."""
    pack = secrets.token_hex(16)
    frames = [encode_frame(each) for each in documents]
    path = stores.folder / pack[:2] / f"{pack}.pack"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(frames))
    with writing(engine) as session:
        for each, place in zip(documents, place_frames(pack, frames), strict=True):
            sent = SentDocument(each.content_hash, len(each.raw), place)
            session.add(Document(**document_values(ORG, BATCH, sent, 0)))
    return path


def keep_plain_batch(engine: Engine, stores: Stores) -> BatchFile:
    """Keep a batch as batches were kept before; the one that it was made from, to compare."""
    keep_batch(stores, LINES)
    folder = stores.folder / "batches" / BATCH.hex()
    made = stores.batches.find(BATCH)
    assert made is not None
    seed = stores.vault.find_key(BATCH.hex(), 0, BATCH)
    told = About(made.about.size, made.about.root, made.about.digest, len(LINES), None, seed)
    (folder / "batch.json").write_bytes(told.encode())
    (folder / "lines.ndjson").write_bytes(LINES)
    ends, at = array("Q"), 0
    for line in LINES.splitlines(keepends=True):
        at += len(line)
        ends.append(at)
    (folder / "ends").write_bytes(ends)
    for name in ("lines", "line-ends"):
        (folder / name).rename(stores.folder.parent / name)  # still mapped, for comparison
    stores.vault.destroy_all(BATCH.hex())
    row = BatchRegistration(
        batch=BATCH, org=ORG, digest=bytes(32), size=9, operation="op", created_at=0
    )
    with writing(engine) as session:
        session.add(row)
    plain = open_stores(stores.folder.parent).batches.find(BATCH)
    assert plain is not None
    return plain


def rows(engine: Engine) -> dict[Hash32, Document]:
    with reading(engine) as session:
        found = session.exec(select(Document).order_by(col(Document.content_hash))).all()
        session.expunge_all()
    return {each.content_hash: each for each in found}


def is_plain(folder: Path) -> bool:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return any(SECRET in path.read_bytes() for path in paths)


def some(count: int) -> list[Sealed]:
    return [seal(b'{"n":%d,"alloy":"%b"}' % (n, SECRET), f"S-{n}") for n in range(count)]


def verify_all(engine: Engine, stores: Stores, wanted: Sequence[Sealed]) -> None:
    kept = rows(engine)
    for each in wanted:
        row = kept[each.content_hash]
        assert stores.documents.load(each.content_hash, row.org, row.place) == each


def test_plain_documents_and_lines_are_read_as_ever(engine: Engine, stores: Stores) -> None:
    sent = some(3)
    keep_plain(engine, stores, sent)
    plain = keep_plain_batch(engine, stores)
    verify_all(engine, stores, sent)
    assert plain.load(3).raw == b'{"a":"2 %b"}' % SECRET
    assert plain.find_serial("S-8") == 9
    row = rows(engine)[sent[1].content_hash]
    stores.documents.erase(row.place)
    with pytest.raises(ErasedDocument):
        stores.documents.load(row.content_hash, ORG, row.place)
    verify_all(engine, stores, [sent[0], sent[2]])


def test_all_that_is_plain_is_encrypted_and_overwritten(engine: Engine, stores: Stores) -> None:
    sent, beside = some(5), seal(b'{"of":1}')
    paths = [keep_plain(engine, stores, sent[:3]), keep_plain(engine, stores, sent[3:])]
    first = rows(engine)[sent[0].content_hash]
    stores.documents.erase(first.place)
    with writing(engine) as session:
        session.delete(session.get(Document, first.content_hash))
    [place] = stores.documents.save([beside], [ORG])
    plain = keep_plain_batch(engine, stores)
    loaded = [plain.load(line) for line in range(1, 10)]

    done = encrypt_all(engine, stores)
    assert (done.documents, done.batches, done.left) == (4, 1, [])
    assert not is_plain(stores.folder)
    assert [path for path in paths if path.exists()] == []
    verify_all(engine, stores, sent[1:])
    assert stores.documents.load(beside.content_hash, ORG, place) == beside
    batch = open_stores(stores.folder.parent).batches.find(BATCH)
    assert batch is not None
    assert [batch.load(line) for line in range(1, 10)] == loaded
    assert batch.about.org == ORG
    assert encrypt_all(engine, stores).documents == 0


def test_what_no_row_names_is_left_and_told(engine: Engine, stores: Stores) -> None:
    """The database may be another one."""
    sent = some(3)
    path = keep_plain(engine, stores, sent)
    with writing(engine) as session:
        session.delete(session.get(Document, sent[1].content_hash))
    done = encrypt_all(engine, stores)
    assert done.documents == 2
    assert [str(path) in told for told in done.left] == [True]
    assert path.read_bytes().strip(b"\0") == encode_frame(sent[1])
    verify_all(engine, stores, [sent[0], sent[2]])


def test_a_damaged_document_is_left_as_it_is_and_told(engine: Engine, stores: Stores) -> None:
    sent = some(3)
    path = keep_plain(engine, stores, sent)
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":7'))
    done = encrypt_all(engine, stores)
    assert done.documents == 2
    assert sent[1].content_hash.hex() in done.left[0]
    assert path.read_bytes().strip(b"\0") == encode_frame(sent[1]).replace(b'"n":1', b'"n":7')
    verify_all(engine, stores, [sent[0], sent[2]])


class _Died(BaseException):
    pass


@pytest.mark.parametrize("point", ["documents are encrypted", "rows name what is encrypted"])
def test_after_a_crash_it_goes_on(engine: Engine, stores: Stores, point: str) -> None:
    sent = some(3)
    path = keep_plain(engine, stores, sent)

    def die(name: str) -> None:
        if name == point:
            raise _Died

    arm(die)
    try:
        with pytest.raises(_Died):
            encrypt_all(engine, stores)
    finally:
        arm(None)
    verify_all(engine, stores, sent)
    assert path.exists()
    assert encrypt_all(engine, stores).left == []
    assert not is_plain(stores.folder)
    verify_all(engine, stores, sent)


def test_after_a_crash_at_any_step_a_batch_s_lines_are_whole(
    engine: Engine, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = keep_plain_batch(engine, stores)
    loaded = [plain.load(line) for line in range(1, 10)]
    whole = tmp_path / "whole"
    shutil.copytree(stores.folder, whole)
    step, survived = 0, False
    while not survived:
        step += 1
        shutil.rmtree(stores.folder)
        shutil.copytree(whole, stores.folder)
        with monkeypatch.context() as patched:
            _count_down(patched, step)
            try:
                encrypt_all(engine, stores)
                survived = True
            except _Died:
                pass
        for again in range(2):
            batch = open_stores(tmp_path).batches.find(BATCH)
            assert batch is not None
            assert [batch.load(line) for line in range(1, 10)] == loaded
            if not again:
                assert encrypt_all(engine, open_stores(tmp_path)).left == []
        assert not is_plain(stores.folder)
    assert step > 10


def _count_down(patched: pytest.MonkeyPatch, steps: int) -> None:
    left = [steps]

    def dying(act: object) -> object:
        def run(*given: object, **named: object) -> object:
            left[0] -= 1
            if not left[0]:
                raise _Died
            return act(*given, **named)  # type: ignore[operator]

        return run

    for name in ("fsync", "replace", "pwrite", "unlink"):
        patched.setattr(os, name, dying(getattr(os, name)))


def test_as_verbs(
    engine: Engine, stores: Stores, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = some(2)
    keep_plain(engine, stores, sent)
    master = tmp_path / "keys" / "documents"

    def call(*arguments: str) -> int:
        with pytest.raises(SystemExit) as left:
            main(["keys", *arguments, "--data", str(tmp_path)])
        return int(left.value.code or 0)

    assert call("rotate") == 1
    assert str(master) in capsys.readouterr().err
    assert call("encrypt", "--json") == 0
    assert capsys.readouterr().out == '{"documents": 2, "batches": 0, "left": []}\n'
    before = master.read_text()
    assert call("rotate") == 0
    told = capsys.readouterr().out
    assert told == f"1 file of keys wrapped anew; back up {master}\n"
    assert before.strip() not in told + master.read_text()
    verify_all(engine, stores, sent)
    with Session(engine) as session:
        session.delete(session.get(Document, sent[0].content_hash))
        session.commit()
    keep_plain(engine, stores, [sent[0]])
    with writing(engine) as session:
        session.delete(session.get(Document, sent[0].content_hash))
    assert call("encrypt") == 1
    assert "still plain" in capsys.readouterr().err
