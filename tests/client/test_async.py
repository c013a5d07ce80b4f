"""The client for event loops does what the other does, and waits as patiently."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from ledger.client import ApiProblem, ApiUnavailable, AsyncClient, Client
from tests.api.running import Member, Running
from tests.client.desk import ACCEPTED, KEY, Answer, Desk

DOCUMENT = b'{ "b" : 1.0 }'
T = TypeVar("T")


def run(work: Callable[[AsyncClient], Awaitable[T]], url: str, key: str, **more: float) -> T:
    async def within() -> T:
        async with AsyncClient(url, key, **more) as client:  # type: ignore[arg-type]
            return await work(client)

    return asyncio.run(within())


def test_what_one_client_writes_at_once_the_other_reads(
    service: Running, maker: Member, client: Client
) -> None:
    names = [f"A-{secrets.token_hex(6)}" for _ in range(8)]

    async def register(given: AsyncClient) -> list[str]:
        sent = [given.register_asset(name, DOCUMENT, wait=20) for name in names]
        return [accepted.id for accepted in await asyncio.gather(*sent)]

    made = run(register, service.url, maker.key)
    assert [client.get_asset(each).serial for each in made] == names
    assert client.document(str(client.get_asset(made[0]).content_hash)) == DOCUMENT


def test_lists_are_gone_through_page_by_page(service: Running) -> None:
    member = service.enrol("Async Lister")
    with Client(service.url, member.key) as client:
        made = [client.register_asset(f"L-{n}", DOCUMENT, wait=20).id for n in range(3)]

    async def read(given: AsyncClient) -> tuple[list[str], list[int]]:
        listed = given.list_assets(organisation=member.did, page=2)
        ids = [asset.id async for asset in listed]
        assert listed.as_of is not None
        assert listed.as_of.block > 0
        again = given.list_assets(organisation=member.did, page=2)
        return ids, [len(page) async for page in again.pages()]

    assert run(read, service.url, member.key) == (made, [2, 1])


def test_a_batch_is_streamed_from_what_is_read_aside(service: Running, maker: Member) -> None:
    prefix = secrets.token_hex(4)

    async def send(given: AsyncClient) -> int:
        lines = [b'{"serial":"%s-%d","document":{}}\n' % (prefix.encode(), n) for n in range(5)]
        accepted = await given.register_batch(lambda: iter(lines))
        again = await given.register_batch(lambda: iter(lines))
        assert (accepted.repeated, again.repeated) == (False, True)
        return accepted.size

    assert run(send, service.url, maker.key) == 5


def test_nothing_is_there_and_refusals_are_raised(service: Running, maker: Member) -> None:
    async def ask(given: AsyncClient) -> None:
        assert await given.find_asset("0x" + 64 * "0") is None
        with pytest.raises(ApiProblem) as refusal:
            await given.get_asset("0x12")
        assert refusal.value.status == 422

    run(ask, service.url, maker.key)


def test_it_asks_again_while_the_service_is_busy_with_the_same_key(
    serve: Callable[..., Desk],
) -> None:
    served = serve(None, Answer(503, {}), Answer(202, ACCEPTED))
    accepted = run(lambda given: given.register_asset("S-1", b"{}"), served.url, KEY)
    assert accepted.id == "0xaa"
    keys = {seen.headers["Idempotency-Key"] for seen in served.seen}
    assert (len(served.seen), len(keys)) == (3, 1)


def test_its_patience_ends_and_its_key_is_never_shown(serve: Callable[..., Desk]) -> None:
    served = serve(*[Answer(503, {})] * 9)

    async def ask(given: AsyncClient) -> str:
        with pytest.raises(ApiUnavailable) as gone:
            await given.status()
        return f"{given!r} {vars(given)!r} {gone.value!r} {gone.value}"

    assert "very-secret" not in run(ask, served.url, KEY, patience=0.5)


def test_what_waits_is_given_up_when_the_client_is_closed(serve: Callable[..., Desk]) -> None:
    served = serve(*[Answer(503, {}, {"Retry-After": "1"})] * 3)

    async def ask() -> None:
        given = AsyncClient(served.url, KEY)
        waiting = asyncio.ensure_future(given.status())
        while not served.seen:
            await asyncio.sleep(0.01)
        await given.close()
        with pytest.raises(ApiUnavailable):
            await waiting

    asyncio.run(ask())
