"""Several processes of each kind work on one ledger, and what they do together is done once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from tests.api.running import until
from tests.postgres import postgres
from tests.production.cluster import Cluster, Process, ask, cluster

SENDERS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    if request.param == "sqlite":
        with cluster(tmp_path) as ledger:
            yield ledger
        return
    with postgres() as make, cluster(tmp_path, make()) as ledger:
        yield ledger


def test_two_of_each_have_one_effect_and_go_on_when_one_is_killed(made: Cluster) -> None:
    first, second = made.serve(), made.serve()
    submitters = [made.start("submit") for _ in range(2)]
    for _ in range(2):
        made.start("index", "--follow")
    made.await_api(first, second)
    key = _enrol(made, first)
    until(lambda: any(map(_stands_by, submitters)), 60)

    answers = _send_to_all([first, second], key, "one-of-two", "B-0001")
    assert {one["status"] for one in answers} <= {200, 202}
    assert len({json.dumps(one["body"], sort_keys=True) for one in answers}) == 1

    [submitting] = [each for each in submitters if not _stands_by(each)]
    submitting.kill()
    second.kill()
    for number in range(2, 5):
        [told] = _send_to_all([first], key, f"after-{number}", f"B-000{number}", times=1)
        assert told["status"] == 202

    operations = until(lambda: _all_final(made, first, key), 60)
    assert [one["kind"] for one in operations] == ["registered"] * 4
    entries = ask(first.url, "GET", "/v1/entries", key, params={"kind": "registered"}).json()
    assert len(entries["items"]) == 4
    assert first.end() == 0


def _stands_by(submitter: Process) -> bool:
    return "another submitter" in submitter.said()


def _enrol(made: Cluster, api: Process) -> str:
    body = {"did": "did:web:both.example", "name": "Both"}
    wait = {"Prefer": "wait=30"}
    answer = ask(api.url, "POST", "/v1/organisations", made.operator_key, json=body, headers=wait)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["api_key"])


def _send_to_all(
    apis: list[Process],
    key: str,
    idempotency: str,
    serial: str,
    times: int = SENDERS,
) -> list[dict[str, Any]]:
    """The same registration by many at once, to each of the APIs in turn."""

    def send(api: Process) -> dict[str, Any]:
        body = {"serial": serial, "document": {"name": "A part"}}
        headers = {"Idempotency-Key": idempotency}
        answer = ask(api.url, "POST", "/v1/assets", key, json=body, headers=headers)
        told = answer.json()
        return {"status": answer.status_code, "body": {n: told.get(n) for n in _SAME}}

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(send, islice(cycle(apis), times)))


_SAME = ("id", "operation", "content_hash")


def _all_final(made: Cluster, api: Process, key: str) -> list[dict[str, Any]] | None:
    made.mine()
    told = ask(api.url, "GET", "/v1/operations", key).json()["items"]
    return told if all(one["state"] == "final" for one in told) else None
