"""Lists of assets: what they are filtered by, in which order they come, and what none serves."""

from __future__ import annotations

import html
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from ledger.domain.payloads import Registered
from ledger.mirror.queries import windows
from ledger.types import AssetKind, parse_hash
from tests.api.running import WAIT, Member, Running, until
from tests.api.wallets import Wallet, add_account, sign_entry


@dataclass(frozen=True, slots=True)
class Stock:
    """Five assets of a maker in the order of registration, and what became of them."""

    maker: Member
    keeper: Member
    assets: tuple[str, ...]
    schema: str
    world: str
    blocks: tuple[int, ...]

    def ids(self, **query: Any) -> list[str]:
        """The ids of a list, of all its pages of two."""
        path = "/v1/assets"
        answer = self.maker.http.get(path, params={"limit": 2, **query})
        assert answer.status_code == 200, answer.text
        found = [one["id"] for one in answer.json()["items"]]
        while link := answer.links.get("next"):
            answer = self.maker.http.get(link["url"])
            assert answer.status_code == 200, answer.text
            found += [one["id"] for one in answer.json()["items"]]
        return found

    def pick(self, *indexes: int) -> list[str]:
        return [self.assets[index] for index in indexes]

    def refused(self, **query: Any) -> tuple[str, str]:
        """The field that a list is refused for, and why."""
        answer = self.maker.http.get("/v1/assets", params=query)
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        return error["field"], error["reason"]


def act(member: Member, asset: str, **entry: Any) -> int:
    """Append an entry, and tell the block at which it can be read."""
    answer = member.append(asset, **entry)
    assert answer.status_code == 201, answer.text
    return int(member.http.get(f"/v1/assets/{asset}").json()["as_of"]["block"])


