"""What is read as of a block equals a plain fold over the entries up to it, and nothing more.

On chains of chance, whose time runs, so that offers, attestations and listings lapse; over SQLite
and over PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from api.app import create_app
from ledger.database.engine import open_engine, reading, upgrade, writing
from ledger.domain.asset import Asset
from ledger.domain.entries import Appended
from ledger.domain.ledger import Ledger
from ledger.domain.payloads import (
    Accepted,
    AttestationRevoked,
    Attested,
    Listed,
    Mounted,
    Offered,
    Payload,
    Staged,
    Transferred,
    WorldOpened,
    decode_payload,
)
from ledger.domain.relations import Listing, Offer, PartOf
from ledger.domain.telling import moment
from ledger.mirror.queries import windows
from ledger.mirror.rows import read_entry
from ledger.mirror.store import Store
from ledger.mirror.tables import BlockRow, EntryRow
from ledger.outbox.keys import issue_key
from ledger.settings import Settings as ServiceSettings
from ledger.types import ZERO_HASH, AssetKind, Hash32, Party, Stage, to_hex
from tests.api.running import serving
from tests.mirror.chain import Chain
from tests.mirror.lives import some_hash
from tests.mirror.mirroring import as_kept, catch_up
from tests.mirror.walks import Walk
from tests.postgres import postgres

STEPS = 30
SOME = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True, eq=False, repr=False)  # hypothesis would write all of it out
class Told:
    """A mirrored chain: its entries with their blocks, the blocks' times, and who may ask."""

    http: httpx.Client
    entries: list[tuple[int, Appended]]
    times: dict[int, int]
    walk: Walk
    assets: list[Hash32] = field(default_factory=list)

    def fold(self, block: int) -> Ledger:
        """All that was said up to a block, folded."""
        return _fold(self, block)

    def listed(self, path: str, **query: Any) -> list[str]:
        """The ids of all pages, now or as of `at`."""
        answer, found = self.http.get(f"/v1{path}", params=query), []
        while True:
            assert answer.status_code == 200, answer.text
            found += [one["id"] for one in answer.json()["items"]]
            if not (link := answer.links.get("next")):
                return found
            answer = self.http.get(link["url"])

    def read(self, path: str, block: int, **query: Any) -> list[Any] | None:
        """The items of all pages as of a block; None if there is nothing there."""
        url, params, found = f"/v1{path}", {"at": block, "limit": 3, **query}, []
        answer = self.http.get(url, params=params)
        while True:
            if answer.status_code == 404:
                return None
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if not (link := answer.links.get("next")):
                return found
            answer = self.http.get(link["url"])


@cache
def _fold(told: Told, block: int) -> Ledger:
    ledger = Ledger(told.walk.chain.domain)
    for number, entry in told.entries:
        if number <= block:
            ledger.append(entry)
    return ledger


@pytest.fixture(scope="module")
def walked() -> Iterator[Walk]:
    """A chain on which things last for a minute or ten of its time, or for ever."""
    chain = Chain.start()
    now = chain.rpc.fetch_block("latest").timestamp
    with pytest.MonkeyPatch.context() as patch:
        lasts = (0, now + 100, now + 400, 2**40)
        patch.setattr("tests.mirror.walks._EXPIRES", lasts)
        walk = Walk(chain, Random(11))  # noqa: S311
        for _ in walk.walk(STEPS):
            chain.mine()
            chain.rpc.call("evm_increaseTime", hex(20))
        for _ in _what_chance_seldom_does(walk):
            chain.mine()
    yield walk
    chain.stop()


