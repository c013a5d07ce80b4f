"""Requests that wait are looked for together, and each hears of its own operation's end alone."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from api.ends import Ended, Ends, find_ends
from ledger.database.engine import open_engine
from tests.api.running import Member, Running
from tests.api.still import Still, still


@pytest.fixture(scope="module")
def quiet(
    service: Running, aurora: Member, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Still]:
    """Where nothing is sent, so that what waits, stays."""
    del aurora  # it is in the copy
    with still(service, tmp_path_factory.mktemp("quiet")) as ledger:
        yield ledger


def accept(quiet: Still, member: Member) -> str:
    """The id of an operation that waits."""
    answer = quiet.register(member, secrets.token_hex(6))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["operation"].rsplit("/", 1)[1])


def cancel(quiet: Still, member: Member, operation: str) -> None:
    with quiet.client(member.key) as http:
        http.post(f"/v1/operations/{operation}/cancel").raise_for_status()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_an_asset_that_is_mirrored_has_ended(service: Running, aurora: Member) -> None:
    asset = aurora.register()
    [told] = aurora.http.get("/v1/operations", params={"subject": asset}).json()["items"]
    engine = open_engine(service.settings.database())
    try:
        assert find_ends(engine, [told["id"]]) == {told["id"]: Ended(0)}
    finally:
        engine.dispose()


def test_what_waits_on_has_not_ended(quiet: Still, aurora: Member) -> None:
    operation = accept(quiet, aurora)
    began = time.monotonic()
    assert asyncio.run(Ends(quiet.engine).wait_for(operation, 0.2)) is None
    assert 0.2 <= time.monotonic() - began < 2


def test_even_no_time_at_all_is_one_look(quiet: Still, aurora: Member) -> None:
    operation = accept(quiet, aurora)
    cancel(quiet, aurora, operation)
    ended = asyncio.run(Ends(quiet.engine).wait_for(operation, 0))
    assert ended is not None
    assert ended.reason is not None
    assert ended.reason["code"] == "cancelled"


def test_a_refusal_ends_the_waiting_of_those_who_asked_for_it_alone(
    quiet: Still, aurora: Member
) -> None:
    refused, other = accept(quiet, aurora), accept(quiet, aurora)

    async def wait() -> list[Ended | None]:
        ends = Ends(quiet.engine)
        waiting = [ends.wait_for(one, 2) for one in (refused, refused, other)]
        cancelling = asyncio.to_thread(cancel, quiet, aurora, refused)
        first, second, third, _ = await asyncio.gather(*waiting, cancelling)
        return [first, second, third]

    first, second, third = asyncio.run(wait())
    assert first == second
    assert first is not None
    assert third is None


def test_many_are_looked_for_as_often_as_one(quiet: Still, aurora: Member) -> None:
    operations = [accept(quiet, aurora) for _ in range(20)]

    async def wait(asked: list[str]) -> None:
        ends = Ends(quiet.engine)
        await asyncio.gather(*(ends.wait_for(one, 0.5) for one in asked))

    with counted(quiet.engine) as statements:
        asyncio.run(wait(operations))
    looks = sum(statement.startswith("SELECT") for statement in statements)
    # One every 10 ms at the most; and each request looks by itself once more at its end.
    assert looks <= 51 + len(operations)


def test_a_look_that_fails_is_told_and_the_next_one_is_made(
    quiet: Still, aurora: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = accept(quiet, aurora)
    locked = OperationalError("select", {}, Exception("locked"))

    def fail(*_: object) -> None:
        raise locked

    async def wait() -> None:
        ends = Ends(quiet.engine)
        with monkeypatch.context() as patch:
            patch.setattr("api.ends.find_ends", fail)
            with pytest.raises(OperationalError):
                await ends.wait_for(operation, 5)
        cancelling = asyncio.to_thread(cancel, quiet, aurora, operation)
        ended, _ = await asyncio.gather(ends.wait_for(operation, 5), cancelling)
        assert ended is not None

    asyncio.run(wait())
