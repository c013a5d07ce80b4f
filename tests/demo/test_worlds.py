"""The demo's worlds make sense: their histories obey the ledger's rules, their documents read."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from ledger.demo.enterprises import ENTERPRISES
from ledger.demo.story import Life, gtin, item, urn, vary
from ledger.demo.telling import write
from ledger.demo.worlds import WORLDS, all_lives
from ledger.documents.canonical import load_document
from ledger.types import AssetKind

LIVES = list(all_lives())


def name(life: Life) -> str:
    return life.serial


def test_every_world_has_assets_and_every_enterprise_acts() -> None:
    assert len(WORLDS) == 5
    assert all(len(list(world.lives())) >= 15 for world in WORLDS)
    makers = {life.maker for life in LIVES}
    receivers = {act.to for life in LIVES for act in life.acts if act.to}
    assert makers | receivers == set(ENTERPRISES)


def test_the_worlds_show_every_kind_of_entry_and_of_asset() -> None:
    kinds = Counter(act.kind for life in LIVES for act in life.acts)
    assert set(kinds) == {
        "observed",
        "revised",
        "corrected",
        "transferred",
        "frozen",
        "unfrozen",
    }
    assert kinds["frozen"] == kinds["unfrozen"] + 1, "one asset is still under investigation"
    assert {life.asset_kind for life in LIVES} == {kind.label for kind in AssetKind}


def test_a_serial_names_one_asset_of_its_maker() -> None:
    named = Counter((life.maker.did, life.serial) for life in LIVES)
    assert max(named.values()) == 1


def test_identifiers_belong_to_nobody() -> None:
    assert all(each.host.endswith(".example") for each in ENTERPRISES)
    assert len({each.did for each in ENTERPRISES}) == len(ENTERPRISES)
    assert len({each.name for each in ENTERPRISES}) == len(ENTERPRISES)


@pytest.mark.parametrize("life", LIVES, ids=name)
def test_a_life_obeys_the_rules(life: Life) -> None:
    owner, frozen = life.owner or life.maker, False
    for position, act in enumerate(life.acts, 1):
        assert frozen == (act.kind == "unfrozen"), "only governance acts on a frozen asset"
        assert (act.document is None) == (act.kind == "transferred")
        if act.kind == "corrected":
            assert act.corrects is not None
            assert act.corrects < position
        if act.kind == "transferred":
            assert act.to not in (None, owner)
            owner = act.to or owner
        frozen = act.kind == "frozen"


@pytest.mark.parametrize("life", LIVES, ids=name)
def test_documents_are_strict_json_that_people_can_read(life: Life) -> None:
    for document in [life.document, *(act.document for act in life.acts if act.document)]:
        text = write(document)
        assert load_document(text) == document
        assert b"\n  " in text
        assert len(text) < 4096


def test_a_correction_corrects_what_was_said() -> None:
    """The value that an erratum calls wrong stands in the entry that it names."""
    checked = 0
    for life in LIVES:
        for act in life.acts:
            if act.kind == "corrected" and act.document and act.corrects:
                wrong = life.acts[act.corrects - 1].document
                value = _follow(wrong, act.document["field"])
                was = act.document["was"]
                assert was == ({k: value[k] for k in was} if isinstance(was, dict) else value)
                assert was != act.document["is"]
                checked += 1
    assert checked == 4


def _follow(value: object, path: str) -> object:
    for part in path.replace("[", ".").replace("]", "").split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]  # type: ignore[index]
    return value


def test_parts_that_are_built_in_exist() -> None:
    serials = {life.serial for life in LIVES}
    for life in LIVES:
        children = [child["localIdentifier"] for child in life.document.get("childItems", [])]
        named = [*children, *life.document.get("containsFrom", [])]
        assert set(named) <= serials, life.serial


def test_telling_it_twice_tells_the_same() -> None:
    def told() -> str:
        return json.dumps(
            [[life.document, [a.document for a in life.acts]] for life in all_lives()]
        )

    assert told() == told()
    # Pinned: an older data folder must find its own documents again.
    assert vary(100.0, 5.0, "pinned") == 97.49
    assert urn("pinned") == "urn:uuid:3fab5c18-1bd2-8a09-b643-97df76ae2bfa"


def test_item_numbers_carry_their_check_digit() -> None:
    """GS1 General Specifications, 7.9: weights 3 and 1 from the left of a GTIN-14."""
    for maker in ENTERPRISES:
        number = gtin(maker, "any")
        assert len(number) == 14
        assert number.startswith("0952")
        assert sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(number)) % 10 == 0
        assert item(maker, "any", "S1").startswith(f"https://id.{maker.host}/01/{number}/21/S1")
