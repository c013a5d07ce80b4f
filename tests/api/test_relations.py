"""Parties, offers, parts, attestations and listings, as a running ledger's members read them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    Delisted,
    Dismounted,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    SchemaPublished,
    WorldOpened,
)
from ledger.types import ZERO_HASH, Party, parse_hash
from tests.api.running import WAIT, Member, Running, running, until
from tests.api.wallets import Wallet, add_account, sign_entry


@dataclass(frozen=True, slots=True)
class Writer:
    """A member that signs entries with a wallet of its own."""

    service: Running
    member: Member
    wallet: Wallet

    @classmethod
    def join(cls, service: Running, name: str) -> Writer:
        made = cls(service, service.enrol(name), Wallet.make())
        add_account(service, made.member, made.wallet)
        return made

    @property
    def id(self) -> bytes:
        return parse_hash(self.member.id)

    def begin(self, payload: Payload) -> str:
        """Begin a subject, and tell its id."""
        return str(self._send(payload)["id"])

    def write(self, subject: str, payload: Payload) -> int:
        """Append an entry, and tell its position."""
        position = self.member.http.get(f"/v1/assets/{subject}").json()["position"] + 1
        return int(self._send(payload, subject, position)["position"])

    def _send(self, payload: Payload, *place: Any) -> dict[str, Any]:
        deadline = int(time.time()) + 10**6
        body = sign_entry(
            self.service, self.member, self.wallet, payload, *place, deadline=deadline
        )
        answer = self.member.http.post("/v1/entries", json=body, headers=WAIT)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def read(self, asset: str, what: str, **query: Any) -> httpx.Response:
        answer = self.member.http.get(f"/v1/assets/{asset}/{what}", params=query)
        assert answer.status_code == 200, answer.text
        return answer

    def items(self, asset: str, what: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.read(asset, what, **query).json()["items"]
        return found

    def all_items(self, asset: str, what: str, **query: Any) -> list[dict[str, Any]]:
        """The items of all pages."""
        answer = self.read(asset, what, **query)
        found = answer.json()["items"]
        while link := answer.links.get("next"):
            assert len(answer.json()["items"]) == query.get("limit", 50)
            answer = self.member.http.get(link["url"])
            found += answer.json()["items"]
        return list(found)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A ledger of their own: its time runs ahead of everybody's."""
    with running(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def maker(service: Running) -> Writer:
    return Writer.join(service, "Maker Works")


@pytest.fixture(scope="module")
def keeper(service: Running) -> Writer:
    return Writer.join(service, "Keeper Logistics")


@pytest.fixture
def asset(maker: Writer) -> str:
    return maker.member.register()


@pytest.fixture(scope="module")
def published(keeper: Writer) -> str:
    return keeper.begin(SchemaPublished(secrets.token_bytes(32), ZERO_HASH))


def later(service: Running, maker: Writer, seconds: int) -> None:
    """Have the chain's time, and the mirror's with it, pass."""
    service.anvil.rpc.call("evm_increaseTime", hex(seconds))
    service.anvil.rpc.call("evm_mine")
    newest = service.anvil.rpc.fetch_block("latest").number

    def mirrored() -> int:
        return int(maker.member.http.get("/v1/status").json()["block"]["number"])

    until(lambda: mirrored() >= newest)


def test_custody_passes_by_offer_and_acceptance(maker: Writer, keeper: Writer, asset: str) -> None:
    maker.write(asset, Offered(Party.CUSTODIAN, keeper.id, 0))
    offered = maker.read(asset, "parties")
    assert offered.headers["ETag"] == '"1"'
    [owner], [offer] = offered.json()["items"], offered.json()["offers"]
    assert (owner["party"], owner["organisation"]) == ("owner", maker.member.id)
    assert (offer["party"], offer["to"]) == ("custodian", keeper.member.id)
    assert (offer["state"], offer["expires_at"], offer["to_block"]) == ("open", None, None)
    block = offered.json()["as_of"]["block"]
    keeper.write(asset, Accepted(Party.CUSTODIAN))
    told = maker.read(asset, "parties").json()
    assert [one["party"] for one in told["items"]] == ["owner", "custodian"]
    assert told["offers"] == []
    custody = told["items"][1]
    assert (custody["organisation"], custody["position"]) == (keeper.member.id, 2)
    assert custody["from_block"] == told["as_of"]["block"] > offer["from_block"]
    assert maker.read(asset, "parties", at=block).json() == {
        **offered.json(),
        "as_of": maker.read(asset, "parties", at=block).json()["as_of"],
    }


def test_parties_of_the_past_are_told_with_their_periods(
    maker: Writer, keeper: Writer, asset: str
) -> None:
    for to in (keeper, maker, keeper):
        owner = keeper if to is maker else maker
        owner.member.append(asset, kind="transferred", to=to.member.id)
    held = maker.all_items(asset, "parties", past=True, limit=1)
    orgs = [maker.member.id, keeper.member.id] * 2
    assert [one["organisation"] for one in held] == orgs
    assert [one["to_block"] for one in held] == [*[one["from_block"] for one in held[1:]], None]
    first = maker.read(asset, "parties", past=True, at=held[0]["from_block"]).json()["items"]
    assert first == [{**held[0], "to_block": None}]
    refused = maker.member.http.get(f"/v1/assets/{asset}/parties", params={"cursor": "abc"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")


def test_an_offer_lapses_by_the_blocks_time(
    service: Running, maker: Writer, keeper: Writer, asset: str
) -> None:
    now = service.anvil.rpc.fetch_block("latest").timestamp
    maker.write(asset, Offered(Party.OPERATOR, keeper.id, now + 1000))
    before = maker.read(asset, "parties")
    assert before.json()["offers"][0]["state"] == "open"
    etag = before.headers["ETag"]
    assert etag.startswith('"1-')
    path = f"/v1/assets/{asset}/parties"
    same = maker.member.http.get(path, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    later(service, maker, 2000)
    after = maker.member.http.get(path, headers={"If-None-Match": etag})
    assert after.status_code == 200
    [offer] = after.json()["offers"]
    assert offer["state"] == "lapsed"
    assert offer["expires_at"].endswith("Z")
    then = maker.read(asset, "parties", at=before.json()["as_of"]["block"]).json()
    assert then["offers"][0]["state"] == "open"
    # Its first number is the position, whatever follows it.
    act = {"kind": "observed", "document": {"event": "inspected"}}
    answer = maker.member.http.post(
        f"/v1/assets/{asset}/entries", json=act, headers={**WAIT, "If-Match": etag}
    )
    assert answer.status_code == 201, answer.text
    stale = maker.member.http.post(
        f"/v1/assets/{asset}/entries", json=act, headers={"If-Match": etag}
    )
    assert stale.status_code == 412


def test_parts_are_told_level_by_level(maker: Writer) -> None:
    car, *axles = (maker.member.register() for _ in range(3))
    wheels = [maker.member.register() for _ in range(4)]
    nut = maker.member.register()
    for part, parent in [
        *zip(axles, [car, car], strict=True),
        *zip(wheels, [axles[0]] * 2 + [axles[1]] * 2, strict=True),
        (nut, wheels[3]),
    ]:
        maker.write(part, Mounted(parse_hash(parent)))
    assert [one["part"] for one in maker.all_items(car, "parts", limit=1)] == axles
    tree = maker.items(car, "parts", depth=32)
    assert [(one["part"], one["parent"], one["level"]) for one in tree] == [
        *[(axle, car, 1) for axle in axles],
        *[(wheel, axles[at // 2], 2) for at, wheel in enumerate(wheels)],
        (nut, wheels[3], 3),
    ]
    assert maker.all_items(car, "parts", depth=32, limit=2) == tree
    assert maker.items(car, "parts", depth=2) == tree[:-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.mirror.queries.mounts.LARGEST", len(tree) - 1)
        path = f"/v1/assets/{car}/parts"
        large = maker.member.http.get(path, params={"depth": 32})
        assert large.status_code == 422
        [error] = large.json()["errors"]
        assert (error["field"], error["value"]) == ("depth", 32)
        assert maker.items(car, "parts", depth=2) == tree[:-1]
    chain = maker.items(nut, "where-used")
    assert [(one["parent"], one["level"]) for one in chain] == [
        (wheels[3], 1),
        (axles[1], 2),
        (car, 3),
    ]
    assert maker.items(car, "where-used") == []
    etag = maker.read(car, "parts", depth=32).headers["ETag"]
    block = maker.read(car, "parts").json()["as_of"]["block"]
    maker.write(nut, Dismounted(parse_hash(wheels[3])))
    # Nothing was written of the car itself.
    assert maker.read(car, "parts").headers["ETag"] == '"2"'
    assert maker.read(car, "parts", depth=32).headers["ETag"] != etag
    assert maker.items(car, "parts", depth=3) == tree[:-1]
    assert maker.items(car, "parts", depth=3, at=block) == tree
    assert maker.items(nut, "where-used", at=block) == chain


def test_attestations_are_valid_expired_or_revoked(
    service: Running, maker: Writer, keeper: Writer, asset: str, published: str
) -> None:
    now = service.anvil.rpc.fetch_block("latest").timestamp
    schema = parse_hash(published)
    for expires in (0, now + 1000, now + 10**6, 2**64 - 1):
        keeper.write(asset, Attested(schema, secrets.token_bytes(32), expires))
    maker.write(asset, Attested(schema, secrets.token_bytes(32), 0))
    before = maker.read(asset, "attestations").json()
    assert [one["state"] for one in before["items"]] == ["valid"] * 5
    keeper.write(asset, AttestationRevoked(1, schema))
    later(service, maker, 2000)
    items = maker.items(asset, "attestations")
    assert [one["state"] for one in items] == ["revoked", "expired", "valid", "valid", "valid"]
    assert [one["position"] for one in items] == [1, 2, 3, 4, 5]
    assert items[0]["to_block"] is not None
    assert items[3]["expires_at"] is None  # no calendar has it
    assert {one["schema"] for one in items} == {published}
    assert maker.all_items(asset, "attestations", limit=2) == items
    assert maker.all_items(asset, "attestations", valid=True, limit=2) == items[2:]
    assert maker.all_items(asset, "attestations", valid=False, limit=1) == items[:2]
    assert maker.items(asset, "attestations", issuer=maker.member.did) == items[4:]
    assert maker.items(asset, "attestations", issuer=keeper.member.id, valid=True) == items[2:4]
    assert maker.items(asset, "attestations", schema=published) == items
    assert maker.items(asset, "attestations", schema="0x" + "11" * 32) == []
    assert maker.items(asset, "attestations", issuer="did:web:nobody.example") == []
    then = before["as_of"]["block"]
    assert maker.items(asset, "attestations", at=then) == before["items"]
    assert maker.items(asset, "attestations", at=then, valid=True) == before["items"]
    assert maker.items(asset, "attestations", at=then, valid=False) == []


def test_listings_are_shown_expired_or_hidden(
    service: Running, maker: Writer, keeper: Writer, asset: str
) -> None:
    now = service.anvil.rpc.fetch_block("latest").timestamp
    worlds = [
        parse_hash(keeper.begin(WorldOpened(secrets.token_bytes(32), ZERO_HASH, ZERO_HASH)))
        for _ in range(3)
    ]
    for world, expires in zip(worlds, (0, now + 1000, 0), strict=True):
        shown = secrets.token_bytes(32), secrets.token_bytes(32)
        maker.write(asset, Listed(world, *shown, expires, ZERO_HASH, 0))
    maker.write(asset, Delisted(worlds[2]))
    listed = maker.read(asset, "listings")
    assert [one["state"] for one in listed.json()["items"]] == ["shown", "shown"]
    later(service, maker, 2000)
    states = [one["state"] for one in maker.all_items(asset, "listings", limit=1)]
    assert states == ["shown", "expired"]
    assert len(maker.items(asset, "listings", shown=True)) == 1
    maker.member.append(asset, kind="transferred", to=keeper.member.id)
    answer = maker.read(asset, "listings")
    assert [one["state"] for one in answer.json()["items"]] == ["hidden", "expired"]
    assert maker.items(asset, "listings", shown=True) == []
    block = listed.json()["as_of"]["block"]
    assert maker.items(asset, "listings", at=block) == listed.json()["items"]
    told = listed.json()["items"][0]
    path = f"/v1/worlds/{told['world']}/listings"
    then = maker.member.http.get(path, params={"at": block})
    assert then.json()["items"] == [told]
    now = maker.member.http.get(path)
    assert now.json()["items"] == [{**told, "state": "hidden"}]
    assert now.headers["ETag"] != then.headers["ETag"]
    assert maker.member.http.get(path, params={"shown": True}).json()["items"] == []
    same = maker.member.http.get(path, headers={"If-None-Match": now.headers["ETag"]})
    assert same.status_code == 304


def test_a_world_lists_in_the_order_of_listing(maker: Writer, keeper: Writer) -> None:
    world = keeper.begin(WorldOpened(secrets.token_bytes(32), ZERO_HASH, ZERO_HASH))
    assets = [maker.member.register() for _ in range(3)]
    for asset in assets[::-1]:
        shown = secrets.token_bytes(32), secrets.token_bytes(32)
        maker.write(asset, Listed(parse_hash(world), *shown, 0, ZERO_HASH, 0))
    path, found = f"/v1/worlds/{world}/listings?limit=1", []
    while path:
        answer = maker.member.http.get(path)
        assert answer.status_code == 200, answer.text
        found += [one["asset"] for one in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert found == assets[::-1]
    unknown = maker.member.http.get("/v1/worlds/0x" + "12" * 32 + "/listings")
    assert unknown.status_code == 404


RELATIONS = ("parties", "parts", "where-used", "attestations", "listings")


@pytest.fixture(scope="module")
def unwritten(maker: Writer) -> str:
    """An asset of a batch, of which nothing is written."""
    lines = "\n".join(json.dumps({"serial": f"L-{n}", "document": {"n": n}}) for n in (1, 2))
    headers = {**WAIT, "Content-Type": "application/x-ndjson"}
    answer = maker.member.http.post("/v1/batches", content=lines, headers=headers)
    assert answer.status_code == 201, answer.text
    path = f"/v1/batches/{answer.json()['id']}/assets"
    return str(maker.member.http.get(path).json()["items"][1]["id"])


def test_a_batchs_asset_is_read_before_anything_is_written_of_it(
    maker: Writer, unwritten: str
) -> None:
    for what in RELATIONS:
        answer = maker.read(unwritten, what)
        assert answer.headers["ETag"] == '"0"'
        if what != "parties":
            assert answer.json()["items"] == []
    for query in ({}, {"past": True}):
        [owner] = maker.items(unwritten, "parties", **query)
        assert (owner["organisation"], owner["position"]) == (maker.member.id, 0)
    block = maker.read(unwritten, "parties").json()["as_of"]["block"]
    maker.write(unwritten, Observed(secrets.token_bytes(32)))
    assert maker.items(unwritten, "parties") == [owner]
    assert maker.items(unwritten, "parties", at=block) == [owner]
    early = maker.member.http.get(f"/v1/assets/{unwritten}/parties", params={"at": block - 1})
    assert early.status_code == 404


@pytest.mark.parametrize("what", RELATIONS)
def test_what_is_not_there_and_what_makes_no_sense(maker: Writer, asset: str, what: str) -> None:
    def ask(asset: str, **query: Any) -> tuple[int, str]:
        answer = maker.member.http.get(f"/v1/assets/{asset}/{what}", params=query)
        return answer.status_code, answer.json()["code"]

    assert ask("0x" + "12" * 32) == (404, "not_found")
    assert ask("0x12") == (422, "invalid_request")
    assert ask(asset, at="yesterday") == (422, "invalid_request")
    assert ask(asset, at=10**9) == (422, "block_ahead") or ask(asset, at=10**9)[0] in (404, 422)
    assert ask(asset, at=1)[0] in (404, 422)
    if what != "where-used":
        assert ask(asset, unknown=1) == (422, "invalid_request")
        assert ask(asset, limit=0) == (422, "invalid_request")


def test_an_asset_on_its_way_says_so(service: Running, maker: Writer) -> None:
    service.anvil.rpc.fetch("evm_setAutomine", False)
    try:
        body = {"serial": secrets.token_hex(8), "document": {"name": "slow"}}
        told = maker.member.http.post("/v1/assets", json=body).json()
        for what in RELATIONS:
            answer = maker.member.http.get(f"/v1/assets/{told['id']}/{what}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_yet_mirrored")
    finally:
        service.anvil.rpc.fetch("evm_setAutomine", True)
        service.anvil.rpc.call("evm_mine")
    path = f"/v1/assets/{told['id']}/parties"
    until(lambda: maker.member.http.get(path).status_code == 200)


def test_a_time_names_the_block_before_it(maker: Writer, asset: str) -> None:
    answer = maker.member.http.get(f"/v1/assets/{asset}").json()
    born = answer["registered_at"]
    at_birth = maker.read(asset, "parties", at=born).json()
    assert at_birth["items"] == maker.items(asset, "parties")
    early = maker.member.http.get(
        f"/v1/assets/{asset}/parties", params={"at": "2001-01-01T00:00:00Z"}
    )
    assert early.status_code in (404, 422)
