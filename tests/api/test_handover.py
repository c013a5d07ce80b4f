"""Title, custody, use and liens over HTTP: offered, accepted, withdrawn, released."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.api.running import WAIT, Member, Running, until

PARTIES = ("owner", "custodian", "operator", "lien_holder")
REASON = {"reason": "ruling 2 HK O 117/26"}
FOR_EVER = "9999-12-31T23:59:59Z"


@pytest.fixture(scope="module")
def ceres(service: Running) -> Member:
    return service.enrol("Ceres Leasing")


@contextmanager
def nothing_mined(service: Running) -> Iterator[None]:
    """Whatever is sent meanwhile stays on its way."""
    service.anvil.rpc.fetch("evm_setAutomine", False)
    try:
        yield
    finally:
        service.anvil.rpc.fetch("evm_setAutomine", True)
        service.anvil.rpc.call("evm_mine")


def read(member: Member, asset: str) -> dict[str, Any]:
    told: dict[str, Any] = member.http.get(f"/v1/assets/{asset}").json()
    return told


def send(member: Member, asset: str, **entry: Any) -> httpx.Response:
    """Append without waiting."""
    return member.http.post(f"/v1/assets/{asset}/entries", json=entry)


def settled(member: Member, answer: httpx.Response) -> dict[str, Any]:
    """The operation, once it is done or rejected."""
    path = answer.json()["operation"]

    def ended() -> dict[str, Any] | None:
        told: dict[str, Any] = member.http.get(path).json()
        return told if told["state"] in ("done", "final", "rejected") else None

    found: dict[str, Any] = until(ended)
    return found


def give(asset: str, party: str, giver: Member, taker: Member) -> None:
    assert giver.append(asset, kind="offered", party=party, to=taker.did).status_code == 201
    assert taker.append(asset, kind="accepted", party=party).status_code == 201


def assert_refused(answer: httpx.Response, name: str, field: str | None) -> None:
    """A 409 in the contract's words that names the field."""
    assert answer.status_code == 409, answer.text
    told = answer.json()
    assert (told["code"], told["name"]) == ("refused", name)
    assert [one["field"] for one in told["errors"]] == ([field] if field else [])
    assert "operation" not in told, "it was refused by the chain only"


def assert_invalid(answer: httpx.Response, field: str, code: str = "invalid_request") -> None:
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code
    assert [one["field"] for one in answer.json()["errors"]] == [field]


# -- all goes well ---------------------------------------------------------------------------


@pytest.mark.parametrize("party", PARTIES)
def test_what_is_offered_and_accepted_changes_hands(
    aurora: Member, boreas: Member, party: str
) -> None:
    asset = aurora.register()
    offered = aurora.append(asset, kind="offered", party=party, to=boreas.did, expires=FOR_EVER)
    assert offered.status_code == 201, offered.text
    assert offered.headers["Location"] == f"/v1/assets/{asset}/entries/1"
    entry = aurora.http.get(offered.headers["Location"]).json()
    assert entry["payload"] == {"party": party, "to": boreas.id, "expires": 253402300799}
    accepted = boreas.append(asset, kind="accepted", party=party)
    assert accepted.status_code == 201, accepted.text
    told = until(lambda: (it := read(boreas, asset))["position"] == 2 and it)
    assert told[party] == boreas.id
    assert settled(boreas, accepted)["position"] == 2


def test_who_has_it_may_give_it_up_or_hand_it_on(
    aurora: Member, boreas: Member, ceres: Member
) -> None:
    asset = aurora.register()
    for party in PARTIES[1:]:
        give(asset, party, aurora, boreas)
        give(asset, party, boreas, ceres)
        assert ceres.append(asset, kind="released", party=party).status_code == 201
        assert read(aurora, asset)[party] is None


