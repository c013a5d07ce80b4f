"""Two organisations that do not trust each other: nothing private of one reaches the other."""

from __future__ import annotations

import pytest

from tests.api.running import Member, Running

SECRET = "the alloy is 7075-T6"


@pytest.fixture(scope="module")
def asset(aurora: Member) -> str:
    return aurora.register("PRIVATE-77", {"name": "Housing", "recipe": SECRET})


@pytest.fixture(scope="module")
def paths(aurora: Member, asset: str) -> list[str]:
    listed = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    return [path for each in listed for path in (each["url"], each["commitment"])]


def test_documents_are_not_there_for_others(
    aurora: Member, boreas: Member, paths: list[str]
) -> None:
    for path in paths:
        assert aurora.http.get(path).status_code == 200
        refused = boreas.http.get(path)
        assert refused.status_code == 404
        unknown = boreas.http.get("/v1/documents/0x" + "00" * 32).json()
        assert refused.json().keys() == unknown.keys()
        assert refused.json()["title"] == unknown["title"]


def test_everything_that_others_read_is_free_of_secrets(
    aurora: Member, boreas: Member, asset: str
) -> None:
    operation = _operation(aurora, asset)
    for path in (
        f"/v1/assets/{asset}",
        f"/v1/assets/{asset}/entries",
        f"/v1/assets/{asset}/documents",
        "/v1/assets?limit=200",
        "/v1/assets?serial=PRIVATE-77",
        "/v1/assets?q=PRIVATE-77",
        "/v1/entries?limit=200",
        "/v1/organisations",
        f"/v1/organisations/{aurora.id}",
        "/v1/status",
        operation,
    ):
        text = boreas.http.get(path).text
        assert SECRET not in text
        assert "PRIVATE-77" not in text.replace("q=PRIVATE-77", "")
        assert aurora.key not in text
    assert boreas.http.get(f"/v1/assets/{asset}").json()["serial"] is None
    assert boreas.http.get(f"/v1/assets/{asset}/documents").json()["items"] == []
    entries = boreas.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    assert [each["document"] for each in entries] == [None]
    assert boreas.http.get("/v1/assets?serial=PRIVATE-77").json()["items"] == []


def _operation(aurora: Member, asset: str) -> str:
    body = {"serial": "PRIVATE-77", "document": {"name": "Housing", "recipe": SECRET}}
    again = aurora.http.post("/v1/assets", json=body)
    assert again.status_code == 200
    assert again.json()["id"] == asset
    return str(again.json()["operation"])


def test_operations_are_not_there_for_others(
    service: Running, aurora: Member, boreas: Member, asset: str
) -> None:
    path = _operation(aurora, asset)
    assert aurora.http.get(path).status_code == 200
    assert service.operator.get(path).status_code == 200
    assert boreas.http.get(path).status_code == 404


def test_the_same_serial_and_key_serve_both(aurora: Member, boreas: Member) -> None:
    body = {"serial": "COMMON-1", "document": {"name": "Bolt"}}
    headers = {"Idempotency-Key": "the-same"}
    first = aurora.http.post("/v1/assets", json=body, headers=headers)
    second = boreas.http.post("/v1/assets", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] != second.json()["id"]
    assert first.json()["content_hash"] != second.json()["content_hash"]


def test_the_operator_and_a_new_owner_may_read(
    service: Running, aurora: Member, boreas: Member
) -> None:
    asset = aurora.register("HANDED-1", {"name": "Rotor", "recipe": SECRET})
    url = aurora.http.get(f"/v1/assets/{asset}/documents").json()["items"][0]["url"]
    assert boreas.http.get(url).status_code == 404
    assert service.operator.get(url).status_code == 200
    assert service.operator.get(f"/v1/assets/{asset}").json()["serial"] == "HANDED-1"
    aurora.append(asset, kind="transferred", to=boreas.id)
    assert boreas.http.get(url).json()["recipe"] == SECRET
    assert boreas.http.get("/v1/assets?serial=HANDED-1").json()["items"][0]["id"] == asset
