"""Who read a private document is told to the organisation whose document it is, and to no other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import api
from api.app import create_app
from api.diary import Diary
from ledger.database.engine import DatabaseBusy, open_engine, reading, upgrade, writing
from ledger.outbox.clock import now
from ledger.outbox.reads import Reading, list_reads
from tests.api.running import Member, Running, serving, until

ROUTE = "/v1/documents/{content_hash}"
ORG = b"\x01" * 32


def log_of(member: Member) -> list[dict[str, Any]]:
    answer = member.http.get(f"/v1/organisations/{member.id}/access", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.fixture
def document(aurora: Member) -> dict[str, Any]:
    asset = aurora.register(document={"name": "Rotor", "recipe": "watched"})
    [found] = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    return {**found, "asset": asset}


def test_each_read_stands_in_the_log_with_key_and_route(
    service: Running, aurora: Member, document: dict[str, Any]
) -> None:
    asset = document["asset"]
    aurora.http.get(document["url"])
    service.operator.get(document["commitment"])
    aurora.http.get(f"/v1/assets/{asset}/proof?documents=true")

    def of_it() -> list[dict[str, Any]]:
        found = [one for one in log_of(aurora) if one["subject"] == asset]
        return found if len(found) == 3 else []

    proof, operator, first = until(of_it)
    assert first["organisation"] == aurora.id
    assert first["key"] == aurora.key.split("_")[1]
    assert first["content_hash"] == document["content_hash"]
    assert (operator["organisation"], operator["key"]) == (
        None,
        service.operator_key.split("_")[1],
    )
    assert [one["route"] for one in (first, operator, proof)] == [
        ROUTE,
        f"{ROUTE}/commitment",
        "/v1/assets/{asset_id}/proof",
    ]
    assert first["at"] <= operator["at"] <= proof["at"]


def test_what_was_not_handed_out_is_not_in_the_log(
    service: Running, aurora: Member, boreas: Member, document: dict[str, Any]
) -> None:
    assert boreas.http.get(document["url"]).status_code == 404
    etag = {"If-None-Match": f'"{document["content_hash"][2:]}"'}
    assert aurora.http.get(document["url"], headers=etag).status_code == 304
    aurora.http.get(f"/v1/assets/{document['asset']}/documents")
    service.app.state.service.diary.flush()
    assert document["asset"] not in [one["subject"] for one in log_of(aurora)]


def test_who_sent_it_sees_the_new_owner_read(
    service: Running, aurora: Member, boreas: Member, document: dict[str, Any]
) -> None:
    assert aurora.append(document["asset"], kind="transferred", to=boreas.id).status_code == 201
    assert boreas.http.get(document["url"]).status_code == 200
    service.app.state.service.diary.flush()
    assert log_of(aurora)[0]["organisation"] == boreas.id
    assert document["content_hash"] not in [one["content_hash"] for one in log_of(boreas)]


def test_the_log_of_another_is_not_there(service: Running, aurora: Member, boreas: Member) -> None:
    path = f"/v1/organisations/{aurora.id}/access"
    assert boreas.http.get(path).status_code == 404
    assert service.operator.get(path).status_code == 200
    assert aurora.http.get(f"/v1/organisations/{aurora.did}/access").status_code == 200
    key = aurora.http.post("/v1/keys", json={"roles": ["reader", "writer"]}).json()["api_key"]
    assert service.client(key).get(path).status_code == 403
    key = aurora.http.post("/v1/keys", json={"roles": ["auditor"]}).json()["api_key"]
    assert service.client(key).get(path).status_code == 200


def test_the_log_is_read_page_by_page(service: Running, aurora: Member) -> None:
    asset = aurora.register()
    [found] = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    for _ in range(5):
        aurora.http.get(found["url"])
    service.app.state.service.diary.flush()
    seen: list[str] = []
    answer = aurora.http.get(f"/v1/organisations/{aurora.id}/access?limit=2")
    while len(seen := [*seen, *(one["subject"] for one in answer.json()["items"])]) < 5:
        answer = aurora.http.get(answer.links["next"]["url"])
    assert seen[:5] == [asset] * 5


def read(number: int) -> Reading:
    return Reading(ORG, bytes([number]) * 32, None, None, "k3w9x2pq", ROUTE, now())


@pytest.fixture
def make_diary(tmp_path: Path) -> Callable[..., Diary]:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db", patience=0.05)
    upgrade(engine)
    return lambda days=0: Diary(engine, days)


def kept(diary: Diary) -> list[bytes]:
    with reading(diary._engine) as session:
        return [one.content_hash[:1] for one in list_reads(session, ORG, before=None, limit=99)]


def test_a_graceful_stop_writes_what_was_noted(make_diary: Callable[..., Diary]) -> None:
    diary = make_diary()
    diary.start()
    for number in range(3):
        diary.note_read(read(number))
    diary.close()
    assert kept(diary) == [b"\2", b"\1", b"\0"]


def test_what_cannot_be_written_stays_noted_and_is_written_once(
    make_diary: Callable[..., Diary],
) -> None:
    diary = make_diary()
    diary.note_read(read(1))
    other = open_engine(str(diary._engine.url))
    with writing(other) as session:
        session.connection()
        with pytest.raises(DatabaseBusy):
            diary.flush()
    other.dispose()
    diary.note_read(read(2))
    diary.flush()
    diary.flush()
    assert kept(diary) == [b"\2", b"\1"]


def test_a_full_diary_lets_nobody_read_unseen(
    make_diary: Callable[..., Diary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.diary._MOST", 2)
    diary = make_diary()
    diary.note_read(read(1))
    diary.note_read(read(2))
    other = open_engine(str(diary._engine.url))
    with writing(other) as session:
        session.connection()
        with pytest.raises(DatabaseBusy):
            diary.note_read(read(3))
    other.dispose()
    diary.note_read(read(3))
    diary.flush()
    assert kept(diary) == [b"\3", b"\2", b"\1"]


def test_what_is_too_old_is_dropped(make_diary: Callable[..., Diary]) -> None:
    diary = make_diary(days=1)
    old = Reading(ORG, b"\7" * 32, None, None, "k3w9x2pq", ROUTE, now() - 2 * 86_400_000)
    diary.note_read(old)
    diary.note_read(read(1))
    diary.flush()
    assert kept(diary) == [b"\1"]


def test_no_route_loads_a_document_past_the_log() -> None:
    """`View.hand_out` does; the explorer has no caller, batches compare their own lines, whoever
    registers with a file has uploaded it, and schemas are everybody's."""
    folder = Path(api.__file__).parent

    def using(name: str) -> set[str]:
        return {
            str(path.relative_to(folder))
            for path in folder.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr == name
        }

    own = {"batch_serials.py", "described.py"}
    assert using("load") <= {"view.py", "births.py", "explorer/shelf.py", "published.py"} | own
    assert using("open_file") == {"view.py"}


def test_what_was_read_just_before_a_stop_stands(service: Running, aurora: Member) -> None:
    """By another process's application, which is stopped as a server stops."""
    asset = aurora.register()
    [found] = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    service.app.state.service.diary.flush()
    before = len(log_of(aurora))
    with serving(create_app(service.settings)) as url:
        headers = {"Authorization": f"Bearer {aurora.key}"}
        for _ in range(3):
            assert httpx.get(url + found["url"], headers=headers).status_code == 200
    assert len(log_of(aurora)) == before + 3
