"""Requests that come at the same time share their work, and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import httpx

from api.gathering import Gatherer
from tests.api.running import Member, Running


class Work:
    """Doubles numbers; odd ones are wrong, and the first time it waits until it may go on."""

    def __init__(self) -> None:
        self.taken: list[list[int]] = []
        self.go = threading.Event()

    def take(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.taken.append(list(numbers))
        assert self.go.wait(10)
        return [ValueError(number) if number % 2 else 2 * number for number in numbers]


async def ask_all(gatherer: Gatherer[int, int], work: Work, numbers: Sequence[int]) -> list[object]:
    """Ask for all of them, the first a little earlier."""
    first = asyncio.create_task(gatherer.ask(numbers[0]))
    while not work.taken:
        await asyncio.sleep(0)
    others = [asyncio.create_task(gatherer.ask(number)) for number in numbers[1:]]
    await asyncio.sleep(0)
    work.go.set()
    return list(await asyncio.gather(first, *others, return_exceptions=True))


def test_what_comes_meanwhile_is_taken_together_up_to_a_bound() -> None:
    work = Work()
    told = asyncio.run(ask_all(Gatherer(work.take, 3), work, [0, 2, 4, 6, 8]))
    assert told == [0, 4, 8, 12, 16]
    assert work.taken == [[0], [2, 4, 6], [8]]


def test_what_is_wrong_with_one_is_told_to_it_alone() -> None:
    work = Work()
    told = asyncio.run(ask_all(Gatherer(work.take, 9), work, [0, 1, 2]))
    assert [told[0], told[2]] == [0, 4]
    assert isinstance(told[1], ValueError)


def test_a_failure_of_the_work_itself_is_told_to_all_and_ends_nothing() -> None:
    calls: list[Sequence[int]] = []

    def take(numbers: Sequence[int]) -> Sequence[int | Exception]:
        calls.append(numbers)
        if len(calls) == 1:
            raise OSError("disk full")
        return numbers

    async def ask() -> list[object]:
        gatherer = Gatherer[int, int](take, 9)
        both = await asyncio.gather(gatherer.ask(1), gatherer.ask(2), return_exceptions=True)
        return [*both, await gatherer.ask(3)]

    one, two, three = asyncio.run(ask())
    assert isinstance(one, OSError)
    assert isinstance(two, OSError)
    assert three == 3


def test_whoever_goes_away_takes_nobody_along() -> None:
    work = Work()

    async def ask() -> int:
        gatherer = Gatherer[int, int](work.take, 9)
        first = asyncio.create_task(gatherer.ask(0))
        while not work.taken:
            await asyncio.sleep(0)
        gone, stays = (asyncio.create_task(gatherer.ask(number)) for number in (2, 4))
        await asyncio.sleep(0)
        gone.cancel()
        work.go.set()
        await first
        return await stays

    assert asyncio.run(ask()) == 8


def test_many_at_once_over_http_share_commits_and_are_each_answered(
    service: Running, aurora: Member, boreas: Member
) -> None:
    """Equal ones become one operation; each organisation's stay its own."""

    async def post_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as http:
            return list(
                await asyncio.gather(
                    *(
                        http.post(
                            "/v1/assets",
                            json={"serial": f"GATHER-{n % 20}", "document": {"n": n % 20}},
                            headers={"Authorization": f"Bearer {member.key}"},
                        )
                        for n in range(60)
                        for member in (aurora, boreas)
                    )
                )
            )

    before = len(list((service.settings.data / "documents").rglob("*.pack")))
    answers = asyncio.run(post_all())
    packs = len(list((service.settings.data / "documents").rglob("*.pack"))) - before
    assert sorted(answer.status_code for answer in answers) == [200] * 80 + [202] * 40
    assert len({answer.json()["operation"] for answer in answers}) == 40
    assert packs < 40