def begin(member: Member, path: str, **body: Any) -> str:
    answer = member.http.post(path, json=body, headers=WAIT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def stock(service: Running) -> Stock:
    maker, keeper = service.enrol("Stock Works"), service.enrol("Stock Keepers")
    schema = begin(keeper, "/v1/schemas", document={"type": "object"})
    world = begin(keeper, "/v1/worlds", document={"name": "Stock"})
    serials = ("E-5", "D-4", "c-3", "B-2", "A-1")
    blocks, assets = [], []
    for serial in serials:
        assets.append(maker.register(f"{serial}-{secrets.token_hex(4)}"))
        blocks.append(maker.http.get(f"/v1/assets/{assets[-1]}").json()["as_of"]["block"])
    one, two, three, four, five = assets
    for party, asset in (("custodian", three), ("operator", one), ("lien_holder", two)):
        act(maker, asset, kind="offered", party=party, to=keeper.id)
        act(keeper, asset, kind="accepted", party=party)
    act(maker, four, kind="mounted", parent=five)
    act(maker, one, kind="mounted", parent=five)
    for asset in (three, two):
        act(maker, asset, kind="staged", stage="commissioned")
    rendition = "0x" + "ab" * 32
    for asset in (five, two, one):
        act(maker, asset, kind="listed", world=world, rendition=rendition, licence=rendition)
    blocks.append(act(maker, three, kind="observed", document={"event": "seen"}))
    return Stock(maker, keeper, tuple(assets), schema, world, tuple(blocks))


def test_by_each_party(stock: Stock) -> None:
    keeper = stock.keeper
    for party, index in (("custodian", 2), ("operator", 0), ("lien_holder", 1)):
        for org in (keeper.id, keeper.did):
            assert stock.ids(**{party: org}) == stock.pick(index)
        assert stock.ids(**{party: keeper.id, "at": stock.blocks[-1]}) == stock.pick(index)
        assert stock.ids(**{party: keeper.id, "at": stock.blocks[4]}) == []
        assert stock.ids(**{party: "did:web:nobody.example"}) == []
    assert stock.ids(owner=stock.maker.id) == list(stock.assets)
    assert stock.ids(organisation=stock.maker.did) == list(stock.assets)


def test_by_world_in_the_order_of_listing(stock: Stock) -> None:
    assert stock.ids(world=stock.world) == stock.pick(4, 1, 0)
    assert stock.ids(world=stock.world, at=stock.blocks[-1]) == stock.pick(4, 1, 0)
    assert stock.ids(world=stock.world, at=stock.blocks[4]) == []
    assert stock.ids(world="0x" + "12" * 32) == []


def test_by_parent_in_the_order_of_mounting(stock: Stock) -> None:
    parent = stock.assets[4]
    assert stock.ids(parent=parent) == stock.pick(3, 0)
    assert stock.ids(parent=parent, at=stock.blocks[-1]) == stock.pick(3, 0)
    assert stock.ids(parent=parent, at=stock.blocks[4]) == []


def test_by_stage(stock: Stock) -> None:
    mine = set(stock.assets)

    def found(**query: Any) -> list[str]:
        return [one for one in stock.ids(**query) if one in mine]

    commissioned, planned = stock.pick(1, 2), stock.pick(0, 3, 4)
    assert found(stage="commissioned", limit=200) == commissioned
    assert found(stage="planned", limit=200) == planned
    then = {"at": stock.blocks[-1], "limit": 200}
    assert found(stage="commissioned", **then) == commissioned[::-1]  # as they came to it
    assert found(stage="planned", **then) == planned
    assert found(stage="planned", at=stock.blocks[4], limit=200) == list(stock.assets)
    assert stock.ids(stage="retired", at=stock.blocks[4]) == []


def test_by_schema(service: Running, stock: Stock) -> None:
    wallet = Wallet.make()
    add_account(service, stock.keeper, wallet)
    schema, owner = parse_hash(stock.schema), parse_hash(stock.keeper.id)
    births = []
    for kind in (AssetKind.INSTANCE, AssetKind.TYPE):
        born = Registered(owner, schema, secrets.token_bytes(32), kind)
        body = sign_entry(service, stock.keeper, wallet, born)
        answer = stock.keeper.http.post("/v1/entries", json=body, headers=WAIT)
        births.append(answer.json()["id"])
    assert stock.ids(schema=stock.schema) == births
    assert stock.ids(schema=stock.schema, sort="-registered") == births[::-1]
    assert stock.ids(schema=stock.schema, at=stock.blocks[-1]) == []


def test_by_when_they_were_registered(stock: Stock) -> None:
    mine = {"organisation": stock.maker.id}
    second = stock.blocks[1]
    assert stock.ids(**mine, registered_after=second) == stock.pick(2, 3, 4)
    assert stock.ids(**mine, registered_before=second) == stock.pick(0)
    assert stock.ids(
        **mine, registered_after=stock.blocks[0], registered_before=stock.blocks[3]
    ) == (stock.pick(1, 2))
    born = stock.maker.http.get(f"/v1/assets/{stock.assets[4]}").json()["registered_at"]
    assert stock.ids(**mine, registered_after=born) == []
    assert set(stock.assets) >= set(stock.ids(**mine, registered_before=born))
    assert stock.ids(**mine, registered_after="2001-01-01T00:00:00Z") == list(stock.assets)
    assert stock.ids(**mine, registered_before="2001-01-01T00:00:00Z") == []
    assert stock.ids(**mine, registered_before="2999-01-01T00:00:00Z") == list(stock.assets)
    assert stock.ids(**mine, registered_after=10**12) == []
    assert stock.refused(registered_after="soon")[0] == "registered_after"
    answer = stock.maker.http.get("/v1/assets", params={**mine, "registered_after": second})
    assert answer.json()["unlisted"] is None


def test_sorted_by_registration_both_ways(stock: Stock) -> None:
    mine = {"organisation": stock.maker.id}
    assert stock.ids(**mine, sort="registered") == list(stock.assets)
    assert stock.ids(**mine, sort="-registered") == list(stock.assets)[::-1]
    assert stock.ids(owner=stock.maker.id, sort="-registered") == list(stock.assets)[::-1]
    then = {"at": stock.blocks[2], "sort": "-registered"}
    assert stock.ids(**mine, **then) == stock.pick(2, 1, 0)


def test_sorted_by_change_both_ways(stock: Stock) -> None:
    newest = stock.maker.http.get(
        "/v1/assets", params={"sort": "-changed", "at": stock.blocks[-1], "limit": 5}
    ).json()["items"]
    assert [one["id"] for one in newest] == stock.pick(2, 0, 1, 4, 3)
    changes = [one["updated_at"] for one in newest]
    assert changes == sorted(changes, reverse=True)
    oldest = stock.ids(sort="changed", at=stock.blocks[-1], limit=200)
    assert oldest[-5:] == stock.pick(2, 0, 1, 4, 3)[::-1]
    assert len(oldest) == len(set(oldest))
    act(stock.maker, stock.assets[3], kind="observed", document={"event": "moved"})
    assert stock.ids(sort="changed", limit=200)[-1] == stock.assets[3]
    assert stock.ids(sort="-changed", at=stock.blocks[-1], limit=200)[0] == stock.assets[2]


def test_sorted_by_serial_for_those_who_may_know_them(stock: Stock, service: Running) -> None:
    query = {"organisation": stock.maker.id, "sort": "serial"}
    found = stock.ids(**query)
    assert set(found) == set(stock.assets)
    serials = [stock.maker.http.get(f"/v1/assets/{one}").json()["serial"] for one in found]
    assert len({serial[0] for serial in serials}) == 5
    assert serials in (sorted(serials), sorted(serials, key=str.lower))
    answer = stock.keeper.http.get("/v1/assets", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "sort"
    assert not any(serial in answer.text for serial in serials)
    asked = service.operator.get("/v1/assets", params=query).json()["items"]
    assert [one["id"] for one in asked] == found
    early = stock.ids(**query, at=stock.blocks[2])
    assert set(early) == set(stock.pick(0, 1, 2))
    assert stock.refused(sort="serial")[0] == "sort"
    assert stock.refused(**query, frozen="false")[0] == "sort"
    assert stock.refused(**query, cursor="c2VyaWFsOjE")[0] == "cursor"


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("world", {"world": "W", "owner": "me"}),
        ("world", {"world": "W", "serial": "x"}),
        ("parent", {"parent": "W", "stage": "planned"}),
        ("world", {"world": "W", "parent": "W"}),
        ("parent", {"parent": "W", "custodian": "me"}),
        ("stage", {"stage": "planned", "asset_kind": "instance", "at": "now"}),
        ("stage", {"stage": "retired", "registered_after": "1", "at": "now"}),
        ("stage", {"stage": "planned", "q": "gearbox"}),
        ("custodian", {"custodian": "me", "q": "did:web:x.example"}),
        ("schema", {"schema": "W", "q": "gearbox"}),
        ("sort", {"sort": "registered", "frozen": "true", "stage": "planned"}),
        ("sort", {"sort": "registered", "stage": "planned", "at": "now"}),
        ("sort", {"sort": "changed", "stage": "planned"}),
        ("sort", {"sort": "-changed", "owner": "me"}),
        ("sort", {"sort": "changed", "registered_after": "1"}),
        ("sort", {"sort": "registered", "frozen": "true"}),
        ("sort", {"sort": "registered", "q": "gearbox"}),
        ("sort", {"sort": "-registered", "q": "0x123"}),
        ("sort", {"sort": "registered", "world": "W"}),
        ("sort", {"sort": "registered", "owner": "me", "at": "now"}),
        ("registered_after", {"registered_after": "1", "parent": "W"}),
        ("registered_before", {"registered_before": "9", "frozen": "true"}),
    ],
)
def test_what_no_index_serves_is_refused_by_name(
    stock: Stock, field: str, query: dict[str, str]
) -> None:
    meant = {"W": stock.world, "me": stock.maker.id, "now": str(stock.blocks[-1])}
    asked = {name: meant.get(value, value) for name, value in query.items()}
    found, reason = stock.refused(**asked)
    assert found == field
    assert "combined" in reason or "order of their own" in reason


