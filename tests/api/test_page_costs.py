"""No list asks the database for each thing on a page: statements do not grow with its length."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from tests.api.running import WAIT, Member, Running, running, until
from tests.mirror.questions import statements

MANY: Final = 12
FEW: Final = 2
SPARE: Final = 2
"""A longer page may look for what no shorter one had, such as documents: once, and not for each.

A statement for each thing would be 6 more at the least."""

SHORT: Final = {
    "/v1/checkpoints": "one a minute",
    "/v1/keys": "a handful of an organisation",
    "/v1/accounts/{address}": "a few of an account",
    "/v1/organisations/{organisation}/accounts": "a few of an organisation",
    "/v1/organisations/{organisation}/access": "reads of documents, a row each",
    "/v1/credentials": "attestations' table, told as they are",
    "/v1/events": "a stream",
    "/v1/webhooks": "a handful of an organisation",
    "/v1/webhooks/{webhook}/deliveries": "rows of one table, as they are",
    "/v1/ledger/entries": "a history as an asset's is",
    "/v1/organisations/{organisation}/entries": "a history as an asset's is",
    "/v1/schemas/{schema_id}/entries": "a history as an asset's is",
    "/v1/worlds/{world_id}/entries": "a history as an asset's is",
}
"""Lists that are not filled here, and what they are."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An organisation that has many of everything, and what names them."""

    service: Running
    member: Member
    lists: tuple[str, ...]
    block: int

    def count(self, path: str, limit: int) -> tuple[int, int]:
        """How many statements a page takes, and how many items it has."""
        counts = []
        engine = self.service.app.state.service.engine
        for _ in range(3):  # what runs beside may send one now and then
            with statements(engine) as sent:
                join = "&" if "?" in path else "?"
                answer = self.member.http.get(f"{path}{join}limit={limit}")
            assert answer.status_code == 200, f"{path}: {answer.text}"
            counts.append(len(sent))
        return min(counts), len(answer.json()["items"])


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with running(tmp_path_factory.mktemp("many")) as service:
        yield _fill(service)