def _what_chance_seldom_does(walk: Walk) -> Iterator[None]:
    """Each step is a block; between the second and the third, time passes."""
    chain, (maker, user, auditor), schema = walk.chain, walk.orgs, walk.schemas[0]
    asset, part = chain.register(maker, 2)
    walk.assets += [asset, part]
    world = chain.begin(user, WorldOpened(some_hash(), ZERO_HASH, ZERO_HASH))
    walk.worlds.append(world)
    yield
    soon = chain.rpc.fetch_block("latest").timestamp + 300
    acts: list[tuple[Hash32, Payload]] = [
        (auditor, Attested(schema, some_hash(), 0)),
        (auditor, Attested(schema, some_hash(), soon)),
        (maker, Listed(world, some_hash(), some_hash(), 0, ZERO_HASH, 0)),
        (maker, Offered(Party.CUSTODIAN, user, 0)),
        (maker, Offered(Party.OPERATOR, user, soon)),
    ]
    for position, (org, payload) in enumerate(acts, 1):
        chain.act(org, asset, payload, position)
    yield
    chain.rpc.call("evm_increaseTime", hex(600))
    chain.act(user, asset, Accepted(Party.CUSTODIAN), 6)
    chain.act(auditor, asset, AttestationRevoked(1, schema), 7)
    chain.act(maker, asset, Staged(Stage.COMMISSIONED), 8)
    yield
    chain.act(maker, asset, Staged(Stage.IN_SERVICE), 9)
    chain.act(maker, part, Mounted(asset), 1)
    yield
    chain.freeze(part)
    yield
    chain.act(maker, asset, Transferred(user), 11)
    yield


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(
    request: pytest.FixtureRequest, walked: Walk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    folder: Path = tmp_path_factory.mktemp("folds")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'ledger.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(postgres())()
        service = ServiceSettings(data=folder, database_url=url)
        engine = open_engine(url)
        stack.callback(engine.dispose)
        upgrade(engine)
        catch_up(walked.chain, Store(engine))
        with writing(engine) as session:
            key = issue_key(session, None)
        with reading(engine) as session:
            rows = session.exec(select(EntryRow).order_by(col(EntryRow.sequence))).all()
            blocks = session.exec(select(BlockRow)).all()
            entries = [(row.block_number, read_entry(row)) for row in rows]
        address = stack.enter_context(serving(create_app(service)))
        headers = {"Authorization": f"Bearer {key}"}
        http = httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False)
        stack.enter_context(http)
        begun = {row.number: row.timestamp for row in blocks if row.last_sequence > 0}
        yield Told(http, entries, begun, walked, list(dict.fromkeys(walked.assets)))


@st.composite
def places(draw: st.DrawFn, told: Told) -> tuple[int, Hash32]:
    """A block that holds entries, and an asset that is there at the end."""
    return draw(st.sampled_from(sorted(told.times))), draw(st.sampled_from(told.assets))


def test_all_that_may_be_told_is_there(told: Told) -> None:
    """Things lapsed, were hidden, mounted and staged, or the rest proves little."""
    block = max(told.times)
    *_, asset, part = told.assets
    path = f"/assets/{to_hex(asset)}"
    states = [one["state"] for one in told.read(f"{path}/attestations", block) or ()]
    assert states == ["revoked", "expired"]
    before = told.read(f"{path}/listings", block - 1) or ()
    after = told.read(f"{path}/listings", block) or ()
    assert [one["state"] for one in (*before, *after)] == ["shown", "hidden"]
    ledger, time = told.fold(block - 1), told.times[block - 1]
    lapsed = ledger.relations.find(Offer, asset, Party.OPERATOR)
    assert lapsed is not None
    assert 0 < lapsed.expires < time
    assert ledger.party_of(asset, Party.CUSTODIAN) == told.walk.orgs[1]
    assert ledger.parent_of(part) == asset
    found = ledger.find(part)
    assert isinstance(found, Asset)
    assert found.frozen


@SOME
@given(data=st.data())
def test_an_asset_equals_its_fold(told: Told, data: st.DataObject) -> None:
    block, asset = data.draw(places(told))
    found = told.fold(block).find(asset)
    answer = told.http.get(f"/v1/assets/{to_hex(asset)}", params={"at": block})
    if found is None:
        assert answer.status_code == 404
        return
    assert isinstance(found, Asset)
    one = answer.json()
    assert (one["position"], one["head"]) == (found.count - 1, to_hex(found.head))
    assert (one["stage"], one["frozen"]) == (found.stage.label, found.frozen)
    assert one["parent"] == _hex(told.fold(block).parent_of(asset))
    assert one["registered_at"] == moment(found.opened_at)
    for party in Party:
        assert one[party.label] == _hex(told.fold(block).party_of(asset, party))


@SOME
@given(data=st.data())
def test_parties_and_offers_equal_the_fold(told: Told, data: st.DataObject) -> None:
    block, asset = data.draw(places(told))
    ledger, path = told.fold(block), f"/v1/assets/{to_hex(asset)}/parties"
    answer = told.http.get(path, params={"at": block})
    if ledger.find(asset) is None:
        assert answer.status_code == 404
        return
    held = [(party, ledger.party_of(asset, party)) for party in Party]
    assert [(one["party"], one["organisation"]) for one in answer.json()["items"]] == [
        (party.label, to_hex(org)) for party, org in held if org is not None
    ]
    offers = {}
    for one in ledger.relations:
        if isinstance(one, Offer) and one.asset == asset:
            good = ledger.offer_of(asset, one.party, told.times[block])
            state = "open" if good else "lapsed"
            offers[one.party.label] = (to_hex(one.to), state)
    assert {one["party"]: (one["to"], one["state"]) for one in answer.json()["offers"]} == offers
    past = told.read(f"/assets/{to_hex(asset)}/parties", block, past=True) or []
    still = {(one["party"], one["organisation"]) for one in past if one["to_block"] is None}
    assert still == {(party.label, to_hex(org)) for party, org in held if org is not None}
    assert all(block >= one["from_block"] for one in past)