def test_filters_narrow_each_other(stock: Stock) -> None:
    mine, keeper = {"owner": stock.maker.id}, stock.keeper.id
    assert stock.ids(**mine, stage="commissioned") == stock.pick(1, 2)
    assert stock.ids(**mine, stage="planned") == stock.pick(0, 3, 4)
    assert stock.ids(**mine, stage="planned", sort="-registered") == stock.pick(4, 3, 0)
    assert stock.ids(**mine, stage="planned", registered_after=stock.blocks[1]) == stock.pick(3, 4)
    assert stock.ids(custodian=keeper, stage="commissioned") == stock.pick(2)
    assert stock.ids(custodian=keeper, stage="planned") == []
    assert stock.ids(custodian=keeper, organisation=stock.maker.id) == stock.pick(2)
    assert stock.ids(lien_holder=keeper, operator=keeper) == []
    assert stock.ids(operator=keeper, schema="0x" + "00" * 32, **mine) == stock.pick(0)
    assert stock.ids(operator=keeper, schema=stock.schema) == []
    then = {"at": stock.blocks[-1]}
    assert stock.ids(custodian=keeper, organisation=stock.maker.id, **then) == stock.pick(2)
    assert stock.ids(custodian=keeper, **mine, asset_kind="type", **then) == []
    assert stock.ids(custodian=keeper, **mine, at=stock.blocks[4]) == []
    assert stock.ids(organisation=stock.maker.id, asset_kind="instance", **then) == list(
        stock.assets
    )


