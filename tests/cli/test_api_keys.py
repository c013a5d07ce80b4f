"""The verbs `keys list|create|replace|revoke`, as an organisation's admin meets them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.api.running import Member, Running

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def admin(service: Running) -> Member:
    return service.enrol("Keyed Ltd")


@pytest.fixture
def keys(run: Run, service: Running, admin: Member) -> Run:
    def call(*arguments: str, key: str | None = None) -> tuple[int, str, str]:
        return run("keys", *arguments, "--api", service.url, "--api-key", key or admin.key)

    return call


def test_a_key_is_made_replaced_and_revoked(keys: Run, service: Running) -> None:
    code, made, _ = keys("create", "--role", "reader", "--role", "auditor", "--name", "line 4")
    assert code == 0
    http = service.client(made.strip())
    assert http.get("/v1/assets").status_code == 200
    prefix = made.split("_")[1]
    code, told, _ = keys("replace", prefix, "--overlap", "0", "--json")
    follower = json.loads(told)
    assert (code, follower["replaces"], follower["roles"]) == (0, prefix, ["auditor", "reader"])
    assert http.get("/v1/assets").status_code == 401
    assert service.client(follower["api_key"]).get("/v1/assets").status_code == 200
    code, told, _ = keys("revoke", follower["key"])
    assert (code, told.strip()) == (0, f"{follower['key']} is revoked")
    assert service.client(follower["api_key"]).get("/v1/assets").status_code == 401


def test_keys_are_listed_without_their_secrets(keys: Run, admin: Member) -> None:
    code, made, _ = keys("create", "--role", "writer", "--days", "90", "--json")
    assert code == 0
    key = json.loads(made)
    _, listed, _ = keys("list")
    _, as_json, _ = keys("list", "--json")
    [line] = [one for one in listed.splitlines() if one.startswith(key["key"])]
    assert "good" in line
    assert "writer" in line
    assert "never used" in line
    assert "until" in line
    assert admin.key.split("_")[1] in listed
    for told in (listed, as_json):
        assert key["api_key"] not in told
        assert admin.key not in told


def test_what_may_not_be_is_said_without_a_traceback(keys: Run, admin: Member) -> None:
    code, _, said = keys("revoke", admin.key.split("_")[1])
    assert code == 1
    assert "last" in said
    code, _, said = keys("revoke", "zzzzzzzz")
    assert code == 1
    assert "Traceback" not in said
    _, made, _ = keys("create", "--role", "reader")
    code, _, said = keys("list", key=made.strip())
    assert code == 1
    assert "role admin" in said
