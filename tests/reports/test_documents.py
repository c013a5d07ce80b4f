"""Every document that is kept is rehashed: the first bad one is named, the erased are no fault."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import col

from ledger.database.engine import open_engine, reading, writing
from ledger.documents.opening import open_stores
from ledger.outbox.registrations import find_documents
from ledger.outbox.tables import Document
from ledger.types import parse_hash
from tests.api.running import Member, Running
from tests.reports.ledger import Called

Verb = Callable[..., Called]


def document_of(service: Running, content_hash: str) -> Document:
    engine = open_engine(service.settings.database())
    with reading(engine) as session:
        found = find_documents(session, [parse_hash(content_hash)])[parse_hash(content_hash)]
    engine.dispose()
    return found


@contextmanager
def changed(path: Path, at: int) -> Iterator[None]:
    """A file with one byte of it changed."""
    raw = path.read_bytes()
    path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    yield
    path.write_bytes(raw)


def pack_of(service: Running, document: Document) -> Path:
    return service.settings.data / "documents" / document.pack[:2] / f"{document.pack}.pack"


def test_all_that_is_kept_is_rehashed(verb: Verb, maker: Member, batch: str) -> None:
    maker.register(document={"name": "齿轮箱"})
    done = verb("audit", "--json")
    assert (done.code, done.err) == (0, "")
    found = done.value["documents"]
    assert batch is not None
    assert (found["lines"], found["bad"], found["first"]) == (60, 0, None)
    assert found["kept"] >= 2, "the asset's, and the batch's manifest"
    assert ": none is bad\n" in verb("audit").out
    assert verb("audit", "--no-documents", "--json").value["documents"] is None


def test_a_changed_document_is_named_with_its_subject_and_entry(
    verb: Verb, service: Running, maker: Member
) -> None:
    asset = maker.register()
    told = maker.append(asset, kind="observed", document={"torque_nm": 41}).json()
    document = document_of(service, told["content_hash"])
    with changed(pack_of(service, document), document.pack_offset + document.pack_length - 4):
        done = verb("audit", "--json")
    assert done.code == 1
    first = done.value["documents"]["first"]
    assert (first["content_hash"], first["subject"]) == (told["content_hash"], asset)
    assert first["position"] == 1
    assert first["sequence"] > 0
    assert f"document {told['content_hash']} of {asset} (entry 1, sequence" in done.err
    assert verb("audit").code == 0


def test_of_several_the_first_in_the_ledgers_order_is_named(
    verb: Verb, service: Running, maker: Member
) -> None:
    assets = [maker.register() for _ in range(4)]
    hashes = [
        maker.append(asset, kind="observed", document={"at": at}).json()["content_hash"]
        for at, asset in enumerate(assets)
    ]
    packs = [pack_of(service, document_of(service, one)) for one in hashes]
    aside = [pack.with_suffix(".aside") for pack in packs]
    for pack, other in zip(packs, aside, strict=True):
        shutil.move(pack, other)
    done = verb("audit", "--json")
    for pack, other in zip(packs, aside, strict=True):
        shutil.move(other, pack)
    found = done.value["documents"]
    assert (done.code, found["bad"]) == (1, 4)
    assert found["first"]["content_hash"] == hashes[0]
    assert "is missing" in found["first"]["reason"]


@pytest.mark.parametrize("position", [0, 1])
def test_a_document_whose_row_is_gone_is_missing(
    verb: Verb, service: Running, maker: Member, position: int
) -> None:
    """Its pack would still tell, but nobody would find it: of births, and of what came later."""
    asset = maker.register()
    born = maker.http.get(f"/v1/assets/{asset}/documents").json()["items"][0]["content_hash"]
    seen = maker.append(asset, kind="observed", document={"a": 1}).json()["content_hash"]
    lost = (born, seen)[position]
    row = document_of(service, lost)
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        session.exec(delete(Document).where(col(Document.content_hash) == row.content_hash))
    done = verb("audit", "--json")
    with writing(engine) as session:
        session.add(Document(**row.model_dump()))
    engine.dispose()
    first = done.value["documents"]["first"]
    assert (done.code, first["content_hash"], first["subject"]) == (1, lost, asset)
    assert (first["position"], first["reason"]) == (position, "it is missing")


def test_what_was_erased_is_not_missing(verb: Verb, maker: Member) -> None:
    asset = maker.register()
    born = maker.http.get(f"/v1/assets/{asset}/documents").json()["items"][0]["content_hash"]
    seen = maker.append(asset, kind="observed", document={"a": 1}).json()["content_hash"]
    before = verb("audit", "--json").value["documents"]
    for hashes in ([born, seen], [seen]):
        assert maker.append(asset, kind="erased", documents=hashes).status_code == 201
    done = verb("audit", "--json")
    after = done.value["documents"]
    assert done.code == 0, done.err
    assert after["erased"] == before["erased"] + 2, "though one was named twice"
    assert after["kept"] == before["kept"] - 2
    assert (after["bad"], after["kept_though_erased"]) == (0, 0)


def test_a_changed_line_of_a_batch_is_named(verb: Verb, service: Running, batch: str) -> None:
    path = service.settings.data / "documents" / "batches" / batch[2:]
    at = int.from_bytes((path / "line-ends").read_bytes()[13 * 8 :][:8], sys.byteorder) - 1
    with changed(path / "lines", at):
        done = verb("audit", "--json")
    first = done.value["documents"]["first"]
    assert (done.code, first["subject"], first["position"]) == (1, batch, 0)
    assert first["reason"] == "line 14: it was changed, or belongs elsewhere"


def test_lines_of_another_batch_do_not_open(verb: Verb, service: Running, batch: str) -> None:
    """Nor do its keys, which are bound to the batch that they are of."""
    other = service.enrol("Another")
    raw = b'{"serial":"X-1","document":{}}\n'
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=20"}
    else_ = other.http.post("/v1/batches", content=raw, headers=headers).json()["id"]
    data = service.settings.data
    for places, reason in (
        (("documents/batches",), "line 1: it was changed, or belongs elsewhere"),
        (("documents/batches", "document-keys"), "line 1: its key in "),
    ):
        with ExitStack() as swapping:
            for place in places:
                swapping.enter_context(swapped(data / place, batch[2:], else_[2:]))
            done = verb("audit", "--json")
        first = done.value["documents"]["first"]
        assert (done.code, first["subject"]) == (1, batch)
        assert first["reason"].startswith(reason)
    assert verb("audit").code == 0


@contextmanager
def swapped(folder: Path, name: str, other: str) -> Iterator[None]:
    """What lies under a batch's name is a copy of another's meanwhile."""
    [mine] = folder.rglob(f"{name}*")
    [theirs] = folder.rglob(f"{other}*")
    aside = folder / "aside"
    shutil.move(mine, aside)
    (shutil.copytree if theirs.is_dir() else shutil.copy)(theirs, mine)
    try:
        yield
    finally:
        (shutil.rmtree if mine.is_dir() else os.unlink)(mine)
        shutil.move(aside, mine)


def test_lines_that_hash_to_another_root_are_named(
    verb: Verb, service: Running, batch: str
) -> None:
    """All that is kept agrees, as who has the master key can have it: only the ledger knows."""
    data = service.settings.data
    places = [data / "documents/batches" / batch[2:]]
    places += [data / "document-keys" / batch[2:4] / f"{batch[2:]}.keys"]
    for place in places:
        shutil.move(place, place.with_name("aside"))
    writer = open_stores(data).batches.begin(bytes(32))
    writer.feed(b'{"serial":"X-1","document":{}}\n')
    writer.finish()
    writer.keep(bytes.fromhex(batch[2:]))
    writer.release()
    done = verb("audit", "--json")
    for place in places:
        (shutil.rmtree if place.is_dir() else os.unlink)(place)
        shutil.move(place.with_name("aside"), place)
    first = done.value["documents"]["first"]
    assert (done.code, first["content_hash"]) == (1, batch)
    assert first["reason"].startswith("its lines hash to 0x")
    assert verb("audit").code == 0


def test_a_line_that_was_erased_is_no_fault_and_one_that_is_readable_again_is_counted(
    verb: Verb, service: Running, maker: Member, tmp_path: Path
) -> None:
    lines = b"".join(b'{"serial":"GONE-%d","document":{"n":%d}}\n' % (n, n) for n in range(3))
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=20"}
    batch = maker.http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    asset = f"0x{int(batch, 16) + 2:064x}"
    document = maker.http.get(f"/v1/batches/{batch}/assets/2").json()["content_hash"]
    before = verb("audit", "--json").value["documents"]
    keys = service.settings.data / "document-keys" / batch[2:4] / f"{batch[2:]}.keys"
    shutil.copy(keys, tmp_path / "keys")
    assert maker.append(asset, kind="erased", documents=[document]).status_code == 201
    erased = keys.read_bytes()

    done = verb("audit", "--json")
    after = done.value["documents"]
    assert (done.code, after["bad"], after["kept_though_erased"]) == (0, 0, 0), done.err
    assert (after["lines"], after["erased"]) == (before["lines"] - 1, before["erased"] + 1)

    shutil.copy(tmp_path / "keys", keys)
    again = verb("audit", "--json").value["documents"]
    assert (again["kept_though_erased"], again["lines"]) == (1, before["lines"])
    keys.write_bytes(erased)


def test_a_line_that_was_erased_without_an_entry_is_bad(
    verb: Verb, service: Running, maker: Member
) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=20"}
    lines = b'{"serial":"LOST-1","document":{}}\n{"serial":"LOST-2","document":{}}\n'
    batch = maker.http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    document = maker.http.get(f"/v1/batches/{batch}/assets/2").json()["content_hash"]
    data = service.settings.data
    keys = data / "document-keys" / batch[2:4] / f"{batch[2:]}.keys"
    whole = keys.read_bytes()
    open_stores(data).batches.erase(parse_hash(batch), 2)
    done = verb("audit", "--json")
    keys.write_bytes(whole)
    first = done.value["documents"]["first"]
    assert (done.code, first["content_hash"], first["subject"]) == (1, document, batch)
    assert first["reason"] == "line 2: it was erased, and no entry says so"
