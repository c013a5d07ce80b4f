"""A file that nothing points at is taken back by whoever sent it: destroyed, and forgotten."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import Session

from api import appending, registration
from api.taking_back import destroy_upload
from ledger.client import Client
from ledger.client.problems import ApiProblem
from ledger.database.engine import open_engine
from ledger.documents.opening import open_stores
from ledger.documents.packs import ErasedDocument, Place
from ledger.domain.payloads import Observed
from ledger.mirror.auditing.documents import Rehashed, rehash_documents
from ledger.outbox.failpoints import arm
from ledger.outbox.files import find_file
from ledger.outbox.registrations import find_documents
from ledger.outbox.shelves import Shelves
from ledger.types import parse_hash
from tests.api.both import aurora, boreas, service
from tests.api.running import WAIT, Member, Running
from tests.api.wallets import Wallet, add_account, sign_entry

__all__ = ["aurora", "boreas", "service"]

SECRET = b"the alloy of this test alone is 7075-T6, " * 40


def upload(member: Member, raw: bytes = SECRET, key: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream"}
    headers |= {"Idempotency-Key": key} if key else {}
    return member.http.post("/v1/documents", content=raw, headers=headers)


def kept(member: Member) -> str:
    return str(upload(member).json()["content_hash"])


def take_back(member: Member, file: str) -> httpx.Response:
    return member.http.delete(f"/v1/documents/{file}")


def register(
    member: Member, file: str, serial: str | None = None, **headers: str
) -> httpx.Response:
    body = {"serial": serial or secrets.token_hex(8), "file": file}
    return member.http.post("/v1/assets", json=body, headers=headers)


def places(service: Running, file: str) -> tuple[str, Place]:
    """The name of a file in the store, and where its description lies."""
    engine = open_engine(service.settings.database())
    try:
        with Session(engine) as session:
            row = find_file(session, parse_hash(file))
            assert row is not None
            return row.name, find_documents(session, [row.content_hash])[row.content_hash].place
    finally:
        engine.dispose()


def are_destroyed(data: Path, file: str, name: str, place: Place, *, master: Path) -> bool:
    """Whether neither the key of a file nor that of its description is there."""
    vault, gone = open_stores(data, master).vault, 0
    for label in ((name, 0), (place.pack, place.offset)):
        try:
            vault.find_key(*label, parse_hash(file))
        except ErasedDocument:
            gone += 1
    assert gone in (0, 2), "both or none"
    return gone == 2


def master_of(service: Running) -> Path:
    return service.settings.data / "keys" / "documents"


def lies(service: Running, name: str) -> bool:
    """Whether anything of a file, or a note of it, lies in the store."""
    return any((service.settings.data / "documents" / "files").rglob(f"*{name}*"))


def rehash(service: Running) -> Rehashed:
    stores = open_stores(service.settings.data)
    engine = open_engine(service.settings.database())
    try:
        shelves = Shelves(stores.documents, stores.batches, stores.files)
        return rehash_documents(engine, shelves)
    finally:
        engine.dispose()


@contextmanager
def paused(service: Running) -> Iterator[None]:
    """Have what is accepted wait meanwhile."""
    govern(service, "paused")
    try:
        yield
    finally:
        govern(service, "resumed")


def govern(service: Running, kind: str) -> None:
    body = {"kind": kind, "document": {"reason": "a test"}}
    answer = service.operator.post("/v1/ledger/entries", json=body, headers=WAIT)
    assert answer.status_code == 201, answer.text


def test_it_is_destroyed_with_its_key_and_forgotten(
    service: Running, aurora: Member, tmp_path: Path
) -> None:
    file, was = kept(aurora), rehash(service).bad
    name, place = places(service, file)
    shutil.copytree(service.settings.data / "documents", tmp_path / "documents")
    master = master_of(service)
    assert not are_destroyed(service.settings.data, file, name, place, master=master)
    answer = take_back(aurora, file)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not lies(service, name)
    shutil.copytree(service.settings.data / "document-keys", tmp_path / "document-keys")
    assert are_destroyed(tmp_path, file, name, place, master=master), "no copy opens it"
    for path in (f"/v1/documents/{file}", f"/v1/documents/{file}/commitment"):
        assert aurora.http.get(path).status_code == 404
    assert take_back(aurora, file).json()["code"] == "not_found"
    asset = aurora.register()
    for refused in (aurora.append(asset, kind="observed", file=file), register(aurora, file)):
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    assert rehash(service).bad == was


def test_only_whoever_sent_it_takes_it_back(
    service: Running, aurora: Member, boreas: Member
) -> None:
    file = kept(aurora)
    made = {
        role: service.client(aurora.http.post("/v1/keys", json={"roles": [role]}).json()["api_key"])
        for role in ("reader", "writer", "admin", "auditor")
    }
    path = f"/v1/documents/{file}"
    assert service.anyone.delete(path).status_code == 401
    assert service.operator.delete(path).status_code == 403
    for role in ("reader", "auditor"):
        refused = made[role].delete(path)
        assert (refused.status_code, refused.json()["needed"]) == (403, ["writer", "admin"])
    unknown = "0x" + "11" * 32
    theirs, nobodys = (boreas.http.delete(f"/v1/documents/{one}") for one in (file, unknown))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["detail"] == nobodys.json()["detail"].replace(unknown, file)
    assert aurora.http.get(path).content == SECRET
    assert made["admin"].delete(path).status_code == 204
    assert made["writer"].delete(f"/v1/documents/{kept(aurora)}").status_code == 204


def test_what_is_no_uploaded_file_is_not_taken_back(aurora: Member) -> None:
    asset = aurora.register()
    [link] = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    assert take_back(aurora, link["content_hash"]).status_code == 404
    assert aurora.http.get(link["url"]).status_code == 200
    assert take_back(aurora, "0x12").status_code == 422


def test_what_an_entry_points_at_is_erased_by_an_entry_only(aurora: Member) -> None:
    born = kept(aurora)
    asset = register(aurora, born, **WAIT).json()["id"]
    observed = kept(aurora)
    assert aurora.append(asset, kind="observed", file=observed).status_code == 201
    for position, file in enumerate((born, observed)):
        refused = take_back(aurora, file)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "file_named")
        assert (told["subject"], told["by"]) == (asset, f"entry {position}")
        assert "`erased`" in told["detail"]
        assert aurora.http.get(f"/v1/documents/{file}").content == SECRET
        assert aurora.append(asset, kind="erased", documents=[file]).status_code == 201
        assert take_back(aurora, file).status_code == 404


@pytest.mark.parametrize("field", ["rendition", "licence"])
def test_what_a_listing_names_by_its_hash_is_held(aurora: Member, field: str) -> None:
    about = {"document": {"title": "a world of these tests"}}
    world = aurora.http.post("/v1/worlds", json=about, headers=WAIT).json()["id"]
    asset, other, file = aurora.register(), aurora.register(), kept(aurora)
    for one in (asset, other):  # it may be kept anywhere, so that it is about another is no matter
        listed = aurora.append(one, kind="listed", world=world, **{field: file})
        assert listed.status_code == 201, listed.text
    refused = take_back(aurora, file)
    assert (refused.status_code, refused.json()["subject"]) == (409, asset)
    assert aurora.append(asset, kind="erased", documents=[file]).status_code == 201
    assert aurora.http.get(f"/v1/documents/{file}").status_code == 404


def test_what_a_wallet_names_by_its_hash_is_held(
    service: Running, aurora: Member, boreas: Member
) -> None:
    wallet = Wallet.make()
    add_account(service, aurora, wallet)
    asset, mine, theirs = aurora.register(), kept(aurora), kept(boreas)
    for position, file in enumerate((mine, theirs), 1):
        entry = sign_entry(service, aurora, wallet, Observed(parse_hash(file)), asset, position)
        assert aurora.http.post("/v1/entries", json=entry, headers=WAIT).status_code == 201
    refused = take_back(aurora, mine)
    assert (refused.status_code, refused.json()["by"]) == (409, "entry 1")
    assert aurora.http.get(f"/v1/documents/{theirs}").status_code == 404
    assert take_back(boreas, theirs).status_code == 204, "what others name holds nothing of yours"


def test_what_waits_holds_it_until_it_is_cancelled_for_good(
    service: Running, aurora: Member
) -> None:
    asset, file, birth = aurora.register(), kept(aurora), kept(aurora)
    serial, key = secrets.token_hex(8), {"Idempotency-Key": secrets.token_hex(8)}
    was = rehash(service).bad
    with paused(service):
        body = {"kind": "observed", "file": file}
        asked = (
            aurora.http.post(f"/v1/assets/{asset}/entries", json=body),
            register(aurora, birth, serial, **key),
        )
        for one, named in zip(asked, (file, birth), strict=True):
            operation = one.json()["operation"]
            refused = take_back(aurora, named)
            assert (refused.status_code, refused.json()["code"]) == (409, "file_named")
            assert refused.json()["by"] == f"operation {operation.rsplit('/', 1)[1]}"
            assert aurora.http.post(f"{operation}/cancel").json()["state"] == "rejected"
            assert take_back(aurora, named).status_code == 204
            again = aurora.http.post(f"{operation}/retry")
            assert (again.status_code, again.json()["code"]) == (410, "document_gone")
            assert again.json()["content_hash"] == named
            assert aurora.http.get(operation).json()["state"] == "rejected"
        # Its serial is free, and its key stands for what it was.
        anew = register(aurora, birth, serial)
        assert (anew.status_code, anew.json()["code"]) == (422, "unknown_reference")
        assert register(aurora, birth, serial, **key).json()["operation"] == operation
    assert rehash(service).bad == was, "what was rejected commits to nothing"
    assert register(aurora, kept(aurora), serial, **WAIT).status_code == 201


def test_a_key_says_that_its_file_is_gone(aurora: Member) -> None:
    keys = [secrets.token_hex(8) for _ in range(2)]
    taken, erased = (str(upload(aurora, key=key).json()["content_hash"]) for key in keys)
    assert take_back(aurora, taken).status_code == 204
    asset = register(aurora, erased, **WAIT).json()["id"]
    assert aurora.append(asset, kind="erased", documents=[erased]).status_code == 201
    for key, file in zip(keys, (taken, erased), strict=True):
        again = upload(aurora, key=key)
        assert (again.status_code, again.json()["code"]) == (410, "document_gone")
        assert again.json()["content_hash"] == file
        other = upload(aurora, b"other", key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


def test_the_client_takes_it_back(service: Running, aurora: Member) -> None:
    with Client(service.url, aurora.key) as client:
        file = client.upload_document(SECRET).content_hash
        client.take_back_document(file)
        with pytest.raises(ApiProblem) as told:
            client.take_back_document(file)
    assert told.value.status == 404


# -- races ----------------------------------------------------------------------------------------


def test_taken_back_after_it_was_judged_an_entry_is_refused(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, file, org = aurora.register(), kept(aurora), parse_hash(aurora.id)
    accept = appending._accept_all

    def first(*given: Any) -> Any:
        destroy_upload(service.app.state.service, org, parse_hash(file))
        return accept(*given)

    monkeypatch.setattr(appending, "_accept_all", first)
    refused = aurora.append(asset, kind="observed", file=file)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    assert refused.json()["errors"][0]["field"] == "file"


def test_taken_back_after_it_was_read_a_registration_is_refused(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, serial, org = kept(aurora), secrets.token_hex(8), parse_hash(aurora.id)
    accept = registration._accept

    def first(*given: Any) -> Any:
        destroy_upload(service.app.state.service, org, parse_hash(file))
        return accept(*given)

    monkeypatch.setattr(registration, "_accept", first)
    refused = register(aurora, file, serial)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    monkeypatch.undo()
    assert aurora.http.get("/v1/assets", params={"serial": serial}).json()["items"] == []
    assert register(aurora, kept(aurora), serial).status_code == 202


@pytest.mark.parametrize("birth", [True, False])
def test_taken_back_while_it_is_named_one_of_both_wins(aurora: Member, birth: bool) -> None:
    asset, files = aurora.register(), [kept(aurora) for _ in range(12)]
    path = f"/v1/assets/{asset}/entries"

    def name(file: str) -> httpx.Response:
        body = {"kind": "observed", "file": file}
        return register(aurora, file) if birth else aurora.http.post(path, json=body)

    with ThreadPoolExecutor(12) as pool:
        asked = [(pool.submit(name, file), pool.submit(take_back, aurora, file)) for file in files]
        told = [(naming.result(), taking.result()) for naming, taking in asked]
    statuses = {(naming.status_code, taking.status_code) for naming, taking in told}
    assert statuses <= {(202, 409), (422, 204)}, [
        naming.text + taking.text for naming, taking in told
    ]
    for file, (naming, _) in zip(files, told, strict=True):
        found = aurora.http.get(f"/v1/documents/{file}").status_code
        assert found == (200 if naming.status_code == 202 else 404)


@pytest.mark.parametrize("birth", [True, False])
def test_taken_back_while_what_was_cancelled_is_tried_again_one_of_both_wins(
    service: Running, aurora: Member, birth: bool
) -> None:
    files = [kept(aurora) for _ in range(5)]
    paths = [f"/v1/assets/{aurora.register()}/entries" for _ in files]
    with paused(service), ThreadPoolExecutor(10) as pool:
        operations = []
        for file, path in zip(files, paths, strict=True):
            body = {"kind": "observed", "file": file}
            asked = register(aurora, file) if birth else aurora.http.post(path, json=body)
            operations.append(asked.json()["operation"])
            aurora.http.post(f"{operations[-1]}/cancel")
        racing = [
            (pool.submit(aurora.http.post, f"{one}/retry"), pool.submit(take_back, aurora, file))
            for one, file in zip(operations, files, strict=True)
        ]
        told = {(one.result().status_code, other.result().status_code) for one, other in racing}
    assert told <= {(200, 409), (410, 204)}


def test_many_take_it_back_and_one_does(aurora: Member) -> None:
    file = kept(aurora)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: take_back(aurora, file).status_code, range(8)))
    assert sorted(told) == [204] + [404] * 7


# -- crashes --------------------------------------------------------------------------------------


def end_at(service: Running, member: Member, file: str, point: str) -> None:
    """Take a file back, and get no further than to that point."""

    def end(name: str) -> None:
        if name == point:
            raise _Ended

    arm(end)
    try:
        with pytest.raises(_Ended):
            destroy_upload(service.app.state.service, parse_hash(member.id), parse_hash(file))
    finally:
        arm(None)


class _Ended(Exception):
    """As far as this a process came."""


def start(service: Running) -> None:
    """Do what a start does."""
    ours = service.app.state.service
    ours.births.clean(ours.engine)


def test_what_is_forgotten_is_destroyed_at_the_next_start(service: Running, aurora: Member) -> None:
    file = kept(aurora)
    (name, place), data = places(service, file), service.settings.data
    end_at(service, aurora, file, "a file is forgotten")
    assert lies(service, name)
    assert not are_destroyed(data, file, name, place, master=master_of(service))
    assert aurora.http.get(f"/v1/documents/{file}").status_code == 404
    assert take_back(aurora, file).status_code == 404
    for _ in range(2):
        start(service)
        assert not lies(service, name)
        assert are_destroyed(data, file, name, place, master=master_of(service))


def test_what_is_not_forgotten_stays(service: Running, aurora: Member) -> None:
    file = kept(aurora)
    end_at(service, aurora, file, "a file is noted to leave")
    start(service)
    assert aurora.http.get(f"/v1/documents/{file}").content == SECRET
    assert register(aurora, file).status_code == 202
    assert take_back(aurora, file).status_code == 409
    start(service)
    assert aurora.http.get(f"/v1/documents/{file}").content == SECRET
