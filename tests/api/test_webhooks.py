"""Webhooks are told of everything in its order at least once, whatever receivers and senders do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from ledger.cli.webhooks import sending_webhooks
from ledger.outbox.portions import Patience
from ledger.standards.webhooks import decode_secret
from tests.api.receiving import Received, Receiver, receiving, slowly
from tests.api.running import Member, Running, running, until
from tests.api.still import still
from tests.api.streaming import listening
from tests.postgres import postgres

ROOT = Path(__file__).parents[2]
ALLOWED: Final[dict[str, Any]] = {"webhook_private_addresses": True, "webhook_plain_http": True}
PATIENCE: Final = Patience(
    attempt=0.5, first=0.02, longest=0.1, give_up=0.6, flush=0.1, look=0.02, list=0.1, lease=2.0
)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A ledger of its own, as blocks are reorganised and webhooks sent."""
    folder = tmp_path_factory.mktemp("webhooks")
    with ExitStack() as stack:
        url = None
        if os.environ.get("LEDGER_DATABASE") == "postgresql":
            url = stack.enter_context(postgres())()
        ledger = stack.enter_context(running(folder, database_url=url, **ALLOWED))
        stack.enter_context(sending_webhooks(ledger.settings, PATIENCE))
        yield ledger


@pytest.fixture(scope="module")
def maker(ledger: Running) -> Member:
    return ledger.enrol("Maker Works")


@pytest.fixture
def receiver(maker: Member) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
    for each in maker.http.get("/v1/webhooks?limit=200").json()["items"]:
        maker.http.post(f"/v1/webhooks/{each['id']}/revoke")


def hook(maker: Member, receiver: Receiver, **more: Any) -> dict[str, Any]:
    made = maker.http.post("/v1/webhooks", json={"url": receiver.url, **more})
    assert made.status_code == 201, made.text
    told: dict[str, Any] = made.json()
    return told