@SOME
@given(data=st.data())
def test_trees_and_chains_equal_the_fold(told: Told, data: st.DataObject) -> None:
    block, asset = data.draw(places(told))
    depth = data.draw(st.sampled_from([1, 2, 32]))
    ledger, path = told.fold(block), f"/assets/{to_hex(asset)}"
    tree, chain = told.read(f"{path}/parts", block, depth=depth), _chain(told, path, block)
    if ledger.find(asset) is None:
        assert tree is None
        assert chain is None
        return
    mounts = [one for one in ledger.relations if isinstance(one, PartOf)]
    wanted, level, parents = set(), 1, {asset}
    while parents and level <= depth:
        below = [one for one in mounts if one.parent in parents]
        wanted |= {(to_hex(one.part), to_hex(one.parent), level) for one in below}
        level, parents = level + 1, {one.part for one in below}
    assert tree is not None
    assert {(one["part"], one["parent"], one["level"]) for one in tree} == wanted
    assert len(tree) == len(wanted)
    above, up = [], asset
    while (parent := ledger.parent_of(up)) is not None:
        above.append(to_hex(parent))
        up = parent
    assert chain == above


def _chain(told: Told, path: str, block: int) -> list[str] | None:
    answer = told.http.get(f"/v1{path}/where-used", params={"at": block})
    if answer.status_code == 404:
        return None
    return [one["parent"] for one in answer.json()["items"]]


@SOME
@given(data=st.data())
def test_attestations_equal_the_fold(told: Told, data: st.DataObject) -> None:
    block, asset = data.draw(places(told))
    ledger, path = told.fold(block), f"/assets/{to_hex(asset)}/attestations"
    items = told.read(path, block)
    if ledger.find(asset) is None:
        assert items is None
        return
    stated: dict[int, tuple[str, str, str]] = {}
    for number, entry in told.entries:
        if number > block or entry.subject != asset:
            continue
        match decode_payload(entry.kind, entry.payload):
            case Attested(schema):
                good = ledger.is_in_force(
                    asset, entry.position, entry.org, schema, told.times[block]
                )
                state = "valid" if good else "expired"
                stated[entry.position] = (to_hex(entry.org), to_hex(schema), state)
            case AttestationRevoked(revokes):
                issuer, of, _ = stated[revokes]
                stated[revokes] = (issuer, of, "revoked")
    assert items is not None
    assert {
        one["position"]: (one["issuer"], one["schema"], one["state"]) for one in items
    } == stated
    for valid in (True, False):
        some = told.read(path, block, valid=valid) or []
        assert some == [one for one in items if (one["state"] == "valid") is valid]


@SOME
@given(data=st.data())
def test_listings_equal_the_fold(told: Told, data: st.DataObject) -> None:
    block, asset = data.draw(places(told))
    ledger, path = told.fold(block), f"/assets/{to_hex(asset)}/listings"
    items = told.read(path, block)
    if ledger.find(asset) is None:
        assert items is None
        return
    time = told.times[block]
    listed = [as_kept(one) for one in ledger.relations if isinstance(one, Listing)]
    wanted = {
        to_hex(one.world): ledger.is_listed(asset, one.world, time)
        for one in listed
        if isinstance(one, Listing) and one.asset == asset
    }
    assert items is not None
    assert {one["world"]: one["state"] == "shown" for one in items} == wanted
    shown = told.read(path, block, shown=True)
    assert shown == [one for one in items if one["state"] == "shown"]