def test_a_stage_alone_is_sorted_by_registration(stock: Stock) -> None:
    after = {"registered_after": stock.blocks[0], "stage": "commissioned", "limit": 200}
    mine = set(stock.assets)
    assert [one for one in stock.ids(**after) if one in mine] == stock.pick(1, 2)
    turned = stock.ids(**after, sort="-registered")
    assert [one for one in turned if one in mine] == stock.pick(2, 1)


def test_a_page_that_a_window_ends_has_a_link(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "LOOK", 1)
    params = {"owner": stock.maker.id, "organisation": stock.maker.id, "stage": "commissioned"}
    pages, url = [], f"/v1/assets?{urlencode(params)}"
    while url:
        answer = stock.maker.http.get(url)
        pages.append([one["id"] for one in answer.json()["items"]])
        url = answer.links.get("next", {}).get("url")
    assert [one for page in pages for one in page] == stock.pick(1, 2)
    assert len(pages) > 1
    assert all(len(page) <= 1 for page in pages)


def test_the_explorer_leads_past_a_window_without_any(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "LOOK", 3)
    asked = {"owner": stock.maker.id, "frozen": "yes"}
    shown = stock.maker.http.get("/", params=asked).text
    assert "None so far" in shown
    [following] = re.findall(r'href="(/\?[^"]*cursor=[^"]*)"', shown)
    assert "No such assets" in stock.maker.http.get(html.unescape(following)).text


def test_a_serial_leaves_few_that_anything_may_narrow(stock: Stock) -> None:
    serial = stock.maker.http.get(f"/v1/assets/{stock.assets[2]}").json()["serial"]
    asked = {"serial": serial, "custodian": stock.keeper.id, "owner": stock.maker.id}
    assert stock.ids(**asked, sort="registered", frozen="false") == stock.pick(2)
    assert stock.ids(serial=serial, registered_after=stock.blocks[1]) == stock.pick(2)
    assert stock.ids(serial=serial, registered_after=stock.blocks[2]) == []
    assert stock.ids(serial=serial, registered_before=stock.blocks[2]) == []
    assert stock.ids(serial=serial, operator=stock.keeper.id) == []
    for then in ({}, {"at": stock.blocks[-1]}):
        assert stock.ids(serial=serial, stage="commissioned", **then) == stock.pick(2)
        assert stock.ids(serial=serial, stage="planned", **then) == []


