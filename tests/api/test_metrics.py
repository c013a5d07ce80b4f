"""What is to be watched is told in Prometheus' text, to those who may watch, of bounded labels."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from api.app import create_app
from api.problems import KINDS
from ledger.database.engine import writing
from ledger.outbox.keys import issue_key
from ledger.outbox.tables import Lane
from ledger.outbox.webhook_tables import Webhook, WebhookDelivery
from ledger.settings import Settings
from tests.api.running import Member, Running, serving, until
from tests.api.still import Still, still

TOKEN = "watching-is-not-writing"
ID = re.compile(r"0x[0-9a-f]{8}|[0-9a-f]{8}-|did:|\bal_")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def value(told: Samples, name: str, **labels: str) -> float:
    return told.get((f"asset_ledger_{name}", frozenset(labels.items())), 0.0)


def metrics(service: Running) -> Samples:
    answer = service.anyone.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


def test_requests_are_counted_by_the_templates_of_their_routes(
    service: Running, aurora: Member
) -> None:
    asset = aurora.register()
    route = {"route": "/v1/assets/{asset_id}", "method": "GET"}
    before = metrics(service)
    for _ in range(3):
        aurora.http.get(f"/v1/assets/{asset}")
    aurora.http.get(f"/v1/assets/0x{secrets.token_hex(32)}")
    aurora.http.get(f"/no/such/{secrets.token_hex(8)}")
    after = until(lambda: _more(service, before, "http_requests_total", 1, **route, status="404"))
    assert value(after, "http_requests_total", **route, status="200") == 3 + value(
        before, "http_requests_total", **route, status="200"
    )
    counted = "http_request_seconds_count"
    assert value(after, counted, **route) == 4 + value(before, counted, **route)
    seconds = "http_request_seconds_sum"
    assert 0 < value(after, seconds, **route) - value(before, seconds, **route) < 60
    nowhere = {"route": "none", "method": "GET", "status": "404"}
    assert value(after, "http_requests_total", **nowhere) >= 1
    assert value(after, "http_in_flight") == 1  # the one that asks
    assert value(after, "http_bytes_total", direction="sent") > 0


def _more(service: Running, before: Samples, name: str, by: int, **labels: str) -> Samples | None:
    """The measures, once one of them has grown; the count of a request follows its answer."""
    after = metrics(service)
    return after if value(after, name, **labels) >= value(before, name, **labels) + by else None


def test_refusals_are_counted_by_their_code(service: Running, aurora: Member) -> None:
    before = metrics(service)
    service.anyone.get("/v1/assets")
    aurora.http.get(f"/v1/assets/0x{secrets.token_hex(32)}")
    for code in ("unauthenticated", "not_found"):
        assert until(lambda code=code: _more(service, before, "http_refusals_total", 1, code=code))


def test_no_label_grows_with_what_is_written(service: Running, aurora: Member) -> None:
    for _ in range(3):
        aurora.http.get(f"/v1/assets/{aurora.register()}")
    service.anyone.request("BREW", "/v1/assets")
    told = metrics(service)
    for name, labels in told:
        said = dict(labels)
        assert not any(ID.search(one) for one in said.values()), (name, said)
        assert said.get("code", "not_found") in {*KINDS, *_alarm_codes()}
        assert said.get("method", "GET") in {"DELETE", "GET", "HEAD", "POST", "PUT", "other"}


def _alarm_codes() -> set[str]:
    return {"checkpoint_missing", "checkpoint_late", "no_submitter", "mirror"}


def test_the_ledger_is_told(service: Running, aurora: Member) -> None:
    aurora.register()
    status = service.anyone.get("/v1/status").json()
    told = until(lambda: _at_block(service, status["block"]["number"]))
    assert value(told, "entries_total") >= status["entries"]
    assert value(told, "mirror_final_block") >= status["final_block"]
    assert value(told, "operations_accepted_total") >= 2
    for name in ("database_up", "node_up", "ready"):
        assert value(told, name) == 1, name
    assert value(told, "queue_oldest_seconds") < 60
    for lane in ("custodian", "governor"):
        assert value(told, "lane_held", lane=lane) == 1
        assert value(told, "lane_halted", lane=lane) == 0
        assert value(told, "lane_balance_wei", lane=lane) > 10**18
        assert value(told, "lane_gas_limit", lane=lane) > 21_000
        assert value(told, "lane_max_fee_wei", lane=lane) > 0
        assert value(told, "lane_nonce", lane=lane) >= 1
    assert ("asset_ledger_mirror_lag_blocks", frozenset()) in told
    assert ("asset_ledger_mirror_unproven_seconds", frozenset()) in told
    assert any(name == "asset_ledger_build_info" for name, _ in told)


def _at_block(service: Running, block: int) -> Samples | None:
    told = metrics(service)
    return told if value(told, "mirror_block") >= block else None


# -- who may watch -----------------------------------------------------------------------------


def test_webhooks_are_told_by_state_and_by_what_waits(quiet: Still, aurora: Member) -> None:
    with writing(quiet.engine) as session:
        had = Counter(session.exec(select(Webhook.state)))
        waited = Counter(session.exec(select(WebhookDelivery.state)))["pending"]
        for number, state in enumerate(("active", "paused", "active")):
            session.add(_webhook(number, state, failing_at=None if number else 1_000))
        for number, state in enumerate(("pending", "delivered", "pending")):
            session.add(_delivery(number, state))
    told = samples(_get(quiet.url).text)
    more = {s: value(told, "webhooks", state=s) - had[s] for s in ("active", "paused", "revoked")}
    assert more == {"active": 2, "paused": 1, "revoked": 0}
    assert value(told, "webhook_deliveries") == waited + 2
    assert value(told, "webhook_failing_seconds") > 1_000_000
    assert aurora.id not in _get(quiet.url).text


def _webhook(number: int, state: str, failing_at: int | None) -> Webhook:
    return Webhook(
        id=f"w-{number}",
        org=b"org",
        url="https://hook.example",
        secret="s",
        state=state,
        epoch=0,
        place=0,
        failing_at=failing_at,
        next_at=2**50,
        created_at=0,
        updated_at=0,
    )


def _delivery(number: int, state: str) -> WebhookDelivery:
    return WebhookDelivery(
        id=f"d-{number}",
        webhook="w-0",
        sequence=number + 1,
        event="0.1",
        type="ledger.entry.registered",
        body="{}",
        state=state,
        created_at=0,
    )


@contextmanager
def watched(folder: Path, token: str = "") -> Iterator[tuple[str, str]]:
    """A service with a token or without; its address, and the operator's key."""
    settings = Settings(
        data=folder,
        database_url=f"sqlite:///{folder / 'a.db'}",
        rpc_url="http://127.0.0.1:1",
        metrics_token=token,
    )
    app = create_app(settings)
    with serving(app) as url:
        with writing(app.state.service.engine) as session:
            key = issue_key(session, None)
        yield url, key


