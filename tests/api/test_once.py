"""One key, one effect: however many send the same at once, and whenever the API is killed."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest

from tests.api.both import aurora, boreas, service  # noqa: F401 - fixtures, on both databases
from tests.api.running import Member, Running, until
from tests.api.test_kills import COMMITTED, dying

MANY = 100
LINES = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Write:
    """A write that is sent again and again: `told` is what its answer names the effect by.

    `once` are fields of the answer that are told to the first of them alone.
    """

    path: str
    body: Any
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    told: str = "operation"
    once: frozenset[str] = frozenset()
    by_operator: bool = False

    def changed(self) -> Any:
        """Another body."""
        if isinstance(self.body, str):
            return self.body.replace("7", "8")
        return {**self.body, "document": {"of": "another"}} if "document" in self.body else None


def writes(member: Member) -> dict[str, Write]:
    fresh = secrets.token_hex(5)
    asset = member.register()
    lines = [f'{{"serial": "{fresh}-{n}", "document": {{"of": 7}}}}' for n in range(3)]
    repeated = frozenset({"items", "accepted", "refused"})
    return {
        "asset": Write("/v1/assets", {"serial": fresh, "document": {"of": 7}}),
        "entry": Write(
            f"/v1/assets/{asset}/entries", {"kind": "observed", "document": {"of": fresh}}
        ),
        "bulk": Write("/v1/assets:batch", "\n".join(lines), LINES, told="receipts", once=repeated),
        "batch": Write("/v1/batches", "\n".join(lines).replace(fresh, f"b{fresh}"), LINES),
        "schema": Write("/v1/schemas", {"document": {"title": fresh}}),
        "world": Write("/v1/worlds", {"document": {"name": fresh}}),
        "file": Write(
            "/v1/documents",
            f"a file of 7 {fresh}",
            {"Content-Type": "application/octet-stream"},
            told="content_hash",
        ),
        "organisation": Write(
            "/v1/organisations",
            {"did": f"did:web:{fresh}.example", "name": "Once"},
            once=frozenset({"api_key"}),
            by_operator=True,
        ),
    }


NIGHTLY: Final = os.environ.get("LEDGER_EXAMPLES") == "nightly"
KINDS: Final = {
    "sqlite": ("entry", "bulk", "schema", "file"),
    "postgresql": ("asset", "batch", "world", "organisation"),
}
"""Each kind on one of both, where processes are one and two; every night, on both."""


def on_both(*but: str) -> pytest.MarkDecorator:
    """Databases and kinds of writes, but for those named."""
    pairs = [
        (database, kind)
        for database in KINDS
        for kinds_database, kinds in KINDS.items()
        for kind in kinds
        if kind not in but and (NIGHTLY or kinds_database == database)
    ]
    return pytest.mark.parametrize(("service", "kind"), pairs, indirect=["service"], scope="module")


@pytest.fixture(scope="module")
def processes(service: Running) -> Iterator[list[str]]:  # noqa: F811
    """Addresses of real processes of the API: two on PostgreSQL, one on SQLite."""
    count = 2 if service.settings.database_url.startswith("postgresql") else 1
    with ExitStack() as stack:
        yield [stack.enter_context(dying(service, "never"))[0] for _ in range(count)]


async def send_all(urls: list[str], key: str, write: Write, name: str) -> list[httpx.Response]:
    """The same request so many times at once, to all processes."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": name, **write.headers}
    # None is kept while a request waits to be sent again: the server may just be closing it.
    limits = httpx.Limits(max_connections=MANY, max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=120, trust_env=False, limits=limits) as http:

        async def one(number: int) -> httpx.Response:
            url = urls[number % len(urls)] + write.path
            sent = {"content": write.body} if isinstance(write.body, str) else {"json": write.body}
            # Some take a few at a time, and say when to come again.
            while (answer := await http.post(url, headers=headers, **sent)).status_code == 503:
                await asyncio.sleep(float(answer.headers["Retry-After"]) / 4)
            return answer

        return list(await asyncio.gather(*(one(number) for number in range(MANY))))


def send(http: httpx.Client, write: Write, body: Any, name: str) -> httpx.Response:
    headers = {"Idempotency-Key": name, **write.headers}
    if isinstance(body, str):
        return http.post(write.path, content=body, headers=headers)
    return http.post(write.path, json=body, headers=headers)


def told(write: Write, answer: httpx.Response) -> bytes:
    """What is answered to all; byte for byte where nothing is told once."""
    if not write.once:
        return answer.content
    rest = {name: value for name, value in answer.json().items() if name not in write.once}
    return repr(sorted(rest.items())).encode()


def operations(http: httpx.Client) -> int:
    """How many operations there are of whoever writes."""
    count, path = 0, "/v1/operations?limit=200"
    while path:
        answer = http.get(path)
        count += len(answer.json()["items"])
        path = answer.links.get("next", {}).get("url", "")
    return count


@on_both()
def test_a_hundred_at_once_have_one_effect_and_equal_answers(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
    processes: list[str],
    kind: str,
) -> None:
    write, name = writes(aurora)[kind], secrets.token_hex(8)
    http, key = aurora.http, aurora.key
    if write.by_operator:
        http, key = service.operator, service.operator_key
    before = operations(http)
    answers = asyncio.run(send_all(processes, key, write, name))
    assert {answer.status_code for answer in answers} <= {200, 201, 202}, answers[0].text
    assert len({told(write, answer) for answer in answers}) == 1
    after = {"bulk": 3, "file": 0}.get(kind, 1)
    assert operations(http) == before + after
    if "api_key" in write.once:
        assert sum(answer.json()["api_key"] is not None for answer in answers) == 1
    if (body := write.changed()) is not None:
        other = send(http, write, body, name)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


@on_both("asset", "bulk")
def test_killed_after_it_was_accepted_and_sent_again_it_is_there_once(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
    kind: str,
) -> None:
    write, name = writes(aurora)[kind], secrets.token_hex(8)
    http, key = aurora.http, aurora.key
    if write.by_operator:
        http, key = service.operator, service.operator_key
    before = operations(http)
    with dying(service, COMMITTED) as (url, process):
        with (
            httpx.Client(
                base_url=url,
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
                trust_env=False,
            ) as doomed,
            pytest.raises(httpx.TransportError),
        ):
            send(doomed, write, write.body, name)
        assert process.wait(10) == -signal.SIGKILL
    first, second = (send(http, write, write.body, name) for _ in range(2))
    assert first.status_code == second.status_code == 200, first.text
    assert first.content == second.content
    assert operations(http) == before + (kind != "file")
    if kind != "file":
        path = first.json()["operation"]
        until(lambda: http.get(path).json()["state"] in ("done", "final"), seconds=60)
