"""Schemas over HTTP: published once, read by everybody, as of any moment."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from api.published import find_published, find_schema_document, get_published
from ledger.database.engine import reading
from ledger.errors import UnknownThing
from ledger.types import parse_hash
from tests.api.running import WAIT, Member, Running

DOCUMENT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["partId"],
    "properties": {"partId": {"type": "string"}},
}
NOBODYS = "0x" + "7c" * 32


def publish(member: Member, document: Any = None, **more: Any) -> str:
    """Publish a schema, wait for it, and return its id."""
    body = {"document": document or DOCUMENT, **more}
    answer = member.http.post("/v1/schemas", json=body, headers=WAIT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def schema(aurora: Member) -> str:
    return publish(aurora)


def test_a_schema_is_published_and_read(aurora: Member) -> None:
    headers = {**WAIT, "Idempotency-Key": secrets.token_hex(8)}
    answer = aurora.http.post("/v1/schemas", json={"document": DOCUMENT}, headers=headers)
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert answer.headers["Location"] == f"/v1/schemas/{taken['id']}"
    assert taken["position"] == 0
    again = aurora.http.post("/v1/schemas", json={"document": DOCUMENT}, headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, taken["id"])
    read = aurora.http.get(answer.headers["Location"])
    assert read.headers["ETag"] == '"0"'
    told = read.json()
    assert (told["organisation"], told["replaces"]) == (aurora.id, None)
    assert (told["content_hash"], told["head"]) == (taken["content_hash"], taken["id"])
    assert aurora.http.get(told["document"]).json() == DOCUMENT
    known = aurora.http.get(answer.headers["Location"], headers={"If-None-Match": '"0"'})
    assert known.status_code == 304


def test_every_organisation_may_read_a_schema_whatever_its_keys_roles(
    service: Running, aurora: Member, boreas: Member, schema: str
) -> None:
    made = boreas.http.post("/v1/keys", json={"roles": ["writer"], "name": "press"}).json()
    writer = service.client(made["api_key"])
    for http in (aurora.http, boreas.http, writer, service.operator):
        told = http.get(f"/v1/schemas/{schema}").json()
        assert http.get(told["document"]).json() == DOCUMENT
        assert http.get(f"{told['document']}/commitment").status_code == 200
        [entry] = http.get(told["entries"]).json()["items"]
        assert (entry["kind"], entry["document"]) == ("schema_published", told["document"])
        assert http.get(f"{told['entries']}/0").json() == entry
        some = http.get(told["entries"], params={"fields": "kind,position"}).json()["items"]
        assert some == [{"kind": "schema_published", "position": 0}]


def test_a_version_names_the_one_before_it(aurora: Member, schema: str) -> None:
    later = publish(aurora, {**DOCUMENT, "title": "Part"}, replaces=schema)
    assert aurora.http.get(f"/v1/schemas/{later}").json()["replaces"] == schema


def test_only_a_schema_of_ones_own_is_replaced(aurora: Member, boreas: Member, schema: str) -> None:
    asset = aurora.register()
    for replaces, member, status, code in (
        (schema, boreas, 403, "forbidden"),
        (NOBODYS, aurora, 422, "unknown_reference"),
        (asset, aurora, 422, "unknown_reference"),
        ("0x12", aurora, 422, "invalid_request"),
    ):
        body = {"document": DOCUMENT, "replaces": replaces}
        answer = member.http.post("/v1/schemas", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        if status == 422:
            [wrong] = answer.json()["errors"]
            assert (wrong["field"], wrong["value"]) == ("replaces", replaces)


def test_what_is_no_schema_is_refused(service: Running, aurora: Member) -> None:
    for body, code in (
        ({}, "invalid_request"),
        ({"document": [1]}, "invalid_document"),
        ({"document": DOCUMENT, "title": "x"}, "invalid_request"),
    ):
        answer = aurora.http.post("/v1/schemas", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    for http in (service.operator, service.anyone):
        assert http.post("/v1/schemas", json={"document": DOCUMENT}).status_code in (401, 403)


def test_schemas_are_listed_by_publisher_in_either_order(service: Running, boreas: Member) -> None:
    publisher = service.enrol("Standards Ltd")
    published = [publish(publisher) for _ in range(3)]
    query = {"organisation": publisher.did, "limit": 2}
    first = boreas.http.get("/v1/schemas", params=query)
    second = boreas.http.get(first.links["next"]["url"])
    listed = [one["id"] for page in (first, second) for one in page.json()["items"]]
    assert listed == published
    assert "next" not in second.links
    newest = boreas.http.get("/v1/schemas", params={**query, "sort": "-published"})
    rest = boreas.http.get(newest.links["next"]["url"])
    turned = [one["id"] for page in (newest, rest) for one in page.json()["items"]]
    assert turned == published[::-1]
    nobody = boreas.http.get("/v1/schemas", params={"organisation": "did:web:no.example"})
    assert nobody.json()["items"] == []


def test_a_schema_is_not_there_before_it_was_published(aurora: Member) -> None:
    schema = publish(aurora)
    then = aurora.http.get(f"/v1/schemas/{schema}").json()["as_of"]["block"]
    for at, status in ((then, 200), (then - 1, 404)):
        for path in (f"/v1/schemas/{schema}", f"/v1/schemas/{schema}/entries"):
            answer = aurora.http.get(path, params={"at": at})
            assert answer.status_code == status, answer.text
    listed = aurora.http.get(
        "/v1/schemas", params={"organisation": aurora.id, "at": then - 1, "limit": 200}
    )
    assert schema not in {one["id"] for one in listed.json()["items"]}
    assert listed.json()["as_of"]["block"] <= then - 1
    assert aurora.http.get(f"/v1/schemas/{NOBODYS}").json()["code"] == "not_found"


def test_others_find_a_schemas_document_by_its_id(
    service: Running, aurora: Member, schema: str
) -> None:
    """Also while it is on its way, as an asset may name it at once."""
    own = service.app.state.service
    sent = aurora.http.post("/v1/schemas", json={"document": {"type": "object"}}).json()["id"]
    with reading(own.engine) as session:
        for id, document in ((schema, DOCUMENT), (sent, {"type": "object"})):
            found = find_schema_document(session, own.births, parse_hash(id))
            assert found is not None
            assert json.loads(found) == document
            published = find_published(session, parse_hash(id))
            assert published is not None
            assert published.org == parse_hash(aurora.id)
        assert find_schema_document(session, own.births, parse_hash(NOBODYS)) is None
        with pytest.raises(UnknownThing):
            get_published(session, parse_hash(NOBODYS))
