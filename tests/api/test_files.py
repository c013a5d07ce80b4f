"""Files: uploaded, looked into, kept encrypted, read whole and in parts, and gone when erased."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import uploads
from ledger.database.engine import open_engine
from ledger.documents.commitment import commit_document
from ledger.documents.opening import open_stores
from ledger.hashing import keccak
from ledger.mirror.auditing.documents import Rehashed, rehash_documents
from ledger.outbox.shelves import Shelves
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.verify import verify_bundle
from ledger.standards import khronos
from ledger.types import parse_address, parse_hash, to_hex
from tests import files
from tests.api.running import Member, Running, until

SOUND, BROKEN = files.sound(), files.broken()
ANY = "application/octet-stream"


def upload(
    member: Member, raw: bytes, media_type: str = ANY, name: str | None = None, **headers: str
) -> httpx.Response:
    return member.http.post(
        "/v1/documents",
        content=raw,
        params={"name": name} if name else {},
        headers={"Content-Type": media_type, **headers},
    )


def begin_upload(service: Running, member: Member, length: int) -> socket.socket:
    """A connection on which a file of that length is said to come."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(
        f"POST /v1/documents HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {member.key}\r\n"
        f"Content-Type: {ANY}\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return connection


def kept_files(service: Running) -> set[Path]:
    data = service.settings.data
    found = [*(data / "documents").rglob("*"), *(data / "document-keys").rglob("*")]
    return {path for path in found if path.is_file()}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_is_kept_and_read_byte_for_byte(aurora: Member, name: str) -> None:
    media_type, raw = SOUND[name]
    answer = upload(aurora, raw, media_type, name="hülle 1.bin")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["media_type"] == media_type.split(";")[0]
    assert (told["size"], told["name"]) == (len(raw), "hülle 1.bin")
    assert told["sha256"] == to_hex(hashlib.sha256(raw).digest())
    assert answer.headers["Location"] == told["url"]
    read = aurora.http.get(told["url"])
    assert (read.status_code, read.content) == (200, raw)
    assert read.headers["Content-Type"] == told["media_type"]
    assert read.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''h%C3%BC")
    assert read.headers["X-Content-Type-Options"] == "nosniff"
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    assert read.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    etag = {"If-None-Match": read.headers["ETag"]}
    assert aurora.http.get(told["url"], headers=etag).status_code == 304


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_its_place_and_leaves_nothing(
    service: Running, aurora: Member, name: str
) -> None:
    one, before = BROKEN[name], kept_files(service)
    answer = upload(aurora, one.raw, one.media_type)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (
        415 if one.code == "media_type_mismatch" else 422,
        one.code,
    )
    said = told["detail"] + str(told["errors"])
    assert one.path in said
    assert one.reason in said
    assert kept_files(service) == before


def test_its_content_hash_is_that_of_its_description(aurora: Member) -> None:
    told = upload(aurora, files.TEXT_STL, files.STL, "bracket.stl").json()
    opened = aurora.http.get(told["commitment"]).json()
    document: dict[str, Any] = {"format": "asset-ledger-file/1", **opened["file"]}
    found = commit_document(document, parse_hash(opened["seed"]))
    assert to_hex(found.content_hash) == told["content_hash"]
    assert list(found.fields) == opened["fields"]
    again = upload(aurora, files.TEXT_STL, files.STL, "bracket.stl").json()
    assert again["content_hash"] != told["content_hash"], "it tells nobody that both are the same"


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=65530-65545", 65530, 65546),
        ("bytes=199990-300000", 199990, None),
        ("bytes=-900000", 0, None),
    ],
)
def test_a_part_of_a_file_is_read(
    aurora: Member, large: tuple[str, bytes], asked: str, begin: int, end: int | None
) -> None:
    url, raw = large
    part = aurora.http.get(url, headers={"Range": asked})
    wanted = raw[begin:end]
    assert (part.status_code, part.content) == (206, wanted)
    first = begin % len(raw)
    assert part.headers["Content-Range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(raw)}"
    old = {"Range": asked, "If-Range": '"older"'}
    assert aurora.http.get(url, headers=old).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "x"])
