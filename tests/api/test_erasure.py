"""A document that is erased is gone; a receipt says which, and what was proven stays proven."""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session

from api import erasing
from ledger.cli import main
from ledger.database.engine import open_engine
from ledger.documents.batch_files import About
from ledger.documents.opening import open_stores
from ledger.documents.packs import ErasedDocument
from ledger.documents.store import DocumentStore
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Erased
from ledger.hashing import keccak
from ledger.outbox.registrations import find_documents
from ledger.outbox.tables import Document
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.verify import verify_bundle
from ledger.types import parse_address, parse_hash
from tests.api.running import Member, Running, until

SECRET = "7075-T6 of 3.11.2026"


def observe(who: Member, asset: str, secret: str = SECRET) -> str:
    """Observe something, and return the document's content hash."""
    answer = who.append(asset, kind="observed", document={"alloy": secret})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["content_hash"])


def erase(who: Member, asset: str, *hashes: str, **more: object) -> httpx.Response:
    return who.append(asset, kind="erased", documents=list(hashes), **more)


def holds(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def find_place(service: Running, document: str) -> Document:
    with Session(open_engine(service.settings.database())) as session:
        return find_documents(session, [parse_hash(document)])[parse_hash(document)]


def _restored(service: Running, data: Path) -> DocumentStore:
    return open_stores(data, service.settings.data / "keys" / "documents").documents


def test_no_copy_of_it_opens_and_bundles_from_before_verify_still(
    service: Running, aurora: Member, tmp_path: Path
) -> None:
    asset = aurora.register(document={"name": "kept"})
    secret = "a secret of this test alone"
    document = observe(aurora, asset, secret)
    folder = service.settings.data / "documents"
    assert not holds(folder, secret), "it lies there encrypted"
    kept, copy = find_place(service, document), tmp_path / "documents"
    shutil.copytree(folder, copy)
    path = f"/v1/assets/{asset}/proof"
    before = aurora.http.get(path, params={"documents": "true"})
    contract = parse_address(service.anyone.get("/v1/status").json()["contract"])

    answer = erase(aurora, asset, document)
    assert answer.status_code == 201, answer.text
    shutil.copytree(service.settings.data / "document-keys", tmp_path / "document-keys")
    with pytest.raises(ErasedDocument):
        _restored(service, copy.parent).load(kept.content_hash, kept.org, kept.place)
    for gone in (f"/v1/documents/{document}", f"/v1/documents/{document}/commitment"):
        assert aurora.http.get(gone).status_code == 404
    left = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    assert document not in {one["content_hash"] for one in left}
    assert len(left) == 1

    bundle = zipfile.ZipFile(io.BytesIO(before.content)).read("bundle.json")
    old = verify_bundle(
        before.content, block_hash=keccak(decode_bundle(bundle).header), contract=contract
    )
    assert any(secret.encode() in one.raw for one in old.originals)
    now = aurora.http.get(path, params={"documents": "true"})
    inner = zipfile.ZipFile(io.BytesIO(now.content)).read("bundle.json")
    new = verify_bundle(
        now.content, block_hash=keccak(decode_bundle(inner).header), contract=contract
    )
    receipt = new.entries[-1]
    assert receipt.kind == Kind.ERASED
    assert Erased.decode(receipt.payload).documents == (parse_hash(document),)
    assert parse_hash(document) not in {one.content_hash for one in new.originals}
    assert new.entries[: len(old.entries)] == old.entries


def test_what_was_registered_with_is_erased_too_and_its_neighbours_stay(
    service: Running, aurora: Member
) -> None:
    assets = [aurora.register(document={"name": f"neighbour {n}"}) for n in range(3)]
    [link] = aurora.http.get(f"/v1/assets/{assets[1]}/documents").json()["items"]
    assert erase(aurora, assets[1], link["content_hash"]).status_code == 201
    assert aurora.http.get(f"/v1/assets/{assets[1]}/documents").json()["items"] == []
    page = service.anyone.get(f"/assets/{assets[1]}")
    assert page.status_code == 200
    assert "neighbour 1" not in page.text
    for other in (assets[0], assets[2]):
        [kept] = aurora.http.get(f"/v1/assets/{other}/documents").json()["items"]
        assert aurora.http.get(kept["url"]).status_code == 200


def test_nothing_is_destroyed_unless_the_entry_is_taken(
    service: Running, aurora: Member, boreas: Member
) -> None:
    asset = aurora.register()
    document = observe(aurora, asset)
    url = f"/v1/documents/{document}"
    other = observe(aurora, aurora.register())
    for refused, status in (
        (erase(aurora, asset, document, position=0), 409),
        (erase(aurora, asset, document, position=9), 409),
        (erase(aurora, asset, document, other), 422),
        (erase(aurora, asset, "0x" + "11" * 32), 422),
        (erase(aurora, asset), 422),
        (erase(boreas, asset, document), 403),
        (aurora.append(asset, kind="erased", document={}), 422),
    ):
        assert refused.status_code == status, refused.text
    operator = service.operator.post(
        f"/v1/assets/{asset}/entries", json={"kind": "erased", "documents": [document]}
    )
    assert operator.status_code == 403
    assert aurora.http.get(url).json() == {"alloy": SECRET}


def test_a_document_of_somebody_else_is_not_the_owner_s_to_erase(
    aurora: Member, boreas: Member
) -> None:
    asset = aurora.register()
    document = observe(aurora, asset)
    assert aurora.append(asset, kind="transferred", to=boreas.did).status_code == 201
    refused = erase(boreas, asset, document)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert aurora.http.get(f"/v1/documents/{document}").status_code == 200


def test_a_crash_between_bytes_and_receipt_is_made_good_by_asking_again(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = aurora.register()
    secret = "gone before its receipt"
    document = observe(aurora, asset, secret)

    def crash(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "forget_documents", crash)
        assert erase(aurora, asset, document).status_code == 500
    assert aurora.http.get(f"/v1/documents/{document}").status_code == 404
    assert erase(aurora, asset, document).status_code == 201
    with Session(open_engine(service.settings.database())) as session:
        assert find_documents(session, [parse_hash(document)]) == {}


def test_asked_again_by_its_key_it_is_answered_again(aurora: Member) -> None:
    asset = aurora.register()
    document = observe(aurora, asset)
    body = {"kind": "erased", "documents": [document]}
    headers = {"Idempotency-Key": f"erase-{asset}", "Prefer": "wait=20"}
    path = f"/v1/assets/{asset}/entries"
    first, second = (aurora.http.post(path, json=body, headers=headers) for _ in range(2))
    assert first.json()["operation"] == second.json()["operation"]
    assert second.status_code == 200


def test_erase_as_a_command(
    service: Running, aurora: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    asset = aurora.register()
    document = observe(aurora, asset)
    access = ("--api", service.url, "--api-key", aurora.key)

    def call(*arguments: str) -> int:
        with pytest.raises(SystemExit) as left:
            main(["erase", *arguments, *access])
        return int(left.value.code or 0)

    assert call(asset, "0x12", "--yes") == 2
    assert call(asset, document, "--yes", "--json") == 0
    assert json.loads(capsys.readouterr().out)["documents"] == [document]
    until(lambda: aurora.http.get(f"/v1/documents/{document}").status_code == 404)
    assert call(asset, "0x" + "11" * 32, "--yes") == 1


def test_a_line_of_a_batch_is_erased_alone(
    service: Running, aurora: Member, boreas: Member, tmp_path: Path
) -> None:
    lines = b"".join(b'{"serial":"ERASED-%d","document":{"n":%d}}\n' % (n, n) for n in range(4))
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=20"}
    batch = aurora.http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    assets = [f"0x{int(batch, 16) + n:064x}" for n in range(5)]

    def document_of(index: int) -> str:
        path = f"/v1/batches/{batch}/assets/{index}"
        return str(aurora.http.get(path).json()["content_hash"])

    gone, kept = document_of(2), document_of(3)
    shutil.copytree(service.settings.data / "documents", tmp_path / "documents")
    assert erase(aurora, assets[2], kept).status_code == 422, "it is another asset's"
    assert erase(boreas, assets[2], gone).status_code == 403
    assert aurora.http.get(f"/v1/documents/{gone}").json() == {"n": 1}
    for _ in range(2):
        assert erase(aurora, assets[2], gone).status_code == 201

    assert aurora.http.get(f"/v1/documents/{gone}").status_code == 404
    assert aurora.http.get(f"/v1/documents/{kept}").json() == {"n": 2}
    assert document_of(2) == gone, "what proves its birth is left"
    listed = aurora.http.get(f"/v1/batches/{batch}/assets").json()["items"]
    assert [one["serial"] for one in listed] == ["ERASED-0", None, "ERASED-2", "ERASED-3"]
    for serial, found in (("ERASED-1", []), ("ERASED-2", [assets[3]])):
        items = aurora.http.get("/v1/assets", params={"serial": serial}).json()["items"]
        assert [one["id"] for one in items] == found
    shutil.copytree(service.settings.data / "document-keys", tmp_path / "document-keys")
    master = service.settings.data / "keys" / "documents"
    copy = open_stores(tmp_path, master).batches.find(parse_hash(batch))
    assert copy is not None
    assert copy.load(3).raw == b'{"n":2}'
    with pytest.raises(ErasedDocument):
        copy.load(2)

    proof = aurora.http.get(f"/v1/assets/{assets[2]}/proof").content
    contract = parse_address(service.anyone.get("/v1/status").json()["contract"])
    proven = verify_bundle(proof, block_hash=keccak(decode_bundle(proof).header), contract=contract)
    assert [entry.kind for entry in proven.entries][-1] == Kind.ERASED


def test_a_line_that_is_not_encrypted_is_not_said_to_be_erased(
    service: Running, aurora: Member
) -> None:
    body = b'{"serial":"PLAIN-1","document":{"n":1}}\n'
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=20"}
    batch = aurora.http.post("/v1/batches", content=body, headers=headers).json()["id"]
    kept = open_stores(service.settings.data)
    seed = kept.vault.find_key(batch[2:], 0, parse_hash(batch))
    folder = service.settings.data / "documents" / "batches" / batch[2:]
    told = About.decode((folder / "batch.json").read_bytes())
    plain = replace(told, org=None, seed=seed)  # as batches were kept once
    (folder / "batch.json").write_bytes(plain.encode())
    (folder / "lines.ndjson").write_bytes(body)
    (folder / "ends").write_bytes(len(body).to_bytes(8, sys.byteorder))
    asset = f"0x{int(batch, 16) + 1:064x}"
    document = aurora.http.get(f"/v1/batches/{batch}/assets/1").json()["content_hash"]
    refused = erase(aurora, asset, document)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "keys encrypt" in refused.json()["detail"]
    assert aurora.http.get(f"/v1/documents/{document}").json() == {"n": 1}
