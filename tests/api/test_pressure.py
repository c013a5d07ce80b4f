"""A full queue refuses what is new, says when to come back, and still answers what it took."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.running import Member, Running
from tests.api.still import Still, still


@pytest.fixture
def narrow(service: Running, aurora: Member, boreas: Member, tmp_path: Path) -> Iterator[Still]:
    """Three may wait, two of them of one organisation."""
    del aurora, boreas  # they are in the copy
    with still(service, tmp_path / "narrow", max_queue=3, max_queue_per_organisation=2) as ledger:
        yield ledger


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert 1 <= int(answer.headers["Retry-After"]) <= 300


def test_an_organisation_with_too_many_waiting_is_asked_to_come_back(
    narrow: Still, aurora: Member, boreas: Member
) -> None:
    for number in range(2):
        assert narrow.register(aurora, f"N-{number}").status_code == 202
    refused(narrow.register(aurora, "N-2"), 429, "too_many_waiting")
    assert narrow.register(boreas, "N-2").status_code == 202


def test_a_full_queue_refuses_everybody_but_the_operator(
    narrow: Still, service: Running, aurora: Member, boreas: Member
) -> None:
    asset = narrow.register(aurora, "N-0").json()["id"]
    for member, serial in ((aurora, "N-1"), (boreas, "N-0")):
        assert narrow.register(member, serial).status_code == 202
    refused(narrow.register(boreas, "N-1"), 503, "queue_full")
    freeze = {"kind": "frozen", "document": {"reason": "recall"}}
    with narrow.client(service.operator_key) as operator:
        answer = operator.post(f"/v1/assets/{asset}/entries", json=freeze)
    assert answer.status_code == 202, answer.text


def test_what_was_accepted_is_answered_again_even_when_full(narrow: Still, aurora: Member) -> None:
    keyed = {"Idempotency-Key": "first"}
    first = narrow.register(aurora, "N-0", **keyed)
    assert narrow.register(aurora, "N-1").status_code == 202
    refused(narrow.register(aurora, "N-2"), 429, "too_many_waiting")
    for headers in (keyed, {}):
        again = narrow.register(aurora, "N-0", **headers)
        assert (again.status_code, again.json()) == (200, first.json())


def test_what_is_refused_leaves_nothing_behind(narrow: Still, aurora: Member) -> None:
    for number in range(2):
        narrow.register(aurora, f"N-{number}")
    kept = sorted((narrow.settings.data / "documents").rglob("*"))
    refused(narrow.register(aurora, "N-2"), 429, "too_many_waiting")
    assert sorted((narrow.settings.data / "documents").rglob("*")) == kept
