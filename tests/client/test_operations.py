"""Operations through the client: followed by the hundred, listed, cancelled, tried again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import islice

import pytest

from ledger.client import ApiProblem, Client
from tests.api.running import Member, Running
from tests.api.still import still

DOCUMENT = b'{"name":"a part"}'


@pytest.fixture(scope="module")
def waiting(
    service: Running, maker: Member, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """The maker's client where nothing is sent."""
    with (
        still(service, tmp_path_factory.mktemp("quiet")) as ledger,
        Client(ledger.url, maker.key) as client,
    ):
        yield client


def ask(client: Client) -> str:
    return client.register_asset(secrets.token_hex(6), DOCUMENT).operation


def test_more_than_a_page_are_followed_in_their_order(waiting: Client) -> None:
    asked = [ask(waiting) for _ in range(205)]
    found = waiting.find_operations([*asked, "0196a1f0-4c11-7d3e-9b1a-5f2c8d7e6a90"])
    assert [f"/v1/operations/{each.id}" for each in found] == asked
    assert {each.state for each in found} == {"queued"}


def test_they_are_listed_newest_first_across_pages(waiting: Client) -> None:
    asked = [ask(waiting) for _ in range(5)]
    found = list(islice(waiting.list_operations(state="queued", page=2), 5))
    assert [f"/v1/operations/{each.id}" for each in found] == asked[::-1]
    subject = found[0].subject
    assert [each.id for each in waiting.list_operations(subject=subject)] == [found[0].id]
    assert list(waiting.list_operations(kind="observed", state="queued")) == []


def test_one_is_cancelled_and_tried_again(waiting: Client) -> None:
    operation = ask(waiting)
    cancelled = waiting.cancel_operation(operation)
    assert (cancelled.state, cancelled.reason["code"]) == ("rejected", "cancelled")
    assert waiting.retry_operation(cancelled.id).state == "queued"


def test_what_is_done_is_refused(client: Client) -> None:
    accepted = client.register_asset(secrets.token_hex(6), DOCUMENT, wait=20)
    for act in (client.cancel_operation, client.retry_operation):
        with pytest.raises(ApiProblem) as refused:
            act(accepted.operation)
        assert (refused.value.status, refused.value.code) == (409, "operation_under_way")


def test_the_status_tells_lanes_and_what_is_needed(client: Client) -> None:
    status = client.status()
    assert {each.role for each in status.lanes} == {"custodian", "governor"}
    assert status.alarms == ()
    assert status.queue["waiting"] >= 0


def test_only_the_operator_releases_lanes(client: Client, operator: Client) -> None:
    lane = operator.status().lanes[0].id
    with pytest.raises(ApiProblem) as refused:
        client.release_lane(lane)
    assert refused.value.code == "forbidden"
    with pytest.raises(ApiProblem) as refused:
        operator.release_lane(lane)
    assert refused.value.code == "not_halted"