@settings(SOME, max_examples=12)
@given(data=st.data())
def test_lists_equal_the_fold(told: Told, data: st.DataObject) -> None:
    """Of those that have entries of their own, as lists have them."""
    block = data.draw(st.sampled_from(sorted(told.times)))
    ledger, time, walk = told.fold(block), told.times[block], told.walk
    rows = {one.id: one for one in ledger.subjects.values() if isinstance(one, Asset)}

    def listed(**query: Any) -> list[str]:
        return [one["id"] for one in told.read("/assets", block, **query) or ()]

    def those(ids: Any) -> list[str]:
        return sorted(map(to_hex, ids))

    org, world = data.draw(st.sampled_from(walk.orgs)), data.draw(st.sampled_from(walk.worlds))
    parent, stage = data.draw(st.sampled_from(told.assets)), data.draw(st.sampled_from(Stage))
    party = data.draw(st.sampled_from(Party))
    assert sorted(listed(**{party.label: to_hex(org)})) == those(
        one for one in rows if ledger.party_of(one, party) == org
    )
    assert sorted(listed(world=to_hex(world))) == those(
        one for one in rows if ledger.is_listed(one, world, time)
    )
    assert sorted(listed(parent=to_hex(parent))) == those(
        one for one in rows if ledger.parent_of(one) == parent
    )
    assert sorted(listed(stage=stage.label)) == those(
        one.id for one in rows.values() if one.stage is stage
    )
    assert sorted(listed(frozen=True)) == those(one.id for one in rows.values() if one.frozen)
    last = {entry.subject: at for at, (number, entry) in enumerate(told.entries) if number <= block}
    changed = sorted(rows, key=lambda one: last[one])
    assert listed(sort="changed") == list(map(to_hex, changed))
    assert listed(sort="-changed") == list(map(to_hex, changed[::-1]))
    first: dict[Hash32, int] = {}
    for at, (_, entry) in enumerate(told.entries):
        first.setdefault(entry.subject, at)
    assert listed(sort="-registered") == [
        to_hex(one) for one in sorted(rows, key=lambda one: -first[one])
    ]


@dataclass(frozen=True)
class Asked:
    """Filters with their values in a fold, and how they are said in a request."""

    values: dict[str, Any]
    block: int | None
    look: int

    @property
    def query(self) -> dict[str, Any]:
        said = {name: _said(value) for name, value in self.values.items()}
        return said if self.block is None else {**said, "at": self.block}

    def takes(self, one: Asset, ledger: Ledger) -> bool:
        return all(value == _value(one, name, ledger) for name, value in self.values.items())

    @property
    def lead(self) -> dict[str, Any]:
        """What alone has the order in which all come."""
        parties = [party.label for party in Party if party.label in self.values]
        if parties:
            return {} if self.block is None else {parties[0]: self.query[parties[0]]}
        return {"frozen": True} if self.values.get("frozen") else {}


def _said(value: Any) -> Any:
    return to_hex(value) if isinstance(value, bytes) else getattr(value, "label", value)


def _value(one: Asset, name: str, ledger: Ledger) -> Any:
    if name in (party.label for party in Party):
        return ledger.party_of(one.id, Party[name.upper()])
    return getattr(one, "org" if name == "organisation" else name)


@st.composite
def combined(draw: st.DrawFn, told: Told) -> Asked:
    """Filters of which most are what one asset is, so that several are true of something."""
    block = draw(st.one_of(st.none(), st.sampled_from(sorted(told.times))))
    ledger = told.fold(max(told.times) if block is None else block)
    orgs, parties = st.sampled_from(told.walk.orgs), [party.label for party in Party]
    others = {
        **dict.fromkeys([*parties, "organisation"], orgs),
        "schema": st.sampled_from([ZERO_HASH, *told.walk.schemas]),
        "asset_kind": st.sampled_from(AssetKind),
        "frozen": st.booleans(),
        **({"stage": st.sampled_from(Stage)} if block is None else {}),
    }
    names = draw(st.lists(st.sampled_from(sorted(others)), min_size=2, max_size=4, unique=True))
    there = [one for one in ledger.subjects.values() if isinstance(one, Asset)]
    like = draw(st.sampled_from(there)) if there else None
    odd = draw(st.sampled_from([None, None, *names]))
    values = {}
    for name in names:
        value = _value(like, name, ledger) if like is not None and name != odd else None
        values[name] = draw(others[name]) if value is None else value
    return Asked(values, block, draw(st.sampled_from([3, 8, windows.LOOK])))


@settings(SOME, max_examples=40)
@given(data=st.data())
def test_lists_of_several_filters_equal_the_fold(told: Told, data: st.DataObject) -> None:
    """However little of what leads is looked at for a page, and whichever end comes first."""
    asked = data.draw(combined(told))
    ledger = told.fold(max(told.times) if asked.block is None else asked.block)
    limit, turned = data.draw(st.sampled_from([2, 50])), data.draw(st.booleans())
    turned = turned and not asked.lead
    sort = {"sort": "-registered"} if turned else {}
    then = {} if asked.block is None else {"at": asked.block}
    whole = told.listed("/assets", limit=200, **asked.lead, **then, **sort)
    subjects = {to_hex(one): found for one, found in ledger.subjects.items()}
    wanted = [one for one in whole if asked.takes(subjects[one], ledger)]
    assert set(wanted) == {
        one
        for one, found in subjects.items()
        if isinstance(found, Asset) and asked.takes(found, ledger)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "LOOK", asked.look)
        assert told.listed("/assets", limit=limit, **asked.query, **sort) == wanted


def _hex(value: Hash32 | None) -> str | None:
    return None if value is None else to_hex(value)
