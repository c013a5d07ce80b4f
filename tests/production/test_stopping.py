"""Told to stop, a server ends what it has begun, takes nothing new, and is gone within a bound."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.api.running import until
from tests.api.test_metrics import samples, value
from tests.production.cluster import Cluster, Process, ask, cluster


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A ledger that nobody submits to, so that what waits, waits."""
    with cluster(tmp_path_factory.mktemp("production")) as ledger:
        ledger.start("index", "--follow")
        yield ledger


@contextmanager
def waiting(made: Cluster, api: Process, seconds: int) -> Iterator[Future[httpx.Response]]:
    """A request that is being answered for so many seconds."""
    with ThreadPoolExecutor(1) as pool:
        headers = {"Prefer": f"wait={seconds}"}
        body = {"did": f"did:web:late-{seconds}.example", "name": "Late"}
        sent = pool.submit(
            ask,
            api.url,
            "POST",
            "/v1/organisations",
            made.operator_key,
            json=body,
            headers=headers,
        )
        until(lambda: _in_flight(api) == 2)  # it, and the one that asks
        yield sent


def _in_flight(api: Process) -> float:
    answer = httpx.get(f"{api.url}/metrics", trust_env=False)
    return value(samples(answer.text), "http_in_flight")


def test_what_is_under_way_is_answered_and_nothing_new_is_taken(made: Cluster) -> None:
    api = made.serve(GRACE_SECONDS="60")
    made.await_api(api)
    with waiting(made, api, 6) as sent:
        api.running.send_signal(signal.SIGTERM)
        until(lambda: _refuses(api))
        assert not sent.done()
        answer = sent.result(30)
    assert answer.status_code == 202
    assert answer.json()["operation"]
    assert api.running.wait(30) == 0
    lines = [json.loads(line) for line in api.said().splitlines()]
    assert {"at", "level", "logger", "message"} <= set.intersection(*map(set, lines))
    assert {"uvicorn.error", "asset_ledger.api"} <= {line["logger"] for line in lines}
    assert made.operator_key not in api.said()


def test_what_takes_too_long_is_broken_off_within_the_bound(made: Cluster) -> None:
    api = made.serve(GRACE_SECONDS="1")
    made.await_api(api)
    with waiting(made, api, 60) as sent:
        began = time.monotonic()
        api.running.send_signal(signal.SIGTERM)
        api.running.wait(15)
        assert time.monotonic() - began < 10
        assert sent.exception(10) or sent.result().status_code >= 500


def _refuses(api: Process) -> bool:
    try:
        httpx.get(f"{api.url}/healthz", trust_env=False)
    except httpx.ConnectError:
        return True
    return False


def test_processes_behind_one_port_tell_their_sum_and_end_together(made: Cluster) -> None:
    api = made.serve("--processes", "2")
    made.await_api(api)
    health = {"route": "/healthz", "method": "GET"}
    for _ in range(40):
        httpx.get(f"{api.url}/healthz", trust_env=False)
    for _ in range(4):  # whichever of the two answers
        told = samples(httpx.get(f"{api.url}/metrics", trust_env=False).text)
        assert value(told, "http_request_seconds_count", **health) == 40
        assert value(told, "ready") == 1
    assert api.end() == 0


def test_a_second_submitter_stands_by_and_both_end_when_they_are_told(made: Cluster) -> None:
    both = [made.start("submit", "--json") for _ in range(2)]
    until(lambda: any("another submitter" in each.said() for each in both), 60)
    assert [each.end() for each in both] == [0, 0]
    for each in both:
        *lines, told = map(json.loads, each.said().splitlines())
        assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)
        assert "operations" in told
