"""Entries that come at the same time share a snapshot and a commit, and nothing else."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx
from sqlmodel import Session, col, func, select

from api.acceptance import Taken
from api.acts import Sent, judge_acts
from api.appending import take_all
from api.errors import Problem, problem_of
from api.judging import Judged
from ledger.outbox.conflicts import IdempotencyConflict, WrongPosition
from ledger.outbox.keys import Credential
from ledger.outbox.tables import Operation
from ledger.types import parse_hash
from tests.api.both import aurora, boreas, service  # noqa: F401 - fixtures, on both databases
from tests.api.running import WAIT, Member, Running, until


def say(member: Member, asset: str, key: str | None = None, /, **entry: Any) -> Sent:
    """A request of a member's."""
    who = Credential(parse_hash(member.id), "prefix")
    return Sent(who, parse_hash(asset), json.dumps(entry).encode(), None, key)


def observe(member: Member, asset: str, key: str | None = None, **more: Any) -> Sent:
    return say(member, asset, key, kind="observed", document={"of": secrets.token_hex(4)}, **more)


def take(ledger: Running, all_sent: Sequence[Sent]) -> list[Taken | Exception]:
    """What becomes of requests that are taken together."""
    mine = ledger.app.state.service
    judged = judge_acts(mine, all_sent)
    accepted = iter(take_all(mine, [one for one in judged if isinstance(one, Judged)]))
    return [next(accepted) if isinstance(one, Judged) else one for one in judged]


async def post_all(
    ledger: Running, asked: Sequence[tuple[Member, str, dict[str, Any]]]
) -> list[httpx.Response]:
    """Entries that members append to assets, all at once."""
    async with httpx.AsyncClient(base_url=ledger.url, timeout=60, trust_env=False) as http:

        async def post(member: Member, asset: str, body: dict[str, Any]) -> httpx.Response:
            headers = {"Authorization": f"Bearer {member.key}", **WAIT}
            return await http.post(f"/v1/assets/{asset}/entries", json=body, headers=headers)

        return list(await asyncio.gather(*(post(*one) for one in asked)))


def codes(outcomes: Sequence[Taken | Exception]) -> list[str]:
    """Of each what it was refused by, or `taken`."""
    told = []
    for one in outcomes:
        problem = problem_of(one) if isinstance(one, Exception) else None
        told.append(problem.kind.code if problem else type(one).__name__.lower())
    return told


def test_who_is_refused_hinders_none_beside(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
    boreas: Member,  # noqa: F811
) -> None:
    asset, other, nothing = aurora.register(), boreas.register(), f"0x{'7' * 64}"
    together = [
        observe(aurora, asset),
        observe(boreas, asset),
        observe(aurora, asset, position=1),
        say(aurora, asset, kind="observed"),
        observe(aurora, nothing),
        say(aurora, asset, kind="transferred", to="did:web:nobody.example"),
        say(aurora, asset, kind="accepted", party="owner"),
        observe(aurora, asset, position=2),
        observe(boreas, other),
    ]
    outcomes = take(service, together)
    assert codes(outcomes) == [
        *("taken", "forbidden", "wrong_position", "invalid_request", "not_found"),
        *("unknown_reference", "refused", "taken", "taken"),
    ]
    taken = [one for one in outcomes if isinstance(one, Taken)]
    assert [one.position for one in taken] == [1, 2, 1]
    for one, member in zip(taken, (aurora, aurora, boreas), strict=True):
        path = f"/v1/operations/{one.operation}"
        told = until(partial(ended, member.http, path))
        assert (told["state"] != "rejected", told["position"]) == (True, one.position)
    receipts = [one.receipt.receipt() for one in taken if one.receipt]
    assert len(receipts) == 3
    assert len({receipt.signature for receipt in receipts}) == 1


def ended(http: httpx.Client, path: str) -> dict[str, Any] | None:
    told: dict[str, Any] = http.get(path).json()
    return told if told["state"] in ("done", "final", "rejected") else None


def test_a_key_that_comes_twice_together_has_one_effect(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
) -> None:
    asset, key = aurora.register(), secrets.token_hex(8)
    same = observe(aurora, asset, key)
    first, again, other = take(service, [same, same, observe(aurora, asset, key)])
    assert isinstance(first, Taken)
    assert isinstance(again, Taken)
    assert (first.repeated, again.repeated) == (False, True)
    assert (first.operation, first.content_hash) == (again.operation, again.content_hash)
    assert first.receipt is not None
    assert again.receipt is not None
    assert first.receipt.receipt() == again.receipt.receipt()
    assert isinstance(other, IdempotencyConflict)
    [later] = take(service, [same])
    assert isinstance(later, Taken)
    assert (later.operation, later.repeated) == (first.operation, True)


