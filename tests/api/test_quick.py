"""The way that reads of one asset take: nobody can tell it from the usual one but by the time."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.quick.found import Asked, Found
from tests.api.both import aurora, boreas, service  # noqa: F401 - fixtures, on both databases
from tests.api.running import WAIT, Member, Running

_OWN = {"x-request-id", "ratelimit", "date"}


@pytest.fixture
def quick(service: Running, monkeypatch: pytest.MonkeyPatch) -> list[bool]:  # noqa: F811
    """Whether each read went the quick way."""
    went: list[bool] = []
    find = service.app.state.lookup.find

    async def watched(asked: Asked) -> Found | None:
        found: Found | None = await find(asked)
        went.append(found is not None)
        return found

    monkeypatch.setattr(service.app.state.lookup, "find", watched)
    return went


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    fields = {name: value for name, value in answer.headers.items() if name not in _OWN}
    return answer.status_code, answer.content, fields


def usual(member: Member, asset: str, **headers: str) -> httpx.Response:
    return member.http.get(f"/v1/assets/{asset}", params={"usual": "1"}, headers=headers)


def batched(member: Member) -> str:
    """An asset that came in a batch; nothing is written of it yet."""
    name = secrets.token_hex(2)
    lines = [f'{{"serial": "{name}-{n}", "document": {{"n": {n}}}}}' for n in (1, 2)]
    sent: dict[str, Any] = member.http.post(
        "/v1/batches",
        content="\n".join(lines),
        headers={**WAIT, "Content-Type": "application/x-ndjson"},
    ).json()
    listed = member.http.get(f"/v1/batches/{sent['id']}/assets").json()["items"]
    found: str = listed[0]["id"]
    return found


def test_it_says_what_the_route_says(
    aurora: Member,  # noqa: F811
    boreas: Member,  # noqa: F811
    service: Running,  # noqa: F811
    quick: list[bool],
) -> None:
    assets = [aurora.register(), aurora.register(owner=boreas.did), aurora.register()]
    aurora.append(assets[0], kind="offered", to=boreas.did, party="custodian")
    aurora.append(assets[2], kind="revised", document={"name": "again"})
    assets.append(batched(aurora))
    aurora.append(assets[3], kind="observed", document={"n": 1})
    operator = Member("", "", "", service.operator_key, service.operator)
    curious = service.enrol(f"Curious {secrets.token_hex(2)}")
    for member in (aurora, boreas, operator, curious):
        for asset in assets:
            for headers in ({}, {"If-None-Match": '"0"'}, {"If-None-Match": "*"}):
                fast = member.http.get(f"/v1/assets/{asset}", headers=headers)
                assert told(fast) == told(usual(member, asset, **headers))
    assert len(quick) == 48
    assert all(quick)


def test_what_is_not_plain_goes_the_usual_way(
    aurora: Member,  # noqa: F811
    service: Running,  # noqa: F811
    quick: list[bool],
) -> None:
    unknown = "0x" + secrets.token_hex(32)
    for asset in (batched(aurora), unknown):
        fast, slow = aurora.http.get(f"/v1/assets/{asset}"), usual(aurora, asset)
        assert fast.status_code == slow.status_code
        if fast.status_code == 200:
            assert told(fast) == told(slow)
    for key in ("nonsense", "al_aaaaaaaa_b", "al_aaaa,aaaa_b", aurora.key[:-1] + "~"):
        answer = service.client(key).get(f"/v1/assets/{aurora.register()}")
        assert answer.status_code == 401
    assert not any(quick)


def test_who_asks_at_the_same_time_is_answered_apart(
    aurora: Member,  # noqa: F811
    boreas: Member,  # noqa: F811
    service: Running,  # noqa: F811
    quick: list[bool],
) -> None:
    assets = [aurora.register() for _ in range(4)]
    keys = (aurora.key, boreas.key, "al_aaaa,aaaa_b", aurora.key[:-1] + "~")
    asking = [(asset, key) for asset in assets for key in keys] * 20

    def ask(one: tuple[str, str]) -> tuple[str | None, bool] | int:
        answer = service.client(one[1]).get(f"/v1/assets/{one[0]}")
        told = answer.json()
        return (told["id"], told["serial"] is None) if answer.is_success else answer.status_code

    expected = {aurora.key: False, boreas.key: True}
    with ThreadPoolExecutor(16) as threads:
        for (asset, key), came in zip(asking, threads.map(ask, asking), strict=True):
            assert came == ((asset, expected[key]) if key in expected else 401)
    assert any(quick)


def test_a_revoked_key_opens_nothing_from_then_on(
    aurora: Member,  # noqa: F811
    service: Running,  # noqa: F811
    quick: list[bool],
) -> None:
    asset = aurora.register()
    made = aurora.http.post("/v1/keys", json={"roles": ["reader"]}).json()
    http = service.client(made["api_key"])
    assert http.get(f"/v1/assets/{asset}").status_code == 200
    assert aurora.http.post(f"/v1/keys/{made['key']}/revoke").status_code == 200
    assert http.get(f"/v1/assets/{asset}").status_code == 401
    assert quick == [True, False]
