"""Credentials over HTTP: issued to an organisation, found by it, taken back by who issued them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.running import WAIT, Member, Running
from tests.api.test_schemas import NOBODYS, publish

SAYS = {"standard": "IATF 16949", "site": "Harbin"}
LATER = "2031-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def holder(service: Running) -> Member:
    return service.enrol("Certified Castings")


@pytest.fixture(scope="module")
def schema(aurora: Member) -> str:
    return publish(aurora, {"type": "object"})


def say(member: Member, org: str, **entry: Any) -> Any:
    return member.http.post(f"/v1/organisations/{org}/entries", json=entry, headers=WAIT)


def issue(issuer: Member, holder: Member, schema: str, **more: Any) -> dict[str, Any]:
    """Issue a credential, wait for it, and return it as its holder reads it."""
    entry = {"schema": schema, "document": SAYS, **more}
    answer = say(issuer, holder.did, kind="credential_issued", **entry)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    found = holder.http.get(f"/v1/credentials/{told['id']}-{told['position']}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def listed(member: Member, **query: Any) -> list[str]:
    """Ids of all credentials that are as asked for, over pages of two."""
    answer = member.http.get("/v1/credentials", params={"limit": 2, **query})
    found = []
    while True:
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["items"]]
        if "next" not in answer.links:
            return found
        answer = member.http.get(answer.links["next"]["url"])


def test_a_credential_is_issued_and_revoked(
    aurora: Member, boreas: Member, holder: Member, schema: str
) -> None:
    made = issue(aurora, holder, schema, expires=LATER)
    assert (made["holder"], made["issuer"], made["schema"]) == (holder.id, aurora.id, schema)
    assert (made["state"], made["expires_at"], made["to_block"]) == ("valid", LATER, None)
    entry = holder.http.get(made["entry"]).json()
    assert (entry["kind"], entry["block"]) == ("credential_issued", made["from_block"])
    revoked = say(aurora, holder.id, kind="credential_revoked", revokes=made["position"])
    assert revoked.status_code == 201, revoked.text
    now = boreas.http.get(f"/v1/credentials/{made['id']}").json()
    assert now["state"] == "revoked"
    assert now["to_block"] == aurora.http.get(revoked.headers["Location"]).json()["block"]
    then = boreas.http.get(f"/v1/credentials/{made['id']}", params={"at": entry["block"]}).json()
    assert then == {**made, "document": None, "as_of": then["as_of"]}
    gone = boreas.http.get(f"/v1/credentials/{made['id']}", params={"at": entry["block"] - 1})
    assert gone.status_code == 404
    again = say(aurora, holder.id, kind="credential_revoked", revokes=made["position"])
    assert (again.status_code, again.json()["name"]) == (409, "NotInForce")


def test_what_a_credential_says_is_its_issuers_and_its_holders(
    service: Running, aurora: Member, boreas: Member, holder: Member, schema: str
) -> None:
    made = issue(aurora, holder, schema)
    entries = f"/v1/organisations/{holder.id}/entries/{made['position']}"
    for http in (aurora.http, holder.http, service.operator):
        assert http.get(made["document"]).json() == SAYS
        assert http.get(f"/v1/credentials/{made['id']}").json()["document"] == made["document"]
        assert http.get(entries).json()["document"] == made["document"]
    assert boreas.http.get(made["document"]).json()["code"] == "not_found"
    assert boreas.http.get(f"{made['document']}/commitment").status_code == 404
    assert boreas.http.get(entries).json()["document"] is None
    key = holder.http.post("/v1/keys", json={"roles": ["writer"], "name": "press"}).json()
    writer = service.client(key["api_key"])
    assert writer.get(made["document"]).status_code == 404
    assert writer.get(f"/v1/credentials/{made['id']}").json()["document"] is None


def test_credentials_are_listed_by_holder_issuer_schema_and_validity(
    service: Running, aurora: Member, schema: str
) -> None:
    holder, other, issuer = (service.enrol(name) for name in ("Held Ltd", "Other Ltd", "Vouchers"))
    mine = publish(issuer, {"type": "object"})
    kept = issue(issuer, holder, mine)
    revoked = issue(issuer, holder, mine)
    soon = datetime.fromtimestamp(time.time() + 3, UTC).isoformat(timespec="seconds")
    lapsing = issue(issuer, other, mine, expires=soon)
    foreign = issue(aurora, holder, schema)
    say(issuer, holder.id, kind="credential_revoked", revokes=revoked["position"])
    everything = [one["id"] for one in (kept, revoked, lapsing, foreign)]
    assert listed(aurora, holder=holder.id) == [everything[0], everything[1], everything[3]]
    assert listed(aurora, issuer=issuer.did) == everything[:3]
    assert listed(aurora, schema=mine) == everything[:3]
    assert listed(aurora, schema=mine, sort="-issued") == everything[2::-1]
    assert listed(aurora, holder=holder.id, issuer=aurora.id) == everything[3:]
    assert listed(aurora, holder="did:web:nobody.example") == []
    assert listed(aurora, issuer=NOBODYS) == []
    # As of a block before it expired it is valid for ever; now it is, until a later block comes.
    before = aurora.http.get(lapsing["entry"]).json()["block"]
    assert listed(aurora, schema=mine, valid=True, at=before) == everything[:3]
    while lapsing["id"] in listed(aurora, schema=mine, valid=True):
        assert time.time() < datetime.fromisoformat(soon).timestamp() + 5
        aurora.register()
    assert listed(aurora, schema=mine, valid=True) == everything[:1]
    assert listed(aurora, schema=mine, valid=False) == everything[1:3]
    assert listed(aurora)[-4:] == everything
    expired = aurora.http.get(f"/v1/credentials/{lapsing['id']}")
    assert expired.json()["state"] == "expired"
    tag = expired.headers["ETag"]
    again = aurora.http.get(expired.request.url.path, headers={"If-None-Match": tag})
    assert again.status_code == 304
    asset = aurora.register()
    assert listed(aurora, holder=asset) == []


def test_a_credential_is_revoked_by_its_issuer_alone(
    service: Running, aurora: Member, boreas: Member, holder: Member, schema: str
) -> None:
    made = issue(aurora, holder, schema)
    body = {"kind": "credential_revoked", "revokes": made["position"]}
    for member in (boreas, holder):
        refused = say(member, holder.id, **body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    path = f"/v1/organisations/{holder.id}/entries"
    assert service.operator.post(path, json=body).json()["code"] == "forbidden"
    for revokes in (0, 999):
        wrong = say(aurora, holder.id, kind="credential_revoked", revokes=revokes)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "revokes")


def test_a_credential_may_be_revoked_while_it_is_on_its_way(
    aurora: Member, holder: Member, schema: str
) -> None:
    path = f"/v1/organisations/{holder.id}/entries"
    entry = {"kind": "credential_issued", "schema": schema, "document": SAYS}
    sent = aurora.http.post(path, json=entry).json()
    revoked = say(aurora, holder.id, kind="credential_revoked", revokes=sent["position"])
    assert revoked.status_code == 201, revoked.text
    made = holder.http.get(f"/v1/credentials/{holder.id}-{sent['position']}").json()
    assert made["state"] == "revoked"


def test_what_a_credential_says_fits_its_schema(aurora: Member, holder: Member) -> None:
    strict = publish(aurora, {"type": "object", "required": ["standard"]})
    entry = {"kind": "credential_issued", "schema": strict, "document": {"site": "Harbin"}}
    refused = say(aurora, holder.id, **entry)
    assert (refused.status_code, refused.json()["code"]) == (422, "schema_violation")
    assert refused.json()["schema"] == strict
    assert issue(aurora, holder, strict)["state"] == "valid"


def test_what_cannot_be_vouched_for_is_refused(
    service: Running, aurora: Member, holder: Member, schema: str
) -> None:
    whole = {"schema": schema, "document": SAYS}
    for change, field in (
        ({"schema": NOBODYS}, "schema"),
        ({"schema": holder.id}, "schema"),
        ({"expires": "2001-01-01T00:00:00Z"}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"document": None}, "document"),
        ({"of": 7}, "of"),
    ):
        answer = say(aurora, holder.id, kind="credential_issued", **{**whole, **change})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"].split(".")[-1].startswith(field), answer.text
    body = {"kind": "credential_issued", **whole}
    path = f"/v1/organisations/{holder.id}/entries"
    assert service.operator.post(path, json=body).json()["code"] == "forbidden"
    key = aurora.http.post("/v1/keys", json={"roles": ["admin", "reader"], "name": "x"}).json()
    assert service.client(key["api_key"]).post(path, json=body).json()["needed"] == ["writer"]
    for id in (f"{holder.id}-0", f"{NOBODYS}-1", f"{schema}-0"):
        assert aurora.http.get(f"/v1/credentials/{id}").json()["code"] == "not_found"
    assert aurora.http.get("/v1/credentials/0x12").status_code == 422
