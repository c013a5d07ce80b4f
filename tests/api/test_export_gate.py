"""Important and core documents stay in their jurisdiction, whichever way they are asked for."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests import files
from tests.api.running import WAIT, Member, Running, until

SECRET = "tolerance of the bearing seat is 3 micrometres"


def settle(service: Running, member: Member, code: str) -> Member:
    answer = service.operator.put(
        f"/v1/organisations/{member.id}/jurisdiction", json={"jurisdiction": code}
    )
    assert answer.json() == {"jurisdiction": code}
    return member


@pytest.fixture(scope="module")
def chinese(service: Running) -> Member:
    return settle(service, service.enrol("Huaxin Motors"), "CN")


@pytest.fixture(scope="module")
def german(service: Running) -> Member:
    return settle(service, service.enrol("Boreas Maschinen"), "DE")


@pytest.fixture(scope="module")
def neighbour(service: Running) -> Member:
    return settle(service, service.enrol("Huaxin Parts"), "CN")


def register(member: Member, **more: Any) -> str:
    return member.register(None, {"name": SECRET}, **more)


def hand_over(giver: Member, taker: Member, asset: str) -> None:
    assert giver.append(asset, kind="transferred", to=taker.did).status_code == 201


def link_of(member: Member, asset: str) -> dict[str, Any]:
    [*_, found] = member.http.get(f"/v1/assets/{asset}/documents").json()["items"]
    return dict(found)


def ways_out(asset: str, link: dict[str, Any]) -> list[str]:
    """Every way in which a document, or a part of it, is read."""
    proof = f"/v1/assets/{asset}/proof"
    return [
        link["url"],
        link["commitment"],
        f"{proof}?documents=true",
        f"{proof}?field=name",
        f"{proof}?commitments=true",
    ]


def require_shut(answer: httpx.Response, data_class: str) -> None:
    told = answer.json()
    assert (answer.status_code, told["code"]) == (403, "export_refused"), answer.text
    assert (told["data_class"], told["jurisdiction"]) == (data_class, "CN")
    assert SECRET not in answer.text


def release(member: Member, asset: str, *documents: str, to: str = "DE") -> httpx.Response:
    document = {
        "format": "asset-ledger-release/1",
        "documents": list(documents),
        "jurisdictions": [to],
        "reason": "assessment 2026-07, clause 4",
    }
    return member.append(asset, kind="observed", document=document)


@pytest.mark.parametrize("data_class", ["important", "core"])
def test_it_does_not_leave_by_any_way(
    service: Running, chinese: Member, german: Member, neighbour: Member, data_class: str
) -> None:
    asset = register(chinese, data_class=data_class)
    link = link_of(chinese, asset)
    assert (link["data_class"], link["jurisdiction"]) == (data_class, "CN")
    assert german.http.get(link["url"]).status_code == 404, "it is private as any other"
    for path in ways_out(asset, link):
        assert chinese.http.get(path).status_code == 200, path
        require_shut(service.operator.get(path), data_class)
    hand_over(chinese, neighbour, asset)
    assert neighbour.http.get(link["url"]).json() == {"name": SECRET}
    hand_over(neighbour, german, asset)
    for path in ways_out(asset, link):
        require_shut(german.http.get(path), data_class)
    assert german.http.get(f"/v1/assets/{asset}").status_code == 200
    assert SECRET not in german.http.get("/v1/assets", params={"q": "micrometres"}).text
    assert SECRET not in service.anyone.get(f"/assets/{asset}").text


def test_what_is_ordinary_goes_where_it_may_be_read(
    service: Running, chinese: Member, german: Member
) -> None:
    for more in ({}, {"data_class": "ordinary"}):
        asset = register(chinese, **more)
        link = link_of(chinese, asset)
        assert (link["data_class"], link["jurisdiction"]) == ("ordinary", None)
        hand_over(chinese, german, asset)
        assert german.http.get(link["url"]).json() == {"name": SECRET}
        assert service.operator.get(link["url"]).status_code == 200
        assert SECRET in service.anyone.get(f"/assets/{asset}").text


def test_an_entry_releases_it_to_the_jurisdictions_that_it_names(
    service: Running, chinese: Member, german: Member
) -> None:
    asset = register(chinese, data_class="core")
    link = link_of(chinese, asset)
    other = chinese.append(asset, kind="observed", document={"n": 1}, data_class="core").json()
    assert release(chinese, asset, link["content_hash"]).status_code == 201
    hand_over(chinese, german, asset)
    assert german.http.get(link["url"]).json() == {"name": SECRET}
    require_shut(german.http.get(f"/v1/documents/{other['content_hash']}"), "core")
    require_shut(service.operator.get(link["url"]), "core")
    entries = german.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    decision = german.http.get(entries[2]["document"]).json()
    assert decision["jurisdictions"] == ["DE"], (
        "the decision is an entry, and says what was decided"
    )


def test_a_release_counts_only_once_its_entry_stands(
    service: Running, chinese: Member, german: Member
) -> None:
    asset = register(chinese, data_class="important")
    link = link_of(chinese, asset)
    freeze = {"kind": "frozen", "document": {"why": "a test"}}
    frozen = service.operator.post(f"/v1/assets/{asset}/entries", json=freeze, headers=WAIT)
    assert frozen.status_code == 201
    assert release(chinese, asset, link["content_hash"]).status_code == 409
    thaw = {"kind": "unfrozen", "document": {"why": "a test"}}
    service.operator.post(f"/v1/assets/{asset}/entries", json=thaw, headers=WAIT)
    hand_over(chinese, german, asset)
    require_shut(german.http.get(link["url"]), "important")


def test_only_its_own_jurisdiction_releases_it(
    service: Running, chinese: Member, german: Member
) -> None:
    asset = register(chinese, data_class="core")
    content_hash = link_of(chinese, asset)["content_hash"]
    writer = chinese.http.post("/v1/keys", json={"roles": ["writer", "reader"]}).json()["api_key"]
    document = {
        "format": "asset-ledger-release/1",
        "documents": [content_hash],
        "jurisdictions": ["DE"],
    }
    refused = service.anyone.post(
        f"/v1/assets/{asset}/entries",
        json={"kind": "observed", "document": document},
        headers={"Authorization": f"Bearer {writer}"},
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    hand_over(chinese, german, asset)
    require_shut(release(german, asset, content_hash), "core")
    require_shut(german.http.get(f"/v1/documents/{content_hash}"), "core")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"documents": []}, "document/documents"),
        ({"documents": ["0x12"]}, "document/documents/0"),
        ({"documents": ["0x" + "11" * 32]}, "document/documents/0"),
        ({"jurisdictions": ["Germany"]}, "document/jurisdictions/0"),
        ({"jurisdictions": []}, "document/jurisdictions"),
        ({"jurisdictions": "DE"}, "document/jurisdictions"),
    ],
)
def test_a_release_that_is_wrong_is_told_where(
    chinese: Member, change: dict[str, Any], field: str
) -> None:
    asset = register(chinese, data_class="core")
    told = {
        "format": "asset-ledger-release/1",
        "documents": [link_of(chinese, asset)["content_hash"]],
        "jurisdictions": ["DE"],
    }
    answer = chinese.append(asset, kind="observed", document=told | change)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    other = chinese.append(asset, kind="revised", document=told)
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "document/format")


def test_files_and_lines_of_batches_are_kept_in_too(
    service: Running, chinese: Member, german: Member
) -> None:
    told = chinese.http.post(
        "/v1/documents",
        content=files.TEXT_STL,
        params={"data_class": "important"},
        headers={"Content-Type": files.STL},
    ).json()
    born = chinese.http.post(
        "/v1/assets", json={"serial": "GATE-FILE", "file": told["content_hash"]}, headers=WAIT
    ).json()
    hand_over(chinese, german, born["id"])
    for path in (told["url"], told["commitment"]):
        require_shut(german.http.get(path), "important")
        require_shut(service.operator.get(path), "important")
    assert chinese.http.get(told["url"]).content == files.TEXT_STL
    lines = json.dumps({"serial": "GATE-LINE", "document": {"name": SECRET}})
    batch = chinese.http.post(
        "/v1/batches",
        content=lines,
        params={"data_class": "core"},
        headers={**WAIT, "Content-Type": "application/x-ndjson"},
    ).json()
    path = f"/v1/batches/{batch['id']}/assets"
    [member] = until(lambda: chinese.http.get(path).json().get("items"))
    hand_over(chinese, german, member["id"])
    require_shut(german.http.get(f"/v1/documents/{member['registered_content_hash']}"), "core")


def test_without_a_jurisdiction_nothing_is_classed_and_nothing_classed_is_read(
    service: Running, chinese: Member
) -> None:
    nowhere = service.enrol("Nowhere Ltd")
    path = f"/v1/organisations/{nowhere.id}/jurisdiction"
    assert nowhere.http.get(path).json() == {"jurisdiction": None}
    assert chinese.http.get(path).status_code == 404
    assert nowhere.http.put(path, json={"jurisdiction": "CN"}).status_code == 403
    wrong = service.operator.put(path, json={"jurisdiction": "China"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "jurisdiction")
    body = {"serial": "N-1", "document": {"n": 1}, "data_class": "core"}
    asset = nowhere.register()
    for answer in (
        nowhere.http.post("/v1/assets", json=body),
        nowhere.append(asset, kind="observed", document={"n": 1}, data_class="important"),
        nowhere.http.post("/v1/documents", content=b"x", params={"data_class": "core"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "no_jurisdiction")
    secret = register(chinese, data_class="core")
    link = link_of(chinese, secret)
    hand_over(chinese, nowhere, secret)
    require_shut(nowhere.http.get(link["url"]), "core")


def test_the_operator_reads_where_the_service_is(
    service: Running, chinese: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(chinese, register(chinese, data_class="core"))
    require_shut(service.operator.get(link["url"]), "core")
    monkeypatch.setattr(service.app.state.service.settings, "jurisdiction", "CN")
    assert service.operator.get(link["url"]).json() == {"name": SECRET}
