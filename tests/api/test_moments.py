"""Every read can be asked as of a block or a time; which cannot, and why, is said here."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from tests.api.running import WAIT, Member, Running, until

TIMELESS: Final = {
    "it is found by its hash, and never changes": {
        "/v1/documents/{content_hash}",
        "/v1/documents/{content_hash}/commitment",
    },
    "it is of this service, and on no ledger": {
        "/v1/keys",
        "/v1/keys/{key}",
        "/v1/organisations/{organisation}/access",
        "/v1/organisations/{organisation}/quota",
        "/v1/organisations/{organisation}/jurisdiction",
        "/v1/sign-in/accounts/{account}",
        "/v1/operations",
        "/v1/operations/{operation_id}",
        "/v1/operations/{operation_id}/receipt",
        "/v1/webhooks",
        "/v1/webhooks/{webhook}",
        "/v1/webhooks/{webhook}/deliveries",
        "/v1/webhooks/{webhook}/deliveries/{delivery}",
    },
    "it is how the service is now": {"/v1/status", "/healthz", "/readyz", "/metrics"},
    "it names its block itself": {
        "/v1/checkpoints",
        "/v1/checkpoints/{block}",
        "/v1/checkpoints/{block}/file",
    },
    "it goes on from where its reader was": {"/v1/events"},
}


def test_every_read_is_as_of_a_moment(service: Running) -> None:
    described = service.anyone.get("/openapi.json").json()["paths"]
    timeless = set[str]().union(*TIMELESS.values())
    lacking = {
        path
        for path, methods in described.items()
        if "get" in methods and "at" not in _query(methods["get"])
    }
    assert lacking - timeless == set(), "these reads take no `at`"
    assert timeless & set(described) <= lacking, "these take `at`, and need no exception"


def _query(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}


def _at_one_block(member: Member, paths: list[str]) -> dict[str, httpx.Response] | None:
    """What the paths answer, once no block comes in between."""
    told = {path: member.http.get(path) for path in paths}
    blocks = {one.json()["as_of"]["block"] for one in told.values()}
    return told if len(blocks) == 1 else None


def test_lists_and_things_are_as_they_were(service: Running, aurora: Member) -> None:
    """Whatever is asked as of a block answers as it did when that block was the newest."""
    asset = aurora.register()
    lines = "\n".join(json.dumps({"serial": f"{asset[:9]}-{n}", "document": {}}) for n in (1, 2))
    batch = aurora.http.post(
        "/v1/batches",
        content=lines,
        headers={**WAIT, "Content-Type": "application/x-ndjson"},
    ).json()["id"]
    paths = [
        f"/v1/assets?organisation={aurora.id}&limit=200",
        f"/v1/assets?owner={aurora.id}&limit=200",
        f"/v1/assets/{asset}",
        f"/v1/assets/{asset}/entries",
        f"/v1/assets/{asset}/documents",
        f"/v1/batches?organisation={aurora.id}&limit=200",
        f"/v1/batches/{batch}",
        f"/v1/batches/{batch}/assets",
        f"/v1/organisations/{aurora.id}",
        f"/v1/entries?organisation={aurora.id}&limit=200",
    ]
    before = until(lambda: _at_one_block(aurora, paths))
    block = before[paths[2]].json()["as_of"]["block"]
    for _ in range(2):
        aurora.append(asset, kind="observed", document={"event": "inspected"})
    member = before[f"/v1/batches/{batch}/assets"].json()["items"][0]["id"]
    aurora.append(member, kind="observed", document={"event": "inspected"})
    other = service.enrol("Latecomer")
    aurora.append(asset, kind="transferred", to=other.id)
    aurora.register()
    for path, was in before.items():
        now = aurora.http.get(path)
        assert now.status_code == was.status_code == 200, now.text
        then = aurora.http.get(path, params={"at": block} if "?" not in path else None)
        if "?" in path:
            then = aurora.http.get(f"{path}&at={block}")
        assert then.status_code == 200, then.text
        assert still(then) == still(was), path
        assert then.json()["as_of"]["block"] == block
        assert then.headers.get("ETag") == was.headers.get("ETag")
    names = [f"/v1/organisations/{other.id}", f"/v1/assets/{asset}/entries/2"]
    for path in names:
        assert aurora.http.get(path).status_code == 200
        assert aurora.http.get(path, params={"at": block}).status_code == 404, path
    listed = aurora.http.get("/v1/organisations", params={"at": block, "limit": 200}).json()
    assert other.id not in {one["id"] for one in listed["items"]}
    assert aurora.id in {one["id"] for one in listed["items"]}
    line = aurora.http.get(f"/v1/batches/{batch}/assets/1")
    assert aurora.http.get(f"/v1/batches/{batch}/assets/1", params={"at": block}).content == (
        line.content
    )


def still(answer: httpx.Response) -> dict[str, Any]:
    """What an answer tells of the ledger, wherever it stands.

    A party's assets come in the order in which it became that, as of a moment.
    """
    told = {**answer.json(), "as_of": None}
    if "owner=" in str(answer.url):
        told["items"].sort(key=lambda one: one["id"])
    if told.get("unlisted"):
        told["unlisted"] = told["unlisted"]["assets"]  # the link says as of when
    return told


def test_what_the_client_has_is_not_sent_again(aurora: Member) -> None:
    asset = aurora.register()
    lines = json.dumps({"serial": f"{asset[:12]}-1", "document": {}})
    headers = {**WAIT, "Content-Type": "application/x-ndjson"}
    batch = aurora.http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    for path in (
        f"/v1/assets/{asset}",
        f"/v1/assets/{asset}?fields=id",
        *[f"/v1/assets/{asset}/{what}" for what in ("parties", "parts", "where-used")],
        *[f"/v1/assets/{asset}/{what}" for what in ("attestations", "listings")],
        f"/v1/batches/{batch}",
        f"/v1/organisations/{aurora.id}",
    ):
        first = aurora.http.get(path)
        tag = first.headers["ETag"]
        assert tag.strip('"').isdigit(), path
        for known in (tag, f"W/{tag}", f'"7-none", {tag}', "*"):
            again = aurora.http.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["ETag"] == tag
        other = aurora.http.get(path, headers={"If-None-Match": '"none"'})
        assert (other.status_code, other.json().keys()) == (200, first.json().keys())


def test_a_time_is_that_of_the_block_before_it(aurora: Member) -> None:
    asset = aurora.register()
    told = aurora.http.get(f"/v1/assets/{asset}").json()
    born = datetime.fromisoformat(told["registered_at"])
    path = f"/v1/assets/{asset}/entries"
    for at in (told["registered_at"], (born + timedelta(hours=2)).isoformat()):
        assert aurora.http.get(path, params={"at": at}).status_code == 200
    early = (born - timedelta(seconds=1)).isoformat()
    assert aurora.http.get(path, params={"at": early}).status_code in (404, 422)


@pytest.mark.parametrize("at", ["yesterday", "2026-03-01T12:00:00", "-1", "9" * 15, "1"])
def test_what_is_no_moment_is_refused(aurora: Member, at: str) -> None:
    asset = aurora.register()
    for path in (
        "/v1/assets",
        "/v1/entries",
        "/v1/organisations",
        "/v1/batches",
        f"/v1/assets/{asset}/entries",
        f"/v1/assets/{asset}/entries/0",
        f"/v1/assets/{asset}/documents",
        f"/v1/organisations/{aurora.id}",
    ):
        answer = aurora.http.get(path, params={"at": at})
        assert answer.status_code in (404, 422), path
        assert answer.json()["code"] in (
            *("invalid_request", "block_ahead", "before_ledger"),
            "not_found",
        )