def test_what_is_no_single_range_is_answered_whole(
    aurora: Member, large: tuple[str, bytes], asked: str
) -> None:
    read = aurora.http.get(large[0], headers={"Range": asked})
    assert (read.status_code, len(read.content)) == (200, len(large[1]))


@pytest.mark.parametrize("asked", ["bytes=200000-", "bytes=-0", "bytes=999999-9999999"])
def test_a_range_behind_the_end_is_told_the_size(
    aurora: Member, large: tuple[str, bytes], asked: str
) -> None:
    refused = aurora.http.get(large[0], headers={"Range": asked})
    assert (refused.status_code, refused.json()["code"]) == (416, "range_not_satisfiable")
    assert refused.headers["Content-Range"] == "bytes */200000"


@pytest.fixture(scope="module")
def large(aurora: Member) -> tuple[str, bytes]:
    raw = os.urandom(200_000)
    return upload(aurora, raw).json()["url"], raw


def test_nobody_else_reads_it(service: Running, aurora: Member, boreas: Member) -> None:
    told = upload(aurora, b"the alloy is 7075-T6").json()
    for path in (told["url"], told["commitment"]):
        assert boreas.http.get(path).status_code == 404
        assert service.operator.get(path).status_code == 200
    assert service.operator.post("/v1/documents", content=b"x").status_code == 403
    assert service.anyone.post("/v1/documents", content=b"x").status_code == 401
    service.app.state.service.diary.flush()
    log = aurora.http.get(f"/v1/organisations/{aurora.id}/access").json()["items"]
    assert told["content_hash"] in {one["content_hash"] for one in log}


def test_it_lies_encrypted(service: Running, aurora: Member) -> None:
    secret = b"the secret of this test alone, " * 50
    before = kept_files(service)
    upload(aurora, secret)
    new = kept_files(service) - before
    assert len(new) == 4, "a file, its description, and the keys of both"
    assert not any(secret[:31] in path.read_bytes() for path in new)
    assert {path.stat().st_mode & 0o777 for path in new} == {0o600}


