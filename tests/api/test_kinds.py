"""Every kind of entry, as API and explorer tell it: nothing breaks, and all is said in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pydantic import TypeAdapter

from api.app import create_app
from api.bodies import decode_body
from api.rights import entitled
from api.schemas.acts import EXAMPLES, Act
from api.schemas.assets import StageWord
from api.schemas.kinds import KindWord
from api.standing import Standing
from ledger.database.engine import open_engine, upgrade, writing
from ledger.domain.asset import Asset, open_asset
from ledger.domain.kinds import CONSEQUENCES, Kind
from ledger.domain.payloads import (
    Accepted,
    Attested,
    Corrected,
    Delisted,
    Erased,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    Released,
    Revised,
    Staged,
    Transferred,
    Withdrawn,
)
from ledger.mirror.store import Store
from ledger.outbox.keys import issue_key
from ledger.settings import Settings
from ledger.types import ZERO_HASH, AssetKind, Party, Stage, to_hex
from tests.api.running import serving
from tests.mirror.chain import Chain
from tests.mirror.lives import Life
from tests.mirror.mirroring import catch_up


@dataclass
class Told:
    """A ledger on which every kind happened, and those who may ask about it."""

    life: Life
    operator: httpx.Client
    member: httpx.Client

    def entries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.operator.get(
            "/v1/entries", params={"limit": 200}
        ).json()["items"]
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder: Path = tmp_path_factory.mktemp("kinds")
    settings = Settings(data=folder, explorer_documents=True)
    engine = open_engine(settings.database())
    upgrade(engine)
    chain = Chain.start()
    try:
        life = Life(chain)
        for _ in life.live():
            chain.mine()
        catch_up(chain, Store(engine))
        with writing(engine) as session:
            keys = [issue_key(session, None), issue_key(session, life.orgs[0])]
        with serving(create_app(settings)) as url:
            clients = [
                httpx.Client(
                    base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
                )
                for key in keys
            ]
            yield Told(life, *clients)
            for client in clients:
                client.close()
    finally:
        chain.stop()
        engine.dispose()


def test_words_for_kinds_and_stages_are_those_of_the_ledger() -> None:
    assert get_args(KindWord) == tuple(kind.label for kind in Kind)
    assert get_args(StageWord) == tuple(stage.label for stage in Stage)


def test_the_stream_tells_every_kind(told: Told) -> None:
    entries = told.entries()
    assert {one["kind"] for one in entries} == {kind.label for kind in Kind}
    assert [one["sequence"] for one in entries] == list(range(1, len(entries) + 1))
    payloads = {one["kind"]: one["payload"] for one in entries}
    assert payloads["staged"] == {"stage": "retired"}
    assert payloads["offered"]["party"] == "operator"
    assert payloads["founded"].keys() == {"authority"}
    assert len(payloads["erased"]["documents"]) == 2
    assert all(re.fullmatch("0x[0-9a-f]{64}", one) for one in payloads["erased"]["documents"])
    founded, *_ = entries
    assert (founded["kind"], founded["organisation"]) == ("founded", None)
    assert told.member.get("/v1/entries", params={"limit": 200}).json()["items"] == entries


def test_assets_tell_stage_parties_and_parent(told: Told) -> None:
    assets = told.operator.get("/v1/assets", params={"limit": 100}).json()["items"]
    gearbox, truck = assets[:2]
    assert (gearbox["stage"], truck["stage"]) == ("retired", "in_service")
    assert (gearbox["parent"], truck["parent"]) == (truck["id"], None)
    assert (gearbox["custodian"], gearbox["lien_holder"]) == (None, None)
    maker, user, _ = map(to_hex, told.life.orgs)
    assert (truck["organisation"], truck["owner"]) == (maker, user)
    members = [one for one in assets if one["registered_content_hash"] is None]
    assert len(members) == 4
    assert {one["content_hash"] is None for one in members} == {True, False}
    for asset in assets:
        one = told.member.get(f"/v1/assets/{asset['id']}")
        assert one.status_code == 200
        assert {**one.json(), "as_of": None} == {**asset, "as_of": None}
        history = told.member.get(asset["entries"]).json()["items"]
        assert history[-1]["position"] == asset["position"]


def test_every_kind_that_can_be_said_of_an_asset_has_an_example_that_is_accepted() -> None:
    kinds = {kind for kind in Kind if Kind.REVISED <= kind <= Kind.ERASED} - CONSEQUENCES
    kinds |= {Kind.FROZEN, Kind.UNFROZEN, Kind.TITLE_FORCED}
    assert set(EXAMPLES) == {kind.label for kind in kinds}
    for kind, said in EXAMPLES.items():
        body = decode_body(TypeAdapter(Act), json.dumps({"kind": kind, **said}).encode())
        assert body.kind == kind


def entitled_to(asset: Asset, payload: Payload) -> set[bytes] | None:
    return entitled(Standing(asset), payload.KIND, getattr(payload, "party", None))


def test_the_parties_that_the_contract_lets_write_may_ask() -> None:
    owner, custodian, operator, holder = (bytes([number]) * 32 for number in range(1, 5))
    birth = open_asset(
        b"asset", owner, owner=owner, schema=ZERO_HASH, asset_kind=AssetKind.INSTANCE,
        content_hash=None, opened_at=0,
    )  # fmt: skip
    asset = replace(birth, custodian=custodian, operator=operator)
    hash_, all_of_them = bytes(32), {owner, custodian, operator}
    for payload, may in (
        (Revised(hash_), {owner, operator}),
        (Observed(hash_), all_of_them),
        (Corrected(0, hash_), all_of_them),
        (Transferred(hash_), {owner}),
        (Staged(Stage.COMMISSIONED), {owner}),
        (Offered(Party.OWNER, hash_, 0), {owner}),
        (Offered(Party.CUSTODIAN, hash_, 0), {custodian}),
        (Withdrawn(Party.OPERATOR), {operator}),
        (Offered(Party.LIEN_HOLDER, hash_, 0), {owner}),
        (Released(Party.CUSTODIAN), {custodian}),
        (Released(Party.LIEN_HOLDER), set()),
        (Mounted(hash_), {owner, custodian}),
        (Listed(hash_, hash_, hash_, 0, hash_, 0), {owner}),
        (Delisted(hash_), {owner}),
        (Erased((hash_,)), {owner}),
    ):
        assert entitled_to(asset, payload) == may, payload
    held = replace(asset, lien_holder=holder)
    assert entitled_to(held, Offered(Party.LIEN_HOLDER, hash_, 0)) == {holder}
    for anybodys in (Accepted(Party.OWNER), Attested(hash_, hash_, 0)):
        assert entitled_to(asset, anybodys) is None


SAID = {
    "Ledger founded",
    "Schema published",
    "New version of a schema",
    "1,000 assets registered at once",
    "2 assets registered at once for did:web:",
    "Custody offered to did:web:",
    "Title offered to did:web:",
    "Lien accepted",
    "Offer of use withdrawn",
    "Custody released",
    "Mounted on 0x",
    "Part added: 0x",
    "Dismounted from 0x",
    "Part removed: 0x",
    "Put into service",
    "Retired",
    "World opened",
    "World closed",
    "Listed in world 0x",
    "Delisted from world 0x",
    "Credential issued",
    "Attested",
    "Frozen",
    "Title forced to pass to did:web:",
    "Ledger paused",
    "Ledger resumed",
    "Successor named",
    "Corrected entry 1",
    "Keys of 2 documents destroyed",
}


def test_the_explorer_says_every_entry_in_words(told: Told) -> None:
    text, path = "", "/entries"
    while path:
        page = told.operator.get(path)
        assert page.status_code == 200
        text += words_of(page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = unescape(following[1]) if following else ""
    assert {words for words in SAID if words not in text} == set()
    assert re.search(r"Attestation of entry \d+ revoked", text)
    assert re.search(r"Credential of entry \d+ revoked", text)
    assert "_" not in text


def test_every_page_of_the_explorer_shows(told: Told) -> None:
    assets = told.operator.get("/v1/assets", params={"limit": 100}).json()["items"]
    pages = [told.operator.get(f"/assets/{one['id']}") for one in assets]
    pages += [told.operator.get(f"/organisations/{to_hex(org)}") for org in told.life.orgs]
    pages += [told.operator.get(path) for path in ("/", "/organisations", "/?frozen=yes")]
    assert {page.status_code for page in pages} == {200}
    gearbox, truck = (words_of(page.text) for page in pages[:2])
    assert "Part of" in gearbox
    assert "Stage Retired" in gearbox
    assert "Stage In service" in truck


def test_links_of_the_explorer_lead_somewhere(told: Told) -> None:
    page = told.operator.get("/entries").text
    for path in set(re.findall(r'href="(/(?:assets|organisations)/0x[0-9a-f]+)"', page)):
        assert told.operator.get(path).status_code == 200, path


def test_status_says_that_the_ledger_is_paused(told: Told) -> None:
    assert told.operator.get("/v1/status").json()["paused"] is False


def words_of(page: str) -> str:
    """A page's main text, tags and runs of white space taken out."""
    main = page.partition("<main")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]+>", "", re.sub(r"</?(p|li|tr|td|div|dt|dd|small|h\d)\b[^>]*>", " ", main))
    return re.sub(r"\s+", " ", unescape(text.partition(">")[2]))
