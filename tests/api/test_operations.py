"""Operations over HTTP: found many at a time, cancelled, tried again; only one's own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from api.answers import tell_operations
from ledger.database.engine import open_engine, reading, writing
from ledger.outbox.listing import find_operations
from tests.api.running import WAIT, Member, Running, until
from tests.api.still import Still, still
from tests.api.test_problems import problem
from tests.outbox.asking import observe

UNKNOWN = "0196a1f0-4c11-7d3e-9b1a-5f2c8d7e6a90"


@pytest.fixture(scope="module")
def quiet(
    service: Running, aurora: Member, boreas: Member, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Still]:
    """Where nothing is sent, so that what waits, stays."""
    del aurora, boreas  # they are in the copy
    with still(service, tmp_path_factory.mktemp("quiet")) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def mine(quiet: Still, aurora: Member) -> Iterator[httpx.Client]:
    with quiet.client(aurora.key) as http:
        yield http


def wait(quiet: Still, member: Member, serial: str | None = None) -> str:
    """The id of an operation that waits."""
    answer = quiet.register(member, serial or secrets.token_hex(6))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["operation"].rsplit("/", 1)[1])


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


# -- finding ---------------------------------------------------------------------------------


def test_they_are_listed_newest_first_page_by_page(
    quiet: Still, mine: httpx.Client, aurora: Member
) -> None:
    asked = [wait(quiet, aurora) for _ in range(5)]
    first = mine.get("/v1/operations", params={"state": "queued", "limit": 2})
    assert ids(first) == asked[:2:-1]
    second = mine.get(first.links["next"]["url"])
    assert ids(second) == asked[2:0:-1]
    assert first.headers["Retry-After"] == "1"


def test_pages_have_each_of_them_once_and_the_last_has_no_link(
    quiet: Still, mine: httpx.Client, aurora: Member
) -> None:
    for _ in range(7):
        wait(quiet, aurora)
    page, seen = mine.get("/v1/operations", params={"state": "queued", "limit": 3}), list[str]()
    while True:
        seen += ids(page)
        if "next" not in page.links:
            break
        page = mine.get(page.links["next"]["url"])
    assert len(seen) == len(set(seen))
    assert ids(mine.get("/v1/operations", params={"state": "queued", "limit": 200})) == seen


def test_many_are_followed_at_once_in_the_order_of_acceptance(
    quiet: Still, mine: httpx.Client, aurora: Member, boreas: Member
) -> None:
    asked = [wait(quiet, aurora) for _ in range(4)]
    foreign = wait(quiet, boreas)
    given = [*reversed(asked), UNKNOWN, foreign]
    assert ids(mine.get("/v1/operations", params={"id": given})) == asked
    assert ids(mine.get("/v1/operations", params={"id": given, "state": "done"})) == []


def test_following_many_takes_two_queries(service: Running, aurora: Member) -> None:
    sent = [
        aurora.http.get(f"/v1/assets?serial={serial}").json()["items"][0]["id"]
        for serial in ("MANY-0", "MANY-1")
        if aurora.register(serial)
    ]
    done = ids(aurora.http.get("/v1/operations", params={"subject": sent[0]}))
    done += ids(aurora.http.get("/v1/operations", params={"subject": sent[1]}))
    engine, asked = open_engine(service.settings.database()), list[str]()
    event.listen(engine, "before_cursor_execute", lambda *all_: asked.append(all_[2]))
    with reading(engine) as session:
        told = tell_operations(session, find_operations(session, done))
    engine.dispose()
    assert all(each.transaction for each in told)
    assert len([one for one in asked if one.startswith("SELECT")]) == 2


def test_filters_narrow_the_list(quiet: Still, mine: httpx.Client, aurora: Member) -> None:
    operation = wait(quiet, aurora)
    told = mine.get(f"/v1/operations/{operation}").json()
    assert ids(mine.get("/v1/operations", params={"subject": told["subject"]})) == [operation]
    assert operation in ids(mine.get("/v1/operations", params={"kind": "registered"}))
    assert ids(mine.get("/v1/operations", params={"kind": "observed", "state": "queued"})) == []
    assert ids(mine.get("/v1/operations", params={"state": "sent"})) == []


def test_only_the_operator_sees_those_of_others(
    quiet: Still, service: Running, mine: httpx.Client, aurora: Member, boreas: Member
) -> None:
    own, foreign = wait(quiet, aurora), wait(quiet, boreas)
    assert foreign not in ids(mine.get("/v1/operations"))
    assert ids(mine.get("/v1/operations", params={"organisation": boreas.did})) == []
    assert ids(mine.get("/v1/operations", params={"organisation": aurora.did, "limit": 1})) == [own]
    with quiet.client(service.operator_key) as operator:
        assert ids(operator.get("/v1/operations", params={"limit": 2})) == [foreign, own]
        of_one = operator.get("/v1/operations", params={"organisation": aurora.id, "limit": 1})
        assert ids(of_one) == [own]
        assert of_one.json()["items"][0]["organisation"] == aurora.id
        unknown = operator.get("/v1/operations", params={"organisation": "did:web:no.example"})
        assert ids(unknown) == []


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"state": "lost"}, "state"),
        ({"kind": "x"}, "kind"),
        ({"subject": "0x1"}, "subject"),
        ({"organisation": "0x1"}, "organisation"),
        ({"id": "x"}, "id.0"),
        ({"id": [UNKNOWN] * 201}, "id"),
        ({"cursor": "x"}, "cursor"),
        ({"limit": 201}, "limit"),
        ({"sate": "queued"}, "sate"),
    ],
)
def test_a_wrong_filter_is_named(mine: httpx.Client, params: dict[str, Any], field: str) -> None:
    told = problem(mine.get("/v1/operations", params=params), 422, "invalid_request")
    assert [each["field"] for each in told["errors"]] == [field]


# -- cancelling and trying again -------------------------------------------------------------


def test_what_waits_can_be_cancelled_and_tried_again(
    quiet: Still, mine: httpx.Client, aurora: Member
) -> None:
    operation = wait(quiet, aurora)
    path = f"/v1/operations/{operation}"
    told = mine.post(f"{path}/cancel").json()
    assert (told["state"], told["reason"]["code"]) == ("rejected", "cancelled")
    assert told["reason"]["values"]["by"] == aurora.id
    assert mine.post(f"{path}/cancel").json() == told
    again = mine.post(f"{path}/retry")
    assert (again.status_code, again.headers["Retry-After"]) == (200, "1")
    assert (again.json()["state"], again.json()["reason"]) == ("queued", None)
    assert mine.post(f"{path}/retry").json() == again.json()
    assert mine.get(path).json() == again.json()


def test_a_cancelled_serial_is_free(quiet: Still, mine: httpx.Client, aurora: Member) -> None:
    first = wait(quiet, aurora, "FREE-1")
    mine.post(f"/v1/operations/{first}/cancel")
    second = wait(quiet, aurora, "FREE-1")
    assert second != first
    problem(mine.post(f"/v1/operations/{first}/retry"), 409, "superseded")


def send_batch(mine: httpx.Client, *serials: str) -> str:
    """The id of the operation of a batch."""
    lines = "".join(
        json.dumps({"serial": serial, "document": {"name": serial}}) + "\n" for serial in serials
    )
    headers = {"Content-Type": "application/x-ndjson"}
    answer = mine.post("/v1/batches", content=lines, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["operation"].rsplit("/", 1)[1])


def test_a_serial_that_a_batch_has_by_now_is_not_given_again(
    quiet: Still, mine: httpx.Client, aurora: Member
) -> None:
    alone = wait(quiet, aurora, "BATCHED-1")
    mine.post(f"/v1/operations/{alone}/cancel")
    send_batch(mine, "BATCHED-0", "BATCHED-1")
    told = problem(mine.post(f"/v1/operations/{alone}/retry"), 409, "serial_taken")
    assert told["serial"] == "BATCHED-1"


def test_a_batch_one_of_whose_serials_was_given_is_not_tried_again(
    quiet: Still, mine: httpx.Client, aurora: Member
) -> None:
    batch = send_batch(mine, "LINE-0", "LINE-1")
    path = f"/v1/operations/{batch}"
    assert mine.post(f"{path}/cancel").json()["state"] == "rejected"
    assert mine.post(f"{path}/retry").json()["state"] == "queued"
    mine.post(f"{path}/cancel")
    wait(quiet, aurora, "LINE-1")
    told = problem(mine.post(f"{path}/retry"), 409, "serial_taken")
    assert [each["value"] for each in told["errors"]] == ["LINE-1"]


def test_what_is_done_can_neither_be_cancelled_nor_tried_again(aurora: Member) -> None:
    asset = aurora.register()
    [operation] = ids(aurora.http.get("/v1/operations", params={"subject": asset}))
    for verb in ("cancel", "retry"):
        answer = aurora.http.post(f"/v1/operations/{operation}/{verb}")
        told = problem(answer, 409, "operation_under_way")
        assert told["state"] in ("done", "final")
        assert told["operation"] == operation


def test_nobody_else_s_can_be_cancelled_but_by_the_operator(
    quiet: Still, service: Running, mine: httpx.Client, boreas: Member
) -> None:
    foreign = wait(quiet, boreas)
    for verb in ("cancel", "retry"):
        for operation in (foreign, UNKNOWN):
            problem(mine.post(f"/v1/operations/{operation}/{verb}"), 404, "not_found")
    with quiet.client(service.operator_key) as operator:
        told = operator.post(f"/v1/operations/{foreign}/cancel").json()
    assert told["reason"]["values"]["by"] == "operator"


def test_a_retried_one_is_done_in_the_end(service: Running, aurora: Member) -> None:
    asset = aurora.register()
    _govern(service, asset, "frozen")
    refused = _observe_frozen(service, aurora, asset)
    _govern(service, asset, "unfrozen")
    path = f"/v1/operations/{refused}"
    assert aurora.http.post(f"{path}/retry").json()["state"] == "queued"
    until(lambda: aurora.http.get(path).json()["state"] in ("done", "final"))
    assert aurora.http.get(path).json()["position"] == 3


def _govern(service: Running, asset: str, kind: str) -> None:
    act = {"kind": kind, "document": {"reason": "recall"}}
    answer = service.operator.post(f"/v1/assets/{asset}/entries", json=act, headers=WAIT)
    assert answer.status_code == 201, answer.text


def _observe_frozen(service: Running, aurora: Member, asset: str) -> str:
    """An observation that the contract refused: it was accepted past the API's own check."""
    engine = open_engine(service.settings.database())
    with writing(engine) as session:
        org, subject = bytes.fromhex(aurora.id[2:]), bytes.fromhex(asset[2:])
        operation = observe(session, org, subject, next_position=2).operation.id
    engine.dispose()
    path = f"/v1/operations/{operation}"
    until(lambda: aurora.http.get(path).json()["state"] == "rejected")
    return operation
