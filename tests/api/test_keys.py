"""Keys over the API: made, listed, rotated and revoked by admins; each may do its roles alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import select

from api.paging import encode_cursor
from ledger.database.engine import open_engine, writing
from ledger.outbox.clock import now
from ledger.outbox.tables import ApiKey
from tests.api.running import WAIT, Member, Running, until


def make(service: Running, member: Member, *roles: str, **more: Any) -> httpx.Client:
    """A client with a new key of these roles."""
    answer = member.http.post("/v1/keys", json={"roles": list(roles), **more})
    assert answer.status_code == 201, answer.text
    return service.client(answer.json()["api_key"])


@pytest.fixture(scope="module")
def asset(aurora: Member) -> str:
    return aurora.register("KEYS-1", {"name": "Casing", "recipe": "of 7075"})


@pytest.fixture(scope="module")
def document(aurora: Member, asset: str) -> str:
    listed = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    return str(listed[0]["url"])


def test_a_new_key_is_told_once_and_never_again(aurora: Member) -> None:
    body = {"roles": ["reader"], "name": "line 4", "expires_in": 600}
    answer = aurora.http.post("/v1/keys", json=body)
    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["api_key"].split("_")[1] == told["key"]
    one = aurora.http.get(answer.headers["Location"])
    assert one.json() == {name: told[name] for name in told if name != "api_key"}
    assert told["roles"] == ["reader"]
    assert told["state"] == "good"
    listed = aurora.http.get("/v1/keys?limit=200").text
    assert told["key"] in listed
    assert told["api_key"] not in listed + one.text


def test_keys_are_listed_page_by_page(service: Running) -> None:
    member = service.enrol("Paging Keys")
    made = [
        member.http.post("/v1/keys", json={"roles": ["reader"]}).json()["key"] for _ in range(5)
    ]
    seen: list[str] = []
    path = "/v1/keys?limit=2"
    while path:
        answer = member.http.get(path)
        seen += [each["key"] for each in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert seen == [member.key.split("_")[1], *made]


@pytest.mark.parametrize("role", ["reader", "writer", "auditor"])
def test_only_an_admin_manages_keys(service: Running, aurora: Member, role: str) -> None:
    http = make(service, aurora, role)
    own = aurora.key.split("_")[1]
    for answer in (
        http.get("/v1/keys"),
        http.get(f"/v1/keys/{own}"),
        http.post("/v1/keys", json={"roles": ["admin"]}),
        http.post(f"/v1/keys/{own}/rotate", json={}),
        http.post(f"/v1/keys/{own}/revoke"),
    ):
        assert answer.status_code == 403, answer.text
        assert answer.json()["needed"] == ["admin"]
    assert service.operator.get("/v1/keys").status_code == 403


def test_the_keys_of_others_are_not_there(aurora: Member, boreas: Member) -> None:
    theirs = aurora.key.split("_")[1]
    for answer in (
        boreas.http.get(f"/v1/keys/{theirs}"),
        boreas.http.post(f"/v1/keys/{theirs}/rotate", json={}),
        boreas.http.post(f"/v1/keys/{theirs}/revoke"),
    ):
        assert answer.status_code == 404
    assert aurora.http.get(f"/v1/keys/{theirs}").json()["state"] == "good"


def test_a_reader_reads_and_does_not_write(
    service: Running, aurora: Member, asset: str, document: str
) -> None:
    http = make(service, aurora, "reader")
    assert http.get(document).json()["recipe"] == "of 7075"
    assert http.get(f"/v1/assets/{asset}").json()["serial"] == "KEYS-1"
    body = {"serial": "KEYS-2", "document": {"name": "Bolt"}}
    for answer in (
        http.post("/v1/assets", json=body),
        http.post("/v1/assets:batch", json={"assets": [body]}),
        http.post("/v1/batches", content=b"{}", headers={"Content-Type": "application/x-ndjson"}),
        http.post(
            f"/v1/assets/{asset}/entries", json={"kind": "observed", "document": {"name": "x"}}
        ),
    ):
        assert answer.status_code == 403, answer.text
        assert answer.json()["needed"] == ["writer"]


def test_a_writer_writes_and_sees_nothing_private(
    service: Running, aurora: Member, asset: str, document: str
) -> None:
    http = make(service, aurora, "writer")
    sent = http.post(
        "/v1/assets", json={"serial": "KEYS-3", "document": {"name": "Nut"}}, headers=WAIT
    )
    assert sent.status_code == 201
    assert http.get(sent.json()["operation"]).json()["state"] in ("done", "final")
    _sees_nothing(http, asset, document)


def test_an_auditor_sees_no_document_unless_it_was_granted(
    service: Running, aurora: Member, asset: str, document: str
) -> None:
    http = make(service, aurora, "auditor")
    _sees_nothing(http, asset, document)
    proof = http.get(f"/v1/assets/{asset}/proof")
    assert proof.status_code == 200
    assert http.get(f"/v1/assets/{asset}/proof?field=recipe").status_code == 422
    assert "of 7075" not in http.get(f"/v1/assets/{asset}/proof?documents=true").text
    granted = make(service, aurora, "auditor", "reader")
    assert granted.get(document).status_code == 200
    assert granted.get(f"/v1/assets/{asset}/proof?field=recipe").status_code == 200


def _sees_nothing(http: httpx.Client, asset: str, document: str) -> None:
    assert http.get(document).status_code == 404
    assert http.get(f"{document}/commitment").status_code == 404
    assert http.get(f"/v1/assets/{asset}").json()["serial"] is None
    assert http.get(f"/v1/assets/{asset}/documents").json()["items"] == []
    assert http.get("/v1/assets?serial=KEYS-1").json()["items"] == []
    assert http.get("/v1/assets?q=7075").json()["items"] == []


def test_a_rotated_key_opens_until_the_overlap_is_over(service: Running) -> None:
    member = service.enrol("Rotating Ltd")
    own = member.key.split("_")[1]
    new = member.http.post(f"/v1/keys/{own}/rotate", json={"overlap": 600}).json()
    assert new["replaces"] == own
    assert new["roles"] == ["admin", "reader", "writer"]
    follower = service.client(new["api_key"])
    assert follower.get("/v1/keys").status_code == member.http.get("/v1/keys").status_code == 200
    at_once = follower.post(f"/v1/keys/{new['key']}/rotate", json={"overlap": 0}).json()
    assert follower.get("/v1/keys").status_code == 401
    last = service.client(at_once["api_key"])
    assert last.get(f"/v1/keys/{new['key']}").json()["state"] == "expired"
    again = last.post(f"/v1/keys/{new['key']}/rotate", json={})
    assert (again.status_code, again.json()["code"]) == (409, "dead_key")


def test_a_revoked_key_opens_nothing(service: Running, aurora: Member) -> None:
    http = make(service, aurora, "reader")
    prefix = http.headers["Authorization"].split("_")[1]
    revoked = aurora.http.post(f"/v1/keys/{prefix}/revoke")
    assert revoked.json()["state"] == "revoked"
    assert http.get("/v1/assets").status_code == 401
    assert aurora.http.post(f"/v1/keys/{prefix}/revoke").json() == revoked.json()


def test_the_last_admin_cannot_be_revoked(service: Running) -> None:
    member = service.enrol("Careful Ltd")
    own = member.key.split("_")[1]
    make(service, member, "admin", expires_in=600)  # which ends by itself
    refused = member.http.post(f"/v1/keys/{own}/revoke")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    other = make(service, member, "admin")
    assert other.post(f"/v1/keys/{own}/revoke").status_code == 200
    assert member.http.get("/v1/keys").status_code == 401


def test_an_expired_key_opens_nothing(service: Running, aurora: Member) -> None:
    http = make(service, aurora, "reader", expires_in=60)
    assert http.get("/v1/assets").status_code == 200
    prefix = http.headers["Authorization"].split("_")[1]
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        session.exec(select(ApiKey).where(ApiKey.prefix == prefix)).one().expires_at = now()
    engine.dispose()
    assert http.get("/v1/assets").status_code == 401


def test_the_last_use_of_a_key_is_told_and_not_written_each_time(
    service: Running, aurora: Member
) -> None:
    http = make(service, aurora, "reader")
    path = f"/v1/keys/{http.headers['Authorization'].split('_')[1]}"
    assert aurora.http.get(path).json()["last_used_at"] is None
    http.get("/v1/assets")
    first = until(lambda: aurora.http.get(path).json()["last_used_at"])
    for _ in range(20):
        http.get("/v1/assets")
    service.app.state.service.diary.flush()
    assert aurora.http.get(path).json()["last_used_at"] == first


@pytest.mark.parametrize(
    "body",
    [
        {"roles": []},
        {"roles": ["owner"]},
        {"roles": "reader"},
        {"roles": ["reader"], "expires_in": 0},
        {"roles": ["reader"], "name": "a\nb"},
        {"roles": ["reader"], "organisation": "0x" + "00" * 32},
    ],
)
def test_what_no_key_can_be_is_refused(aurora: Member, body: dict[str, Any]) -> None:
    answer = aurora.http.post("/v1/keys", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_cursor_that_is_none_of_ours_is_refused(aurora: Member) -> None:
    """A NUL in it would not get into PostgreSQL."""
    for place in [(1, b"\0" * 8), (1,), (b"\0", 1), (1, "\ud800".encode("utf-8", "surrogatepass"))]:
        cursor = encode_cursor("keys", place)
        assert aurora.http.get("/v1/keys", params={"cursor": cursor}).status_code == 422
