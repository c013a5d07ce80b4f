"""Whatever a client sends wrongly is answered by a problem that names what is wrong."""

from __future__ import annotations

import json
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.errors import problem_of
from ledger.settings import Settings
from ledger.standards.schema_workers import ValidatorsBusy
from tests.api.running import Member, Running, serving

JSON = {"Content-Type": "application/json"}
UNKNOWN = "0x" + "ab" * 32


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["code"] == code
    assert told["type"] == f"/problems/{code}"
    assert told["status"] == status
    assert told["request_id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.text
    return told


BODIES = {
    "empty": (b"", "invalid_json", "line 1, column 1"),
    "cut off": (b'{"serial": "x",', "invalid_json", "line 1, column 16"),
    # Python 3.13 points at the comma, earlier ones at what follows it.
    "a comma too many": (
        b'{\n  "serial": "x",\n}',
        "invalid_json",
        "line 2, column 16" if sys.version_info >= (3, 13) else "line 3, column 1",
    ),
    "bad inside": (b'{"document": {"a": nul}}', "invalid_json", "line 1, column 20"),
    "not a number": (b'{"document": {"a": NaN}}', "invalid_json", "line 1, column 2"),
    "bad in a field": (b'{"serial": "\\x"}', "invalid_json", "line 1"),
    "not UTF-8": (b'{"serial": "\xff"}', "invalid_json", "UTF-8"),
    "two at once": (b"{} {}", "invalid_json", "line 1, column 4"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "invalid_json", "line 1, column 1"),
    "zeros": (b"{\x00", "invalid_json", "line 1, column 2"),
    "digits": (b'{"serial": ' + b"9" * 5000 + b",}", "invalid_json", "line 1"),
    "twice": (b'{"serial": "x", "serial": "y"}', "invalid_json", "serial"),
    "deep": (b'{"document":' + b"[" * 100_000, "invalid_json", "deep"),
    "an array": (b"[]", "invalid_request", "object"),
    "nothing in it": (b"{}", "invalid_request", "serial: is missing"),
    "unknown field": (
        b'{"serial": "x", "document": {"a": 1}, "sreial": 1}',
        "invalid_request",
        "sreial: is not a field",
    ),
    "a number": (b'{"serial": 7, "document": {"a": 1}}', "invalid_request", "serial"),
    "empty serial": (b'{"serial": "", "document": {"a": 1}}', "invalid_request", "serial"),
    "control": (b'{"serial": "a\\nb", "document": {"a": 1}}', "invalid_request", "serial"),
    "kind": (
        b'{"serial": "x", "document": {}, "asset_kind": "thing"}',
        "invalid_request",
        "asset_kind",
    ),
    "no object": (b'{"serial": "x", "document": [1]}', "invalid_document", "object"),
    "twice inside": (
        b'{"serial": "x", "document": {"a": {"b": 1, "b": 2}}}',
        "invalid_document",
        "document/a",
    ),
    "big integer": (
        b'{"serial": "x", "document": {"n": 9007199254740993}}',
        "invalid_document",
        "document/n",
    ),
    "surrogate": (
        b'{"serial": "x", "document": {"n": "\\ud800"}}',
        "invalid_json",
        "surrogate",
    ),
    "malformed owner": (
        b'{"serial": "x", "document": {"a": 1}, "owner": "0x12"}',
        "invalid_request",
        "owner",
    ),
    "unknown owner": (
        b'{"serial": "x", "document": {"a": 1}, "owner": "did:web:nobody.example"}',
        "unknown_reference",
        "owner",
    ),
}


@pytest.mark.parametrize(("body", "code", "named"), BODIES.values(), ids=BODIES)
def test_bodies(aurora: Member, body: bytes, code: str, named: str) -> None:
    answer = aurora.http.post("/v1/assets", content=body, headers=JSON)
    told = problem(answer, 400 if code == "invalid_json" else 422, code)
    assert named in told["detail"]
    if code != "invalid_json" and named != "object":
        assert told["errors"], "the field at fault is named"


ENTRIES = {
    "no kind": ({"document": {"a": 1}}, "kind: is missing"),
    "unknown kind": ({"kind": "melted"}, "kind: must be one of"),
    "nothing to say": ({"kind": "observed"}, "document: is missing"),
    "both": ({"kind": "transferred", "to": UNKNOWN, "document": {"a": 1}}, "document"),
    "negative": ({"kind": "observed", "document": {"a": 1}, "position": -1}, "position"),
    "a truth": ({"kind": "observed", "document": {"a": 1}, "position": True}, "position"),
    "to nobody": ({"kind": "transferred", "to": UNKNOWN}, "to"),
    "the future": ({"kind": "corrected", "corrects": 5, "document": {"a": 1}}, "corrects"),
}


@pytest.mark.parametrize(("body", "named"), ENTRIES.values(), ids=ENTRIES)
def test_entries(aurora: Member, body: dict[str, Any], named: str) -> None:
    asset = aurora.register()
    answer = aurora.http.post(f"/v1/assets/{asset}/entries", json=body)
    assert answer.status_code == 422, answer.text
    assert named in answer.json()["detail"]
    assert answer.json()["errors"]


def test_title_cannot_pass_to_who_has_it(aurora: Member) -> None:
    answer = aurora.append(aurora.register(), kind="transferred", to=aurora.did)
    assert "holds title already" in problem(answer, 422, "invalid_request")["detail"]


PATHS = {
    "/v1/assets/0x12": (422, "invalid_request", "asset_id"),
    "/v1/assets/zz": (422, "invalid_request", "asset_id"),
    f"/v1/assets/{UNKNOWN}": (404, "not_found", UNKNOWN),
    f"/v1/assets/{UNKNOWN}/entries": (404, "not_found", UNKNOWN),
    "/v1/assets?limit=0": (422, "invalid_request", "limit"),
    "/v1/assets?limit=many": (422, "invalid_request", "limit"),
    "/v1/assets?onwer=x": (422, "invalid_request", "onwer"),
    "/v1/assets?cursor=abc": (422, "invalid_request", "cursor"),
    "/v1/assets?cursor=%C3%A9": (422, "invalid_request", "cursor"),
    # Of a list that is ordered by ids: `assets:0x00`.
    "/v1/assets?cursor=YXNzZXRzOjB4MDA": (422, "invalid_request", "cursor"),
    "/v1/assets?owner=0x12": (422, "invalid_request", "owner"),
    "/v1/assets?asset_kind=thing": (422, "invalid_request", "asset_kind"),
    "/v1/entries?kind=melted": (422, "invalid_request", "kind"),
    "/v1/organisations/0x12": (422, "invalid_request", "organisation"),
    f"/v1/organisations/{UNKNOWN}": (404, "not_found", UNKNOWN),
    "/v1/organisations/did:web:nobody.example": (404, "not_found", "nobody"),
    "/v1/operations/x": (422, "invalid_request", "operation_id"),
    "/v1/operations/0196a1f0-4c11-7d3e-9b1a-5f2c8d7e6a90": (404, "not_found", "0196a1f0"),
    f"/v1/documents/{UNKNOWN}": (404, "not_found", UNKNOWN),
    "/v1/nothing": (404, "not_found", "/v1/nothing"),
    "/v1/assets/": (404, "not_found", "/v1/assets/"),
    "/v1/assets/%00": (422, "invalid_request", "asset_id"),
    "/v1/organisations/%00": (404, "not_found", "organisation"),
}


@pytest.mark.parametrize(("path", "wanted"), PATHS.items(), ids=PATHS)
def test_paths(aurora: Member, path: str, wanted: tuple[int, str, str]) -> None:
    status, code, named = wanted
    told = problem(aurora.http.get(path), status, code)
    assert named in told["detail"]


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (None, "no key"),
        ("Bearer nonsense", "not known"),
        ("Bearer al_aaaaaaaa_wrong", "not known"),
        ("Bearer " + "é" * 50, "not known"),
        ("Basic YTpi", "no key"),
    ],
)
def test_wrong_keys(service: Running, key: str | None, named: str) -> None:
    headers = {"Authorization": key.encode()} if key else {}
    for path in ("/v1/assets", "/v1/assets/zz", f"/v1/documents/{UNKNOWN}"):
        answer = service.anyone.get(path, headers=headers)
        assert named in problem(answer, 401, "unauthenticated")["detail"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_half_a_key_is_no_key(service: Running, aurora: Member) -> None:
    answer = service.client(aurora.key[:-1]).get("/v1/assets")
    problem(answer, 401, "unauthenticated")
    assert aurora.key[:-1] not in answer.text


def test_methods(aurora: Member) -> None:
    answer = aurora.http.delete("/v1/assets")
    assert "DELETE" in problem(answer, 405, "method_not_allowed")["detail"]
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_media_types(aurora: Member) -> None:
    answer = aurora.http.post("/v1/assets", content=b"a=b", headers={"Content-Type": "text/csv"})
    assert "text/csv" in problem(answer, 415, "unsupported_media_type")["detail"]
    problem(aurora.http.post("/v1/assets", content=b"{}"), 415, "unsupported_media_type")


def test_idempotency_keys_are_bounded(aurora: Member) -> None:
    headers = {**JSON, "Idempotency-Key": "x" * 300}
    answer = aurora.http.post("/v1/assets", content=b"{}", headers=headers)
    assert problem(answer, 422, "invalid_request")["errors"][0]["field"] == "Idempotency-Key"


def test_if_match_must_be_a_tag(aurora: Member) -> None:
    asset = aurora.register()
    answer = aurora.http.post(
        f"/v1/assets/{asset}/entries",
        json={"kind": "observed", "document": {"a": 1}},
        headers={"If-Match": "3"},
    )
    assert problem(answer, 422, "invalid_request")["errors"][0]["field"] == "If-Match"


def test_a_body_of_100_megabytes_is_refused_unread(service: Running, aurora: Member) -> None:
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 2**20
            yield bytes(2**20)

    announced = {**JSON, "Content-Length": str(100 * 2**20)}
    answer = aurora.http.post("/v1/assets", content=body(), headers=announced)
    told = problem(answer, 413, "body_too_large")
    assert told["max_body"] == service.settings.max_body
    assert str(100 * 2**20) in told["detail"]


def test_a_body_that_grows_too_large_is_refused(aurora: Member) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"serial": "'
        for _ in range(100):
            yield b"x" * 2**20

    answer = aurora.http.post("/v1/assets", content=body(), headers=JSON)
    problem(answer, 413, "body_too_large")


def test_request_ids_are_taken_over_if_they_are_harmless(service: Running) -> None:
    given = secrets.token_hex(8)
    answer = service.anyone.get("/v1/nothing", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given
    odd = service.anyone.get("/v1/nothing", headers={"X-Request-Id": 'a"b{}'})
    assert odd.headers["X-Request-Id"] != 'a"b{}'


def test_a_locked_database_is_503(
    service: Running, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.database.engine.BUSY_SECONDS", 0.2)
    with serving(create_app(service.settings)) as url:
        holder = sqlite3.connect(service.settings.data / "ledger.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            body = {"serial": secrets.token_hex(4), "document": {"a": 1}}
            answer = httpx.post(
                f"{url}/v1/assets", json=body, headers={"Authorization": f"Bearer {aurora.key}"}
            )
        finally:
            holder.close()
        problem(answer, 503, "unavailable")
        assert answer.headers["Retry-After"]


def test_a_database_that_is_gone_is_503(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path / 'a.db'}"))
    with serving(app) as url:
        app.state.service.engine.dispose()
        (tmp_path / "a.db").unlink()
        (tmp_path / "a.db").mkdir()
        for path in ("/v1/assets", "/v1/status", "/readyz"):
            answer = httpx.get(url + path, headers={"Authorization": "Bearer al_aaaaaaaa_x"})
            problem(answer, 503, "unavailable")
        assert httpx.get(f"{url}/", headers={"Accept": "text/html"}).status_code == 503


def test_before_the_mirror_began_it_is_503(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path / 'a.db'}"))
    with serving(app) as url:
        problem(httpx.get(f"{url}/v1/status"), 503, "unavailable")
        ready = httpx.get(f"{url}/readyz")
        assert ready.status_code == 503
        assert ready.json()["reasons"] == ["the ledger is not mirrored yet"]
        assert httpx.get(f"{url}/").status_code == 200


def test_what_we_did_not_expect_is_a_500_that_tells_nothing(
    aurora: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret internals")

    monkeypatch.setattr("api.routes.entries.list_entries", fail)
    answer = aurora.http.get("/v1/entries")
    told = problem(answer, 500, "internal")
    assert "secret" not in json.dumps(told)
    assert told["request_id"] in told["detail"]
    assert "secret internals" in caplog.text
    assert aurora.key not in caplog.text


def test_each_problem_is_explained(service: Running) -> None:
    told = service.anyone.get("/v1/nothing").json()
    page = service.anyone.get(told["type"])
    assert page.status_code == 200
    assert told["title"] in page.text


def test_busy_validators_failed_whoever_published_a_schema() -> None:
    problem = problem_of(ValidatorsBusy("the processes that validate are busy"))
    assert problem is not None
    assert (problem.kind.status, problem.headers) == (503, {"Retry-After": "2"})