def test_what_stands_at_a_position_is_one_of_those_that_ask_for_it_together(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
) -> None:
    asset = aurora.register()
    body = json.dumps({"kind": "observed", "document": {"of": "7"}}).encode()
    who = Credential(parse_hash(aurora.id), "prefix")
    matched = [Sent(who, parse_hash(asset), body, '"0"', None) for _ in range(2)]
    first, second, third = take(service, [*matched, observe(aurora, asset, position=1)])
    assert isinstance(first, Taken)
    assert isinstance(second, Problem)
    assert (second.kind.code, second.members["expected"]) == ("precondition_failed", 2)
    assert isinstance(third, WrongPosition)


def test_what_is_done_beside_is_done_once_and_with_its_operation(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
) -> None:
    """A file is a document about one subject: of two that name it together, one is taken."""
    one, other = aurora.register(), aurora.register()
    answer = aurora.http.post(
        "/v1/documents",
        content=f"a file {secrets.token_hex(4)}",
        headers={"Content-Type": "application/octet-stream"},
    )
    file = answer.json()["content_hash"]
    outcomes = take(
        service,
        [
            say(aurora, one, kind="observed", file=file),
            say(aurora, other, kind="observed", file=file),
            observe(aurora, other),
        ],
    )
    assert codes(outcomes) == ["taken", "file_taken", "taken"]
    with Session(service.app.state.service.engine) as session:
        asked = select(Operation.payload).where(col(Operation.subject) == parse_hash(other))
        assert all(parse_hash(file) not in payload for payload in session.exec(asked))


def test_a_key_of_many_assets_stands_for_no_entry(
    aurora: Member,  # noqa: F811
) -> None:
    asset, key = aurora.register(), secrets.token_hex(8)
    lines = json.dumps({"serial": key, "document": {"of": "7"}})
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
    assert aurora.http.post("/v1/assets:batch", content=lines, headers=headers).is_success
    answer = aurora.http.post(
        f"/v1/assets/{asset}/entries",
        json={"kind": "observed", "document": {"of": "7"}},
        headers={"Idempotency-Key": key},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")


def test_many_that_wait_to_be_held_against_a_schema_are_not_sent_away(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
    boreas: Member,  # noqa: F811
) -> None:
    document = {"title": secrets.token_hex(4), "properties": {"n": {"maximum": 27}}}
    published = aurora.http.post("/v1/schemas", json={"document": document}, headers=WAIT)
    asset, schema = aurora.register(), published.json()["id"]
    bodies = [{"kind": "attested", "schema": schema, "document": {"n": n}} for n in range(30)]
    answers = asyncio.run(post_all(service, [(boreas, asset, body) for body in bodies]))
    assert [answer.status_code for answer in answers] == [201] * 28 + [422] * 2
    assert {answer.json()["code"] for answer in answers[28:]} == {"schema_violation"}
    assert sorted(answer.json()["position"] for answer in answers[:28]) == [*range(1, 29)]


def test_many_at_once_over_http_share_commits_and_stand_each_where_it_was_told(
    service: Running,  # noqa: F811
    aurora: Member,  # noqa: F811
    boreas: Member,  # noqa: F811
) -> None:
    assets = [aurora.register() for _ in range(4)]
    bodies = [{"kind": "observed", "document": {"n": n}} for n in range(40)]
    asked = [
        (member, assets[n % 4], body)
        for n, body in enumerate(bodies)
        for member in (aurora, boreas)
    ]
    answers = asyncio.run(post_all(service, asked))
    assert [answer.status_code for answer in answers] == [201, 403] * 40
    stand = {(answer.json()["id"], answer.json()["position"]) for answer in answers[::2]}
    assert stand == {(asset, position) for asset in assets for position in range(1, 11)}
    with Session(service.app.state.service.engine) as session:
        signings = select(func.count(func.distinct(Operation.signing))).where(
            col(Operation.subject).in_([parse_hash(asset) for asset in assets]),
            col(Operation.position) > 0,
        )
        assert session.exec(signings).one() < 40