def test_an_offer_that_is_withdrawn_is_none(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    aurora.append(asset, kind="offered", party="operator", to=boreas.id)
    assert aurora.append(asset, kind="withdrawn", party="operator").status_code == 201
    assert_refused(boreas.append(asset, kind="accepted", party="operator"), "NotOffered", "party")


def test_an_asset_of_a_batch_is_handed_over_like_any(aurora: Member, boreas: Member) -> None:
    lines = "".join(
        f'{{"serial":"L-{time.time_ns()}-{n}","document":{{"n":{n}}}}}\n' for n in (1, 2)
    )
    headers = {**WAIT, "Content-Type": "application/x-ndjson"}
    sent = aurora.http.post("/v1/batches", content=lines, headers=headers)
    assert sent.status_code == 201, sent.text
    member = f"0x{int(sent.json()['id'], 16) + 2:064x}"
    give(member, "owner", aurora, boreas)
    assert boreas.append(member, kind="staged", stage="commissioned").status_code == 201
    assert (read(boreas, member)["owner"], read(boreas, member)["position"]) == (boreas.id, 3)


def test_title_is_forced_by_the_operator_whatever_stands_against_it(
    service: Running, aurora: Member, boreas: Member, ceres: Member
) -> None:
    asset = aurora.register()
    give(asset, "lien_holder", aurora, ceres)
    path = f"/v1/assets/{asset}/entries"
    service.operator.post(path, json={"kind": "frozen", "document": REASON}, headers=WAIT)
    body = {"kind": "title_forced", "to": boreas.did, "document": REASON}
    forced = service.operator.post(path, json=body, headers=WAIT)
    assert forced.status_code == 201, forced.text
    told = until(lambda: (it := read(boreas, asset))["position"] == 4 and it)
    assert (told["owner"], told["lien_holder"], told["frozen"]) == (boreas.id, ceres.id, True)
    entry = service.operator.get(forced.headers["Location"]).json()
    assert entry["payload"] == {"to": boreas.id, "reason": forced.json()["content_hash"]}
    assert service.operator.get(entry["document"]).json() == REASON


# -- what is on its way counts ---------------------------------------------------------------


def test_accepting_is_taken_while_the_other_organisation_s_offer_is_on_its_way(
    service: Running, aurora: Member, boreas: Member, ceres: Member
) -> None:
    asset = aurora.register()
    with nothing_mined(service):
        answers = [
            (aurora, send(aurora, asset, kind="offered", party="owner", to=boreas.id)),
            (boreas, send(boreas, asset, kind="accepted", party="owner")),
            (boreas, send(boreas, asset, kind="staged", stage="commissioned")),
            (boreas, send(boreas, asset, kind="offered", party="custodian", to=ceres.id)),
            (ceres, send(ceres, asset, kind="accepted", party="custodian")),
            (ceres, send(ceres, asset, kind="observed", document={"event": "stored"})),
        ]
        assert [answer.status_code for _, answer in answers] == [202] * 6, answers[-1][1].text
        stranger = send(aurora, asset, kind="accepted", party="custodian")
        assert_refused(stranger, "NotOffered", "party")
    ended = [settled(member, answer) for member, answer in answers]
    assert [(one["state"] != "rejected", one["position"]) for one in ended] == [
        (True, position) for position in range(1, 7)
    ]
    told = until(lambda: (it := read(boreas, asset))["position"] == 6 and it)
    assert (told["owner"], told["custodian"]) == (boreas.id, ceres.id)


def test_even_the_asset_may_be_on_its_way(
    service: Running, aurora: Member, boreas: Member, ceres: Member
) -> None:
    with nothing_mined(service):
        body = {"serial": f"ON-ITS-WAY-{time.time_ns()}", "document": {"name": "x"}}
        asset = aurora.http.post("/v1/assets", json=body).json()["id"]
        unknown = send(boreas, asset, kind="accepted", party="custodian")
        assert unknown.status_code == 404
        offered = send(aurora, asset, kind="offered", party="custodian", to=boreas.id)
        accepted = send(boreas, asset, kind="accepted", party="custodian")
        assert accepted.status_code == 202, accepted.text
        assert send(ceres, asset, kind="accepted", party="custodian").status_code == 404
    assert settled(aurora, offered)["position"] == 1
    assert settled(boreas, accepted)["position"] == 2
    assert until(lambda: read(aurora, asset).get("custodian")) == boreas.id


def test_what_the_chain_refuses_after_all_is_told(
    service: Running, aurora: Member, boreas: Member
) -> None:
    """It made sense as things stood, but not any more once what was on its way had come."""
    asset = aurora.register()
    aurora.append(asset, kind="offered", party="operator", to=boreas.id)
    with nothing_mined(service):
        send(aurora, asset, kind="withdrawn", party="operator")
        late = send(boreas, asset, kind="accepted", party="operator")
        assert late.status_code == 202
    assert settled(boreas, late)["reason"]["code"] == "NotOffered"


# -- what is refused at once -----------------------------------------------------------------


def test_offers_that_cannot_be(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    assert_invalid(aurora.append(asset, kind="offered", party="owner", to=aurora.id), "to")
    nobody = aurora.append(asset, kind="offered", party="owner", to="did:web:nobody.example")
    assert_invalid(nobody, "to", "unknown_reference")
    past = {"party": "owner", "to": boreas.id, "expires": "2001-01-01T00:00:00Z"}
    assert_invalid(aurora.append(asset, kind="offered", **past), "expires")
    for expires in ("tomorrow", "2030-01-01T00:00:00", "2030-01-01", 1893456000, True, ""):
        answer = aurora.append(asset, kind="offered", **{**past, "expires": expires})
        assert_invalid(answer, "offered.expires")
    word = aurora.append(asset, kind="offered", party="title", to=boreas.id)
    assert_invalid(word, "offered.party")
    stranger = boreas.append(asset, kind="offered", party="custodian", to=boreas.id)
    assert stranger.status_code == 403
    assert "for the owner of" in stranger.json()["detail"]
    assert read(aurora, asset)["position"] == 0


def test_what_somebody_has_is_not_the_owner_s_to_offer(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    give(asset, "custodian", aurora, boreas)
    answer = aurora.append(asset, kind="offered", party="custodian", to=boreas.id)
    assert answer.status_code == 403
    assert "for the custodian of" in answer.json()["detail"]


def test_what_is_not_offered_cannot_be_accepted_or_withdrawn(
    aurora: Member, boreas: Member, ceres: Member
) -> None:
    asset = aurora.register()
    assert_refused(aurora.append(asset, kind="withdrawn", party="owner"), "NotOffered", "party")
    aurora.append(asset, kind="offered", party="owner", to=boreas.id)
    assert_refused(ceres.append(asset, kind="accepted", party="owner"), "NotOffered", "party")
    assert boreas.append(asset, kind="withdrawn", party="owner").status_code == 403


def test_an_offer_lapses(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    soon = int(time.time()) + 2
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon))
    made = aurora.append(asset, kind="offered", party="owner", to=boreas.id, expires=expires)
    assert made.status_code == 201, made.text
    until(lambda: time.time() > soon + 1)
    assert_refused(boreas.append(asset, kind="accepted", party="owner"), "Lapsed", "party")


def test_title_stays_under_a_lien(aurora: Member, boreas: Member, ceres: Member) -> None:
    asset = aurora.register()
    give(asset, "lien_holder", aurora, ceres)
    assert_refused(aurora.append(asset, kind="transferred", to=boreas.id), "UnderLien", "kind")
    aurora.append(asset, kind="offered", party="owner", to=boreas.id)
    assert_refused(boreas.append(asset, kind="accepted", party="owner"), "UnderLien", "kind")
    assert ceres.append(asset, kind="released", party="lien_holder").status_code == 201
    assert boreas.append(asset, kind="accepted", party="owner").status_code == 201


def test_only_what_one_is_can_be_released(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    assert boreas.append(asset, kind="released", party="custodian").status_code == 403
    assert_invalid(aurora.append(asset, kind="released", party="owner"), "released.party")


def test_title_is_forced_by_nobody_else_and_to_another(
    service: Running, aurora: Member, boreas: Member
) -> None:
    asset = aurora.register()
    body = {"kind": "title_forced", "to": boreas.id, "document": REASON}
    assert aurora.append(asset, **body).status_code == 403
    path = f"/v1/assets/{asset}/entries"
    assert_invalid(service.operator.post(path, json={**body, "to": aurora.id}), "to")
    missing = service.operator.post(path, json={"kind": "title_forced", "to": boreas.id})
    assert_invalid(missing, "title_forced.document")
    accepting = service.operator.post(path, json={"kind": "accepted", "party": "owner"})
    assert accepting.status_code == 403


def test_what_is_frozen_already_is_not_frozen_again(service: Running, aurora: Member) -> None:
    path = f"/v1/assets/{aurora.register()}/entries"
    thaw, freeze = ({"kind": kind, "document": REASON} for kind in ("unfrozen", "frozen"))
    assert_refused(service.operator.post(path, json=thaw), "Unchanged", "kind")
    assert service.operator.post(path, json=freeze, headers=WAIT).status_code == 201
    assert_refused(service.operator.post(path, json=freeze), "Unchanged", "kind")


def test_who_is_suspended_does_nothing_and_is_given_nothing(
    service: Running, aurora: Member
) -> None:
    barred = service.enrol("Barred Ltd")
    asset, other = barred.register(), aurora.register()
    barred.append(asset, kind="offered", party="custodian", to=aurora.id)
    path = f"/v1/organisations/{barred.id}/entries"

    def govern(kind: str, **headers: str) -> httpx.Response:
        return service.operator.post(path, json={"kind": kind, "document": REASON}, headers=headers)

    assert govern("suspended", **WAIT).status_code == 201
    until(lambda: not aurora.http.get(f"/v1/organisations/{barred.id}").json()["active"])
    own = barred.append(asset, kind="observed", document={"event": "x"})
    assert_refused(own, "SuspendedOrganisation", None)
    # An offer is an act of who made it.
    taking = aurora.append(asset, kind="accepted", party="custodian")
    assert_refused(taking, "SuspendedOrganisation", "party")
    for given in ({"kind": "transferred"}, {"kind": "offered", "party": "owner"}):
        answer = aurora.append(other, **given, to=barred.id)
        assert_refused(answer, "SuspendedOrganisation", "to")
    with nothing_mined(service):
        assert govern("reinstated").status_code == 202
        early = send(aurora, asset, kind="accepted", party="custodian")
        assert early.status_code == 202, early.text
    assert settled(aurora, early)["position"] == 2


def test_a_reader_s_key_hands_nothing_over(
    service: Running, aurora: Member, boreas: Member
) -> None:
    asset = aurora.register()
    made = aurora.http.post("/v1/keys", json={"roles": ["reader"], "name": "looks on"}).json()
    body = {"kind": "offered", "party": "owner", "to": boreas.id}
    answer = service.client(made["api_key"]).post(f"/v1/assets/{asset}/entries", json=body)
    assert answer.status_code == 403
    assert answer.json()["needed"] == ["writer"]


def test_an_offer_and_its_acceptance_are_repeated_by_key(aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    aurora.append(asset, kind="offered", party="owner", to=boreas.id, expires=FOR_EVER)
    path, body = f"/v1/assets/{asset}/entries", {"kind": "accepted", "party": "owner"}
    headers = {**WAIT, "Idempotency-Key": f"take-{asset}", "If-Match": '"1"'}
    first, again = (boreas.http.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = {"kind": "accepted", "party": "operator"}
    assert boreas.http.post(path, json=other, headers=headers).json()["code"] == (
        "idempotency_conflict"
    )