def state(maker: Member, webhook: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = maker.http.get(f"/v1/webhooks/{webhook['id']}").json()
    return told


def deliveries(maker: Member, webhook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    answer = maker.http.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=query)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def post(maker: Member, webhook: dict[str, Any], verb: str, body: Any = None) -> Any:
    return maker.http.post(f"/v1/webhooks/{webhook['id']}/{verb}", json=body)


def test_an_entry_is_sent_signed_and_as_the_stream_tells_it(
    maker: Member, receiver: Receiver
) -> None:
    made = hook(maker, receiver, name="twins")
    with listening(maker.http) as heard:
        asset = maker.register()
        receiver.wait_for(asset)
        heard.wait_for(asset)
    [got] = receiver.received
    assert got.is_signed_by(made["secret"])
    assert not got.is_signed_by("whsec_" + "A" * 43 + "=")
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert got.headers["user-agent"].startswith("asset-ledger/")
    told = got.event
    assert told.pop("sequence") == f"{1:020d}"
    assert told["data"].pop("document") is None
    [event] = [one for one in heard.entries if one["subject"] == asset]
    event["data"].pop("document")
    assert told == event
    until(lambda: deliveries(maker, made)[0]["state"] == "delivered")
    [delivery] = deliveries(maker, made)
    assert (delivery["id"], delivery["sequence"], delivery["attempts"]) == (got.id, 1, 1)
    assert (delivery["status"], delivery["error"]) == (204, None)
    assert 0 <= delivery["milliseconds"] < 20_000
    one = maker.http.get(f"/v1/webhooks/{made['id']}/deliveries/{got.id}").json()
    assert one["event"] == got.event


def test_only_what_is_wanted_is_sent_and_numbered_without_gaps(
    maker: Member, receiver: Receiver
) -> None:
    asset = maker.register()
    hook(maker, receiver, kinds=["observed"], organisation=maker.did, subject=asset)
    for n in range(3):
        maker.append(maker.register(), kind="observed", document={"n": n})
        maker.append(asset, kind="observed", document={"n": n})
        maker.append(asset, kind="revised", document={"n": n})
    receiver.wait_for(asset, 3)
    assert {one.event["type"] for one in receiver.taken} == {"ledger.entry.observed"}
    assert {one.event["subject"] for one in receiver.taken} == {asset}
    assert receiver.sequences() == [1, 2, 3]


def test_what_was_before_is_sent_to_who_asks_for_it(maker: Member, receiver: Receiver) -> None:
    asset = maker.register()
    made = hook(maker, receiver, after="0.0")
    receiver.wait_for(asset)
    sequences = [one.event["data"]["sequence"] for one in receiver.taken]
    assert sequences == list(range(1, len(sequences) + 1))
    numbers = [one["sequence"] for one in deliveries(maker, made, limit="200")]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("fault", ["refuses", "hangs", "breaks off", "redirects"])
def test_what_fails_is_sent_again_in_order_under_the_same_id(
    maker: Member, receiver: Receiver, fault: str
) -> None:
    failed: set[str] = set()

    def answer(got: Received) -> int | None:
        if got.id in failed or len(failed) >= 2:
            return 204
        failed.add(got.id)
        if fault == "hangs":
            slowly(0.8)(got)
        return {"refuses": 500, "hangs": 204, "breaks off": None, "redirects": 302}[fault]

    receiver.answer = answer
    receiver.headers = {"Location": "/elsewhere"} if fault == "redirects" else {}
    made = hook(maker, receiver)
    assets = [maker.register() for _ in range(4)]
    receiver.wait_for(assets[-1])
    until(lambda: all(one["state"] == "delivered" for one in deliveries(maker, made)))
    assert receiver.sequences() == [1, 2, 3, 4]
    assert len({one.id for one in receiver.received}) == 4
    for id in failed:  # one that hangs is noted when it ends
        until(lambda id=id: sum(one.id == id for one in receiver.received) >= 2)
    assert [one["attempts"] > 1 for one in reversed(deliveries(maker, made))][:2] == [True, True]
    assert state(maker, made)["failures"] == 0


def test_one_that_hangs_holds_up_no_other(maker: Member, receiver: Receiver) -> None:
    with receiving() as slow:
        slow.answer = slowly(0.4)
        stuck = [hook(maker, slow) for _ in range(5)]
        hook(maker, receiver)
        asset = maker.register()
        receiver.wait_for(asset)
        assert len(slow.taken) < len(stuck)


def test_what_fails_for_too_long_is_paused_and_goes_on_where_it_was(
    maker: Member, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 503
    made = hook(maker, receiver)
    assets = [maker.register() for _ in range(2)]
    until(lambda: state(maker, made)["state"] == "paused")
    told = state(maker, made)
    assert told["reason"] == "failed for too long"
    assert told["failures"] >= 3
    [first] = [one for one in deliveries(maker, made) if one["sequence"] == 1]
    assert (first["state"], first["status"]) == ("pending", 503)
    receiver.answer = lambda _: 204
    assert post(maker, made, "resume", {}).json()["state"] == "active"
    receiver.wait_for(assets[-1])
    assert receiver.sequences() == [1, 2]


def test_what_a_receiver_cannot_take_can_be_left_out_and_sent_later(
    maker: Member, receiver: Receiver
) -> None:
    poison: list[str] = []

    def answer(got: Received) -> int:
        poison.append(got.id)
        return 400 if got.id == poison[0] else 204

    receiver.answer = answer
    made = hook(maker, receiver)
    assets = [maker.register() for _ in range(2)]
    until(lambda: state(maker, made)["state"] == "paused")
    post(maker, made, "resume", {"skip": True})
    assert receiver.wait_for(assets[1]) == ["ledger.entry.registered"]
    [skipped] = deliveries(maker, made, state="skipped")
    assert skipped["id"] == poison[0]
    receiver.answer = lambda _: 204
    again = post(maker, made, f"deliveries/{skipped['id']}/redeliver")
    assert again.status_code == 202
    until(lambda: assets[0] in {one.event.get("subject") for one in receiver.taken})
    assert receiver.taken[-1].id == poison[0]
    until(lambda: not deliveries(maker, made, state="skipped"))


def test_one_that_says_it_is_gone_is_paused_at_once(maker: Member, receiver: Receiver) -> None:
    receiver.answer = lambda _: 410
    made = hook(maker, receiver)
    maker.register()
    until(lambda: state(maker, made)["state"] == "paused")
    assert state(maker, made)["reason"] == "gone"
    assert len(receiver.received) == 1


def test_a_test_is_sent_at_once_and_once(maker: Member, receiver: Receiver) -> None:
    receiver.answer = lambda _: 410
    made = hook(maker, receiver)
    maker.register()
    until(lambda: state(maker, made)["state"] == "paused")
    receiver.answer = lambda _: 500
    ping = post(maker, made, "test")
    assert ping.status_code == 202
    until(lambda: maker.http.get(ping.headers["location"]).json()["state"] == "failed")
    got = receiver.received[-1]
    assert got.event["type"] == "ledger.webhook.test"
    assert got.is_signed_by(made["secret"])
    receiver.answer = lambda _: 204
    post(maker, made, f"deliveries/{got.id}/redeliver")
    until(lambda: maker.http.get(ping.headers["location"]).json()["state"] == "delivered")


def test_a_secret_that_is_rotated_signs_a_while_beside_the_new_one(
    maker: Member, receiver: Receiver
) -> None:
    made = hook(maker, receiver)
    rotated = post(maker, made, "rotate", {"overlap": 60}).json()
    assert rotated["secret"] != made["secret"]
    receiver.wait_for(maker.register())
    assert receiver.received[-1].is_signed_by(rotated["secret"])
    assert receiver.received[-1].is_signed_by(made["secret"])
    last = post(maker, made, "rotate", {"overlap": 0}).json()
    receiver.wait_for(maker.register())
    assert receiver.received[-1].is_signed_by(last["secret"])
    assert not receiver.received[-1].is_signed_by(rotated["secret"])
    assert "secret" not in state(maker, made)


def test_a_secret_is_nowhere_in_the_data_folder(
    ledger: Running, maker: Member, receiver: Receiver
) -> None:
    made = hook(maker, receiver)
    plain = made["secret"].removeprefix("whsec_").encode(), decode_secret(made["secret"])
    for path in ledger.settings.data.rglob("*"):
        if path.is_file():
            assert not any(one in path.read_bytes() for one in plain), path


def test_one_that_is_revoked_is_told_nothing_and_cannot_be_changed(
    maker: Member, receiver: Receiver
) -> None:
    made = hook(maker, receiver)
    assert post(maker, made, "revoke").json()["state"] == "revoked"
    assert post(maker, made, "revoke").json()["state"] == "revoked"
    other = hook(maker, receiver)
    receiver.wait_for(maker.register())
    assert [one["sequence"] for one in deliveries(maker, other)] == [1]
    assert deliveries(maker, made) == []
    for verb, body in (("rotate", {}), ("resume", {}), ("test", None)):
        refused = post(maker, made, verb, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "revoked_webhook")


def test_what_a_reorganisation_takes_back_is_told_and_then_what_is_new(
    ledger: Running, maker: Member, receiver: Receiver
) -> None:
    hook(maker, receiver)
    with listening(maker.http) as heard:
        asset = maker.register()
        receiver.wait_for(asset)
        ledger.anvil.rpc.call("anvil_reorg", 1, [])
        # The submitter sends it again.
        wanted = ["ledger.entry.registered", "ledger.entry.reverted", "ledger.entry.registered"]
        assert receiver.wait_for(asset, 3) == wanted
        assert heard.wait_for(asset, 3) == wanted
    events = [one.event for one in receiver.taken if one.event["subject"] == asset]
    assert len({one["id"] for one in events}) == 3
    assert events[0]["data"]["kind"] == events[1]["data"]["kind"] == "registered"
    assert receiver.sequences() == list(range(1, len(receiver.sequences()) + 1))
    assert events[2]["data"]["sequence"] == events[0]["data"]["sequence"]


DYING = """
import os, sys, threading
from pathlib import Path
from ledger.cli.webhooks import sending_webhooks
from ledger.outbox import failpoints
from ledger.outbox.portions import Patience
from ledger.settings import Settings
failpoints.arm(lambda name: os._exit(9) if name == "webhook sent" else None)
settings = Settings(
    data=Path(sys.argv[1]), database_url=sys.argv[2],
    webhook_private_addresses=True, webhook_plain_http=True,
)
with sending_webhooks(settings, Patience(look=0.02, list=0.05)):
    threading.Event().wait(60)
"""


def test_killed_between_sending_and_writing_it_down_it_is_sent_again_under_the_same_id(
    tmp_path: Path, ledger: Running, maker: Member
) -> None:
    maker.register(), maker.register()
    with still(ledger, tmp_path, **ALLOWED) as quiet, quiet.client(maker.key) as http:
        there = replace(maker, http=http)
        with receiving() as receiver:
            made = hook(there, receiver, kinds=["registered"], after="0.0")
            arguments = [str(tmp_path), quiet.settings.database()]
            for _ in range(2):
                died = subprocess.run([sys.executable, "-c", DYING, *arguments], cwd=ROOT)
                assert died.returncode == 9
            assert [one.event["sequence"][-1] for one in receiver.received] == ["1", "1"]
            with sending_webhooks(quiet.settings, PATIENCE):
                until(lambda: state(there, made)["deliveries"] == len(receiver.sequences()))
            numbers = receiver.sequences()
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(receiver.received) == len(numbers) + 2
            assert len({one.id for one in receiver.received}) == len(numbers) >= 2


def test_several_senders_beside_each_other_send_each_thing_once(
    ledger: Running, maker: Member, receiver: Receiver
) -> None:
    hook(maker, receiver)
    with sending_webhooks(ledger.settings, PATIENCE), sending_webhooks(ledger.settings, PATIENCE):
        assets = [maker.register() for _ in range(5)]
        receiver.wait_for(assets[-1])
    assert [int(one.event["sequence"]) for one in receiver.received] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://127.0.0.1/"),
        ("url", "https://user@hooks.example/"),
        ("url", "https://hooks.example/#here"),
        ("url", "nonsense"),
        ("kinds", ["nothing"]),
        ("kinds", []),
        ("organisation", "did:web:nobody.example"),
        ("subject", "0x12"),
        ("after", "yesterday"),
        ("after", "99.1"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused(maker: Member, field: str, value: Any) -> None:
    body = {"url": "https://127.0.0.1/", field: value}
    refused = maker.http.post("/v1/webhooks", json=body)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"].startswith(field)


def test_an_organisation_has_so_many_and_only_admins_make_them(
    ledger: Running, maker: Member, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.outbox.webhooks.MOST_WEBHOOKS", 2)
    hook(maker, receiver), hook(maker, receiver)
    refused = maker.http.post("/v1/webhooks", json={"url": receiver.url})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_webhooks")
    made = maker.http.post("/v1/keys", json={"roles": ["reader", "writer"]}).json()
    other = ledger.client(made["api_key"])
    assert other.get("/v1/webhooks").status_code == 403
    assert other.post("/v1/webhooks", json={"url": receiver.url}).status_code == 403


def test_lists_have_pages(maker: Member, receiver: Receiver) -> None:
    made = [hook(maker, receiver)["id"] for _ in range(3)]
    seen: list[str] = []
    path = "/v1/webhooks?limit=1"
    while path:
        answer = maker.http.get(path)
        seen += [one["id"] for one in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert seen[-3:] == made
    assets = [maker.register() for _ in range(3)]
    receiver.wait_for(assets[-1], 3)
    numbers: list[int] = []
    path = f"/v1/webhooks/{made[0]}/deliveries?limit=2"
    while path:
        answer = maker.http.get(path)
        numbers += [one["sequence"] for one in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert numbers == [3, 2, 1]