def _get(url: str, key: str | None = None, **headers: str) -> httpx.Response:
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return httpx.get(f"{url}/metrics", headers=headers, trust_env=False)


def test_without_a_token_this_machine_may_watch_but_nobody_through_a_proxy(tmp_path: Path) -> None:
    with watched(tmp_path) as (url, key):
        assert _get(url).status_code == 200
        for header in ("X-Forwarded-For", "Forwarded", "Via"):
            refused = _get(url, **{header: "127.0.0.1"})
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        assert _get(url, "al_abcdefgh_wrong").status_code == 401
        assert _get(url, key, Via="1.1 proxy").status_code == 200


def test_with_a_token_only_its_holder_and_the_operator_may_watch(tmp_path: Path) -> None:
    with watched(tmp_path, TOKEN) as (url, key):
        assert _get(url).status_code == 401
        assert _get(url, TOKEN + "x").status_code == 401
        assert _get(url, TOKEN, Via="1.1 proxy").status_code == 200
        assert _get(url, key).status_code == 200


def test_an_organisations_key_may_not_watch(service: Running, aurora: Member) -> None:
    del service
    assert aurora.http.get("/metrics").status_code == 401


def test_what_does_not_answer_is_told_and_the_rest_as_well(tmp_path: Path) -> None:
    with watched(tmp_path) as (url, _):
        told = samples(_get(url).text)
    assert value(told, "node_up") == 0
    assert value(told, "database_up") == 1
    assert value(told, "ready") == 0
    assert value(told, "operations", state="queued") == 0


# -- a lane that waits for a person --------------------------------------------------------------


@pytest.fixture
def quiet(service: Running, aurora: Member, tmp_path: Path) -> Iterator[Still]:
    del aurora  # it is in the copy
    with still(service, tmp_path / "quiet") as ledger:
        yield ledger


def test_a_halted_lane_is_told_and_is_not_ready_until_it_is_released(quiet: Still) -> None:
    assert httpx.get(f"{quiet.url}/readyz", trust_env=False).status_code == 200
    lane = httpx.get(f"{quiet.url}/v1/status", trust_env=False).json()["lanes"][0]["id"]
    with writing(quiet.engine) as session:
        session.get_one(Lane, lane).halted = "somebody else used nonce 7"
    answer = httpx.get(f"{quiet.url}/readyz", trust_env=False)
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [f"the lane {lane} is halted: somebody else used nonce 7"]
    told = samples(_get(quiet.url).text)
    assert value(told, "ready") == 0
    halted = [value(told, "lane_halted", lane=name) for name in ("custodian", "governor")]
    assert sorted(halted) == [0, 1]
    with writing(quiet.engine) as session:
        session.get_one(Lane, lane).released = True
    assert httpx.get(f"{quiet.url}/readyz", trust_env=False).status_code == 200