def test_cursors_of_other_lists_are_refused(stock: Stock) -> None:
    first = stock.maker.http.get("/v1/assets", params={"sort": "-changed", "limit": 1})
    cursor = first.links["next"]["url"].rsplit("cursor=", 1)[1]
    assert stock.refused(cursor=cursor)[0] == "cursor"
    assert stock.refused(cursor=cursor, world=stock.world)[0] == "cursor"
    assert stock.refused(sort="alphabet")[0] == "sort"
    assert stock.refused(world="0x12")[0] == "world"


def test_fields_are_selected(stock: Stock) -> None:
    http = stock.maker.http
    asset = stock.assets[0]
    whole = http.get(f"/v1/assets/{asset}").json()
    one = http.get(f"/v1/assets/{asset}", params={"fields": "id,schema,owner"})
    assert one.json() == {
        **{name: whole[name] for name in ("id", "schema", "owner")},
        "as_of": one.json()["as_of"],
    }
    assert one.headers["ETag"] == f'"{whole["position"]}"'
    again = http.get(
        f"/v1/assets/{asset}",
        params={"fields": "id"},
        headers={"If-None-Match": one.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    query = {"organisation": stock.maker.id, "fields": "id,serial"}
    listed = http.get("/v1/assets", params=query).json()
    assert listed.keys() == {"items", "as_of"}
    assert [one["id"] for one in listed["items"]] == list(stock.assets)
    assert all(one.keys() == {"id", "serial"} for one in listed["items"])
    assert stock.ids(**query) == list(stock.assets)  # on every page


def test_fields_of_a_batchs_assets_are_selected(stock: Stock) -> None:
    http, prefix = stock.maker.http, secrets.token_hex(4)
    lines = "\n".join(json.dumps({"serial": f"{prefix}-{n}", "document": {}}) for n in (1, 2))
    headers = {**WAIT, "Content-Type": "application/x-ndjson"}
    batch = http.post("/v1/batches", content=lines, headers=headers).json()["id"]
    told = http.get(f"/v1/batches/{batch}/assets", params={"fields": "serial,schema"}).json()
    assert told["items"] == [{"serial": f"{prefix}-{n}", "schema": None} for n in (1, 2)]


def test_fields_of_entries_are_selected(stock: Stock) -> None:
    http = stock.maker.http
    path = f"/v1/assets/{stock.assets[0]}/entries"
    whole = http.get(path).json()["items"]
    some = http.get(path, params={"fields": "kind,at"}).json()["items"]
    assert some == [{"kind": one["kind"], "at": one["at"]} for one in whole]
    assert http.get(f"{path}/1", params={"fields": "head"}).json() == {"head": whole[1]["head"]}
    everywhere = http.get("/v1/entries", params={"fields": "sequence", "limit": 3}).json()
    assert everywhere["items"] == [{"sequence": number} for number in (1, 2, 3)]


@pytest.mark.parametrize(
    "fields", ["colour", "position,colour", "position,", "", "schema_", "head position"]
)
def test_fields_that_there_are_not_are_named(stock: Stock, fields: str) -> None:
    asset = stock.assets[0]
    for path in (
        f"/v1/assets/{asset}",
        "/v1/assets",
        "/v1/entries",
        f"/v1/assets/{asset}/entries",
        f"/v1/assets/{asset}/entries/0",
    ):
        answer = stock.maker.http.get(path, params={"fields": fields})
        assert answer.status_code == 422, path
        [error] = answer.json()["errors"]
        unknown = next(one for one in fields.split(",") if one != "position")
        assert (error["field"], error["value"]) == ("fields", fields)
        assert repr(unknown) in error["reason"]


def test_everything_is_listed_again_after_a_while(stock: Stock) -> None:
    """What is mirrored later is found by all of them."""
    asset = stock.maker.register(f"Z-{secrets.token_hex(4)}")
    act(stock.maker, asset, kind="mounted", parent=stock.assets[4])
    until(lambda: asset in stock.ids(parent=stock.assets[4]))
    assert stock.ids(parent=stock.assets[4])[-1] == asset