def _fill(service: Running) -> Filled:
    member, other = service.enrol("Many Things"), service.enrol("Others")
    http = member.http
    headers = {"Content-Type": "application/x-ndjson"}
    bulk = http.post("/v1/assets:batch", content=_lines("M"), headers=headers)
    assert bulk.status_code == 202, bulk.text
    assets = [one["id"] for one in bulk.json()["items"]]
    made = http.post("/v1/batches", content=_lines("B"), headers={**WAIT, **headers})
    assert made.status_code == 201, made.text
    batch = made.json()["id"]
    whole, schema = member.register(), _begin(http, "/v1/schemas", {"type": "object"})
    world = _begin(other.http, "/v1/worlds", {"name": "many"})
    until(lambda: http.get(f"/v1/assets/{assets[-1]}").status_code == 200)
    note: dict[str, Any] = {"document": {"event": "seen"}}
    plate = "0x" + "ab" * 32
    _all(member, [(one, {"kind": "mounted", "parent": whole}) for one in assets])
    shown = {"kind": "listed", "world": world, "rendition": plate, "licence": plate}
    _all(member, [(one, shown) for one in assets])
    _all(member, [(one, {"kind": "staged", "stage": "commissioned"}) for one in assets])
    _all(member, [(assets[0], {"kind": "observed", **note}) for _ in range(MANY)])
    _all(other, [(assets[0], {"kind": "attested", "schema": schema, **note})] * MANY)
    for to, by in [(other, member), (member, other)] * (MANY // 2):
        by.append(assets[1], kind="transferred", to=to.id)
    worlds = [_begin(http, "/v1/worlds", {"n": n}, wait=n == MANY - 1) for n in range(MANY)]
    for n in range(MANY):
        _begin(http, "/v1/schemas", {"title": str(n)}, wait=n == MANY - 1)
        org = {"did": f"did:web:many-{n}-{secrets.token_hex(3)}.example", "name": str(n)}
        service.operator.post("/v1/organisations", json=org, headers=WAIT if n > MANY - 2 else {})
    _all(member, [(assets[2], {**shown, "world": one}) for one in worlds])
    offers = [(one, {"kind": "offered", "party": "operator", "to": other.id}) for one in assets]
    _all(member, [one for one in offers if one[0] != assets[1]])
    _all(other, [(one, {"kind": "accepted", "party": "operator"}) for one, _ in offers][2:])
    asset, one = f"/v1/assets/{assets[0]}", f"/v1/assets/{assets[1]}"
    lists = (
        "/v1/assets",
        f"/v1/assets?owner={member.id}",
        f"/v1/assets?organisation={member.id}&sort=-registered",
        f"/v1/assets?organisation={member.id}&sort=serial",
        f"/v1/assets?world={world}",
        f"/v1/assets?parent={whole}",
        "/v1/assets?stage=commissioned",
        "/v1/assets?sort=-changed",
        f"/v1/assets?operator={other.id}",
        f"{asset}/entries",
        f"{asset}/documents",
        f"{one}/parties?past=true",
        f"/v1/assets/{whole}/parts",
        f"/v1/assets/{whole}/parts?depth=32",
        f"{asset}/attestations",
        f"/v1/assets/{assets[2]}/listings",
        f"/v1/worlds/{world}/listings",
        "/v1/batches",
        f"/v1/batches/{batch}/assets",
        "/v1/entries",
        "/v1/organisations",
        "/v1/worlds",
        "/v1/schemas",
        "/v1/operations",
    )
    block = int(http.get(asset).json()["as_of"]["block"])
    return Filled(service, member, lists, block)


def _lines(prefix: str) -> str:
    lines = [{"serial": f"{prefix}-{n:03}", "document": {"n": n}} for n in range(MANY)]
    return "\n".join(map(json.dumps, lines))


def _begin(http: httpx.Client, path: str, document: dict[str, Any], wait: bool = True) -> str:
    answer = http.post(path, json={"document": document}, headers=WAIT if wait else {})
    assert answer.status_code in (201, 202), answer.text
    return str(answer.json()["id"])


def _all(member: Member, acts: list[tuple[str, dict[str, Any]]]) -> None:
    """Append entries at the same time, and wait until all stand."""

    def send(given: tuple[str, dict[str, Any]]) -> None:
        asset, act = given
        answer = member.http.post(f"/v1/assets/{asset}/entries", json=act)
        assert answer.status_code in (200, 202), answer.text

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, acts))
    until(lambda: not _waits(member.http))


def _waits(http: httpx.Client) -> bool:
    counts = http.get("/v1/status").json()["operations"]
    return bool(counts["queued"] or counts["sent"])


def test_a_longer_page_takes_no_more_statements(filled: Filled) -> None:
    proven = set()
    for path in filled.lists:
        for asked in (path, f"{path}{'&' if '?' in path else '?'}at={filled.block}"):
            if "/operations" in asked and "at=" in asked:
                continue
            few, of_few = filled.count(asked, FEW)
            many, of_many = filled.count(asked, MANY)
            assert many <= few + SPARE, f"{asked}: {few} for {of_few}, {many} for {of_many}"
            if of_many >= 4 * FEW:
                proven.add(path)
    assert set(filled.lists) - proven <= {"/v1/batches"}


def test_every_list_is_looked_at(filled: Filled) -> None:
    described = filled.service.anyone.get("/openapi.json").json()["paths"]
    lists = {
        path
        for path, methods in described.items()
        if "get" in methods
        and "limit" in {one["name"] for one in methods["get"].get("parameters", ())}
    }
    asked = [path.split("?")[0].split("/")[2:] for path in filled.lists]

    def is_asked(route: str) -> bool:
        parts = route.split("/")[2:]
        return any(
            len(parts) == len(one)
            and all(want == got or want[0] == "{" for want, got in zip(parts, one, strict=True))
            for one in asked
        )

    assert {route for route in lists - SHORT.keys() if not is_asked(route)} == set()
