"""A document that does not open, or is not what was sent, is told by name and not handed out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session

from ledger.database.engine import open_engine
from ledger.outbox.registrations import find_documents
from ledger.types import parse_hash
from tests.api.running import Member, Running
from tests.documents.keeping import changed


def observe(who: Member, asset: str) -> str:
    """Observe something, and return the document's content hash."""
    answer = who.append(asset, kind="observed", document={"alloy": "7075-T6"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["content_hash"])


def files_of(service: Running, document: str) -> tuple[Path, Path]:
    """The pack that a document lies in, and the file of its key."""
    content_hash = parse_hash(document)
    with Session(open_engine(service.settings.database())) as session:
        pack = find_documents(session, [content_hash])[content_hash].pack
    data = service.settings.data
    return (
        data / "documents" / pack[:2] / f"{pack}.pack",
        data / "document-keys" / pack[:2] / f"{pack}.keys",
    )


@contextmanager
def without_master(service: Running, instead: str | None) -> Iterator[None]:
    """The master key is lost meanwhile, or another one is in its place."""
    path = service.settings.data / "keys" / "documents"
    held = path.read_bytes()
    path.unlink() if instead is None else path.write_text(instead)
    try:
        yield
    finally:
        path.write_bytes(held)


def told(answer: httpx.Response, document: str, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, code), answer.text
    assert answer.json()["content_hash"] == document
    assert document in answer.json()["detail"]


def reads(who: Member, asset: str, document: str) -> Iterator[httpx.Response]:
    yield who.http.get(f"/v1/documents/{document}")
    yield who.http.get(f"/v1/documents/{document}/commitment")
    yield who.http.get(f"/v1/assets/{asset}/proof", params={"documents": "true"})


@pytest.mark.parametrize("which", [0, 1])
def test_damaged_bytes_or_keys_are_told(service: Running, aurora: Member, which: int) -> None:
    asset = aurora.register()
    document = observe(aurora, asset)
    path = files_of(service, document)[which]
    with changed(path, path.stat().st_size - 1):
        for answer in reads(aurora, asset, document):
            told(answer, document, "corrupt_document")
        assert aurora.http.get(f"/v1/assets/{asset}").status_code == 200
        assert service.anyone.get(f"/assets/{asset}").status_code == 200
    assert aurora.http.get(f"/v1/documents/{document}").json() == {"alloy": "7075-T6"}


@pytest.mark.parametrize("instead", [None, "ab" * 32])
def test_a_document_whose_master_key_is_not_here_is_locked_and_nothing_is_taken_in(
    service: Running, aurora: Member, instead: str | None
) -> None:
    asset = aurora.register()
    document = observe(aurora, asset)
    with without_master(service, instead):
        for answer in reads(aurora, asset, document):
            named = answer.json()["content_hash"]  # a proof asks for the first document first
            assert named == document or "/proof" in str(answer.url)
            told(answer, named, "locked_document")
            assert str(service.settings.data) not in answer.text
        assert aurora.http.get(f"/v1/assets/{asset}").status_code == 200
        if instead is None:
            body = {"serial": "LOCKED-1", "document": {"n": 1}}
            refused = aurora.http.post("/v1/assets", json=body)
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert aurora.http.get(f"/v1/documents/{document}").status_code == 200
    if instead is None:
        headers = {"Prefer": "wait=20"}
        assert aurora.http.post("/v1/assets", json=body, headers=headers).status_code == 201


def test_a_line_of_a_batch_whose_bytes_are_damaged_is_told(
    service: Running, aurora: Member
) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=20"}
    lines = b'{"serial":"DMG-1","document":{"n":1}}\n{"serial":"DMG-2","document":{"n":2}}\n'
    batch = aurora.http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    document = aurora.http.get(f"/v1/batches/{batch}/assets/2").json()["content_hash"]
    path = service.settings.data / "documents" / "batches" / batch[2:] / "lines"
    with path.open("r+b") as file:  # where it is mapped, it stays mapped
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    told(aurora.http.get(f"/v1/documents/{document}"), document, "corrupt_document")
    first = aurora.http.get(f"/v1/batches/{batch}/assets/1").json()["content_hash"]
    assert aurora.http.get(f"/v1/documents/{first}").json() == {"n": 1}
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(last)
    assert aurora.http.get(f"/v1/documents/{document}").json() == {"n": 2}
