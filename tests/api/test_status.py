"""`/v1/status` says how the outbox is doing, and what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.database.engine import writing
from ledger.outbox.alarms import clear_alarm, raise_alarm
from ledger.outbox.tables import Lane
from tests.api.running import Member, Running, until
from tests.api.still import Still, still
from tests.api.test_problems import problem


@pytest.fixture
def quiet(service: Running, aurora: Member, tmp_path: Path) -> Iterator[Still]:
    del aurora  # it is in the copy
    with still(service, tmp_path / "quiet") as ledger:
        yield ledger


def status(ledger: Still) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{ledger.url}/v1/status", trust_env=False).json()
    return told


def test_lanes_are_told_with_who_works_them(service: Running, aurora: Member) -> None:
    aurora.register()
    until(lambda: not any(one["in_flight"] for one in _lanes(service)))
    lanes = _lanes(service)
    assert {one["role"] for one in lanes} == {"custodian", "governor"}
    for lane in lanes:
        chain, _, sender = lane["id"].partition(":")
        assert (int(chain), sender) == (lane["chain_id"], lane["sender"])
        assert lane["next_nonce"] == service.anvil.rpc.fetch_nonce(bytes.fromhex(sender[2:]))
        assert (lane["halted"], lane["held"], lane["oldest_seconds"]) == (None, True, None)


def _lanes(service: Running) -> list[dict[str, Any]]:
    lanes: list[dict[str, Any]] = service.anyone.get("/v1/status").json()["lanes"]
    return lanes


def test_a_lane_whose_submitter_is_gone_is_not_held(quiet: Still) -> None:
    with writing(quiet.engine) as session:
        for lane in status(quiet)["lanes"]:
            session.get_one(Lane, lane["id"]).lease_until = 0
    assert [one["held"] for one in status(quiet)["lanes"]] == [False] * 2


def test_what_waits_is_counted_with_how_long(quiet: Still, aurora: Member) -> None:
    assert status(quiet)["queue"] == {"waiting": 0, "oldest_seconds": None}
    for serial in ("W-0", "W-1"):
        assert quiet.register(aurora, serial).status_code == 202
    queue = status(quiet)["queue"]
    assert queue["waiting"] == 2
    assert 0 <= queue["oldest_seconds"] < 60
    assert status(quiet)["operations"]["queued"] == 2


def test_alarms_say_what_they_are_about_and_what_they_need(quiet: Still) -> None:
    lane = status(quiet)["lanes"][0]["id"]
    with writing(quiet.engine) as session:
        raise_alarm(session, f"insufficient_funds:{lane}", "it is poor", "send 7 wei")
        raise_alarm(session, "final_undone", "blocks are gone")
    assert status(quiet)["alarms"] == [
        {
            "code": "insufficient_funds",
            "about": lane,
            "message": "it is poor",
            "needs": "send 7 wei",
        },
        {"code": "final_undone", "about": None, "message": "blocks are gone", "needs": None},
    ]
    with writing(quiet.engine) as session:
        clear_alarm(session, f"insufficient_funds:{lane}")
        clear_alarm(session, "final_undone")
    assert status(quiet)["alarms"] == []


def test_what_nobody_sends_is_told(quiet: Still, aurora: Member) -> None:
    assert quiet.register(aurora, "L-0").status_code == 202
    with writing(quiet.engine) as session:
        for lane in status(quiet)["lanes"]:
            session.get_one(Lane, lane["id"]).lease_until = 0
        session.connection().exec_driver_sql(
            "update operation set accepted_at = accepted_at - 60000 where state = 'queued'"
        )
    [alarm] = status(quiet)["alarms"]
    assert (alarm["code"], alarm["needs"]) == ("no_submitter", "start one: asset-ledger submit")


def test_only_the_operator_releases_a_halted_lane(
    quiet: Still, service: Running, aurora: Member
) -> None:
    lane = status(quiet)["lanes"][0]["id"]
    path = f"/v1/lanes/{lane}/release"
    with quiet.client(aurora.key) as member, quiet.client(service.operator_key) as operator:
        problem(member.post(path), 403, "forbidden")
        problem(operator.post(path), 409, "not_halted")
        with writing(quiet.engine) as session:
            session.get_one(Lane, lane).halted = "somebody else used nonce 3"
        told = operator.post(path).json()
        assert (told["halted"], told["released"]) == ("somebody else used nonce 3", True)
        assert status(quiet)["lanes"][0] == told
        unknown = f"/v1/lanes/1:0x{'00' * 20}/release"
        problem(operator.post(unknown), 404, "not_found")
        problem(operator.post("/v1/lanes/x/release"), 422, "invalid_request")
