"""Registering many: in order, in a bounded piece of memory, harmless to repeat."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import msgspec
import pytest

from ledger.client import ApiProblem, ApiUnavailable, Client
from ledger.client.bodies import registration
from ledger.client.bulk import CHUNK, CHUNK_BYTES, FIRST_CHUNK, chunks, register_all
from ledger.client.sources import Item
from tests.api.running import Running

MANY = 120


def items(prefix: str, number: int) -> Iterator[Item]:
    for n in range(number):
        serial = f"{prefix}-{n:04d}"
        body = registration(serial, msgspec.json.encode({"number": n}))
        yield Item("test", n + 1, serial, body)


def test_many_are_registered_in_order_and_once(client: Client) -> None:
    prefix = secrets.token_hex(4)
    first = list(register_all(client, items(prefix, MANY)))
    assert [each.line for each in first] == list(range(1, MANY + 1))
    assert {(each.result, each.state in ("done", "final")) for each in first} == {
        ("registered", True)
    }
    again = list(register_all(client, items(prefix, MANY)))
    assert [each.id for each in again] == [each.id for each in first]
    assert {each.result for each in again} == {"already_there"}
    assert len({each.id for each in first}) == MANY


def test_the_input_is_not_read_ahead_of_what_is_on_its_way(client: Client) -> None:
    read = 0

    def counted() -> Iterator[Item]:
        nonlocal read
        for item in items(secrets.token_hex(4), 10 * FIRST_CHUNK):
            read += 1
            yield item

    run = register_all(client, counted(), until="accepted", in_flight=2)
    next(run)
    assert read <= (1 + 2) * FIRST_CHUNK
    run.close()
    assert read < 10 * FIRST_CHUNK


def test_requests_grow_up_to_a_bound_in_number_and_in_size() -> None:
    small = [Item("test", n, "S", b"{}") for n in range(2 * CHUNK)]
    sizes = [len(chunk) for chunk in chunks(small)]
    assert sizes[:3] == [FIRST_CHUNK, 2 * FIRST_CHUNK, 4 * FIRST_CHUNK]
    assert sum(sizes) == 2 * CHUNK
    assert max(sizes) <= CHUNK
    large = [Item("test", n, "S", bytes(CHUNK_BYTES // 2)) for n in range(5)]
    assert [len(chunk) for chunk in chunks(large)] == [2, 2, 1]
    assert list(chunks([])) == []


def test_what_spoils_a_whole_request_fails_alone(client: Client) -> None:
    prefix = secrets.token_hex(4)
    good = list(items(prefix, 5))
    broken = Item("test", 6, "B", b'{"serial":"B","document":{"a":"\xff"}}')
    outcomes = list(register_all(client, [*good[:3], broken, *good[3:]]))
    assert [each.result for each in outcomes] == [
        *["registered"] * 3,
        "failed",
        *["registered"] * 2,
    ]
    assert outcomes[3].problem is not None
    assert outcomes[3].problem["code"] == "invalid_json"


def test_what_is_refused_does_not_stop_the_rest(client: Client) -> None:
    prefix = secrets.token_hex(4)
    good, other = items(prefix, 2)
    taken = Item("test", 3, good.serial, registration(str(good.serial), b'{"other":1}'))
    unread = Item("test", 4, None, None, "not a registration")
    strict = Item("test", 5, "D", b'{"serial":"D","document":{"a":1,"a":2}}')
    rows = [good, taken, unread, strict, other]
    outcomes = list(register_all(client, rows, in_flight=1))
    assert [each.result for each in outcomes] == [
        "registered",
        "failed",
        "failed",
        "failed",
        "registered",
    ]
    problems = [each.problem for each in outcomes[1:4]]
    assert [each and each["code"] for each in problems] == [
        "serial_taken",
        "not_sent",
        problems[2] and problems[2]["code"],
    ]
    assert "a" in str(problems[2])


def test_a_wrong_key_ends_it_at_once(service: Running) -> None:
    with Client(service.url, "al_abcdefgh_wrong") as nobody, pytest.raises(ApiProblem) as refusal:
        list(register_all(nobody, items("X", MANY)))
    assert refusal.value.status == 401


def test_a_service_that_is_away_ends_it() -> None:
    with (
        Client("http://127.0.0.1:1", "al_abcdefgh_any", patience=0.1) as nobody,
        pytest.raises(ApiUnavailable),
    ):
        list(register_all(nobody, items("X", MANY)))


def test_following_until_final(service: Running, client: Client) -> None:
    accepted: list[int] = []

    def mine() -> None:
        accepted.append(1)
        if len(accepted) == 3:
            service.anvil.rpc.call("anvil_setIntervalMining", 1)

    try:
        run = register_all(client, items(secrets.token_hex(4), 3), until="final", on_accepted=mine)
        assert {each.state for each in run} == {"final"}
    finally:
        service.anvil.rpc.call("anvil_setIntervalMining", 0)
        service.anvil.rpc.call("evm_setAutomine", True)