def test_its_key_repeats_the_answer_and_keeps_one_file(service: Running, aurora: Member) -> None:
    headers = {"Idempotency-Key": "upload-once"}
    first = upload(aurora, b"once", **headers)
    kept = kept_files(service)
    second = upload(aurora, b"once", **headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["content_hash"] == second.json()["content_hash"]
    # The description that nobody remembers takes up room and does no harm; the file is gone.
    assert not {path for path in kept_files(service) - kept if "files" in path.parts}
    other = upload(aurora, b"twice", **headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept_files(service)
    with begin_upload(service, aurora, 3 * 1024**3) as connection:
        assert connection.recv(100_000).startswith(b"HTTP/1.1 413")
    monkeypatch.setattr(uploads, "_KHRONOS_MOST", 100)
    refused = upload(aurora, files.triangle(), files.GLB)
    assert (refused.status_code, refused.json()["max_body"]) == (413, 100)
    assert kept_files(service) == before


def test_half_an_upload_leaves_nothing(service: Running, aurora: Member) -> None:
    before = kept_files(service)
    arriving = service.settings.data / "documents" / "files" / "arriving"
    with begin_upload(service, aurora, 9_000_000) as connection:
        connection.sendall(os.urandom(3_000_000))
        until(lambda: any(path.stat().st_size > 1_000_000 for path in arriving.iterdir()))
    until(lambda: kept_files(service) == before)


def test_its_bytes_count(service: Running) -> None:
    member = service.enrol("Counted GmbH")
    quota = f"/v1/organisations/{member.id}/quota"
    service.operator.put(quota, json={"bytes_per_day": 500_000})

    def parts() -> Iterator[bytes]:
        for _ in range(6):
            yield os.urandom(100_000)

    # Its length is not known before it has arrived: then it is booked.
    assert upload(member, b"".join(parts())).status_code == 429
    streamed = member.http.post("/v1/documents", content=parts(), headers={"Content-Type": ANY})
    assert streamed.status_code == 201
    refused = upload(member, b"one more")
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")


def test_without_the_validator_gltf_is_refused_clearly(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(khronos, "find_validator", lambda: None)
    refused = upload(aurora, files.glb(), files.GLB)
    assert (refused.status_code, refused.json()["code"]) == (503, "validator_missing")
    assert upload(aurora, files.TEXT_STL, files.STL).status_code == 201
    monkeypatch.setattr(service.app.state.service.settings, "gltf_validation", "off")
    told = upload(aurora, files.glb(), files.GLB).json()
    assert told["format"] is None, "nobody looked into it, and it is not said that somebody did"


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a\nb", "", "x" * 256])
def test_what_is_no_name_is_refused(aurora: Member, name: str) -> None:
    answer = aurora.http.post("/v1/documents", content=b"x", params={"name": name})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_what_is_no_media_type_is_refused(aurora: Member) -> None:
    answer = upload(aurora, b"x", "no type")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Content-Type")


# -- what entries point at ------------------------------------------------------------------------


def kept_file(member: Member, raw: bytes = files.TEXT_STL, media_type: str = files.STL) -> str:
    return str(upload(member, raw, media_type).json()["content_hash"])


def register(member: Member, serial: str, file: str, **more: Any) -> httpx.Response:
    body = {"serial": serial, "file": file, **more}
    return member.http.post("/v1/assets", json=body, headers={"Prefer": "wait=20"})


def test_an_asset_is_born_with_a_file_and_told_of_by_others(aurora: Member, boreas: Member) -> None:
    raw = files.binary_stl(3)
    file, other, third = (kept_file(aurora, raw) for _ in range(3))
    born = register(aurora, "FILE-1", file)
    assert (born.status_code, born.json()["content_hash"]) == (201, file)
    asset = born.json()["id"]
    for kind, named in (("observed", other), ("revised", third)):
        answer = aurora.append(asset, kind=kind, file=named)
        assert (answer.status_code, answer.json()["content_hash"]) == (201, named), answer.text
    listed = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    assert [one["content_hash"] for one in listed] == [file, other, third]
    assert {(one["media_type"], one["size"]) for one in listed} == {(files.STL, len(raw))}
    assert boreas.http.get(listed[0]["url"]).status_code == 404
    assert aurora.append(asset, kind="transferred", to=boreas.did).status_code == 201
    assert boreas.http.get(listed[0]["url"]).content == raw


def test_registered_again_with_a_file_it_is_the_same_asset(aurora: Member) -> None:
    file, again = kept_file(aurora), kept_file(aurora)
    first = register(aurora, "FILE-2", file).json()
    for same in (file, again):
        repeated = register(aurora, "FILE-2", same)
        assert (repeated.status_code, repeated.json()["id"]) == (200, first["id"])
    other = register(aurora, "FILE-2", kept_file(aurora, files.STEP_FILE, files.STEP))
    assert (other.status_code, other.json()["code"]) == (409, "serial_taken")


def test_a_file_is_about_one_subject(aurora: Member) -> None:
    file = kept_file(aurora)
    asset = register(aurora, "FILE-3", file).json()["id"]
    assert aurora.append(asset, kind="observed", file=file).status_code == 201
    for refused in (
        register(aurora, "FILE-4", file),
        aurora.append(aurora.register(), kind="observed", file=file),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "file_taken")
        assert refused.json()["subject"] == asset
    body = {"assets": [{"serial": f"FILE-5-{n}", "file": kept_file(aurora)} for n in range(2)]}
    body["assets"].append({"serial": "FILE-5-2", "file": body["assets"][0]["file"]})
    told = aurora.http.post("/v1/assets:batch", json=body).json()
    assert (told["accepted"], told["refused"]) == (2, 1)
    assert told["items"][2]["problem"]["code"] == "file_taken"


def test_only_own_files_are_named_and_in_place_of_a_document(
    aurora: Member, boreas: Member
) -> None:
    theirs, asset = kept_file(boreas), aurora.register()
    [link] = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    for file in (theirs, link["content_hash"], "0x" + "11" * 32):
        for answer in (
            register(aurora, "FILE-6", file),
            aurora.append(asset, kind="observed", file=file),
        ):
            assert answer.status_code == 422
            assert answer.json()["code"] == "unknown_reference"
            assert answer.json()["errors"][0]["field"] == "file"
    mine = kept_file(aurora)
    for body, field in (
        ({"file": mine, "document": {}}, "file"),
        ({}, "document"),
        ({"file": None}, "document"),
        ({"file": "0x12"}, "file"),
    ):
        answer = aurora.append(asset, kind="observed", **body)
        found = answer.json()["errors"][0]["field"]
        assert (answer.status_code, found) == (422, f"observed.{field}")
    for told, field in (({"file": mine, "document": {}}, "file"), ({}, "document")):
        answer = aurora.http.post("/v1/assets", json={"serial": "FILE-6", **told})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_an_erased_file_is_gone_and_what_was_asked_before_is_answered(
    service: Running, aurora: Member
) -> None:
    file = kept_file(aurora, files.png(), "image/png")
    headers = {"Idempotency-Key": "born-with-a-picture", "Prefer": "wait=20"}
    body = {"serial": "FILE-7", "file": file}
    first = aurora.http.post("/v1/assets", json=body, headers=headers).json()
    before = kept_files(service)
    erased = aurora.append(first["id"], kind="erased", documents=[file])
    assert erased.status_code == 201, erased.text
    assert {path.parent.name for path in before - kept_files(service)} <= {"files", *_HEX}
    for path in (f"/v1/documents/{file}", f"/v1/documents/{file}/commitment"):
        assert aurora.http.get(path).status_code == 404
    for sent in (headers, {}):
        again = aurora.http.post("/v1/assets", json=body, headers=sent)
        assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert register(aurora, "FILE-8", file).status_code == 422


_HEX = {f"{number:02x}" for number in range(256)}


def test_an_audit_names_a_file_that_is_not_what_was_sent(service: Running, aurora: Member) -> None:
    def rehash() -> Rehashed:
        kept = open_stores(service.settings.data)
        engine = open_engine(service.settings.database())
        shelves = Shelves(kept.documents, kept.batches, kept.files)
        try:
            return rehash_documents(engine, shelves)
        finally:
            engine.dispose()

    before = kept_files(service)
    file = kept_file(aurora, os.urandom(150_000), ANY)
    asset = register(aurora, "FILE-9", file).json()["id"]
    [path] = {one for one in kept_files(service) - before if one.parent.parent.name == "files"}
    was = rehash()
    lying = path.read_bytes()
    for damaged in (lying[:70_000] + b"!" + lying[70_001:], lying[:-1]):
        path.write_bytes(damaged)
        found = rehash()
        assert found.bad == was.bad + 1
        assert found.documents == was.documents - 1
        refused = aurora.http.get(f"/v1/documents/{file}", headers={"Range": "bytes=0-9"})
        assert refused.status_code in (206, 503), "only what is sound is handed out"
    path.unlink()
    assert aurora.http.get(f"/v1/documents/{file}").json()["code"] == "corrupt_document"
    path.write_bytes(lying)
    assert rehash().bad == was.bad
    assert aurora.append(asset, kind="erased", documents=[file]).status_code == 201
    assert rehash().bad == was.bad, "what was erased on purpose is not missing"


def test_a_bundle_carries_the_description_and_proves_one_field_of_it(
    service: Running, aurora: Member
) -> None:
    file = upload(aurora, files.PDF, "application/pdf", "certificate.pdf").json()["content_hash"]
    asset = register(aurora, "FILE-10", file).json()["id"]
    contract = parse_address(service.anyone.get("/v1/status").json()["contract"])
    path = f"/v1/assets/{asset}/proof"
    raw = aurora.http.get(path, params={"documents": "true"}).content
    inner = zipfile.ZipFile(io.BytesIO(raw)).read("bundle.json")
    block_hash = keccak(decode_bundle(inner).header)
    [original] = verify_bundle(raw, block_hash=block_hash, contract=contract).originals
    told = json.loads(original.raw)
    assert told["sha256"] == to_hex(hashlib.sha256(files.PDF).digest())
    assert (told["name"], told["size"]) == ("certificate.pdf", len(files.PDF))
    field = aurora.http.get(path, params={"field": "sha256"}).content
    block_hash = keccak(decode_bundle(field).header)
    verify_bundle(field, block_hash=block_hash, contract=contract)
    assert told["sha256"].encode() in field
    assert b"certificate.pdf" not in field
    assert "certificate.pdf" in service.anyone.get(f"/assets/{asset}").text
