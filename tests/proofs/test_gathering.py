"""What is asked for besides a subject is gathered from a real chain, and all of it is proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.domain.kinds import Kind
from ledger.domain.payloads import BatchRegistered
from ledger.errors import MalformedValue, UnknownThing
from ledger.hashing import domain_separator, keccak, subject_id
from ledger.proofs.build import Built, build_bundle
from ledger.proofs.gathering import MOST_HELD, Wanted
from ledger.proofs.steps import WrongBirth
from ledger.proofs.verified import Assembled
from ledger.types import ZERO_HASH, to_hex
from tests.proofs.conftest import OnChain
from tests.proofs.test_verbs import Run, run
from tests.vectors.story import LINES, Story, find_birth, told

__all__ = ["run"]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with told() as story:
        yield story


def built(story: Story, name: str, wanted: Wanted | None = None, block: str = "end") -> Built:
    chain, subject = story.chain, story.subjects[name]
    return build_bundle(chain.rpc, chain.contract, subject, story.blocks[block], wanted)


def named(story: Story, found: Built) -> set[str]:
    names = {subject: name for name, subject in story.subjects.items()}
    return {names[one.id] for one in found.verified.subjects}


def test_the_organisations_that_act_and_are_named_come_along(story: Story) -> None:
    found = built(story, "gearbox", Wanted(organisations=True))
    assert named(story, found) == {"gearbox", "gears", "wheels"}


def test_the_schemas_come_along(story: Story) -> None:
    assert named(story, built(story, "gearbox", Wanted(schemas=True))) == {"gearbox", "schema"}
    assert named(story, built(story, "world", Wanted(schemas=True))) == {"world", "schema"}
    batch = built(story, "line 1", Wanted(schemas=True, organisations=True))
    assert named(story, batch) == {"batch", "line 1", "schema", "gears"}


def test_the_parts_come_along_one_level_or_all(story: Story) -> None:
    assert named(story, built(story, "car", Wanted(parts=True))) == {"car", "axle"}
    whole = built(story, "car", Wanted(tree=True, find_birth=find_birth))
    assert named(story, whole) == {"car", "axle", "wheel", "batch", "line 4"}
    subject = story.subjects
    parts = (Assembled(subject["wheel"], ()), Assembled(subject["line 4"], ()))
    assert whole.verified.tree == Assembled(subject["car"], (Assembled(subject["axle"], parts),))


def test_parts_are_those_of_the_block(story: Story) -> None:
    car = story.subjects["car"]
    first = built(story, "car", block="end").verified.entries
    chain = story.chain
    mounted = [entry for entry in first if entry.position]
    assert len(mounted) == 3
    seen = []
    for block in range(story.blocks["gearbox is run in"], story.blocks["end"] + 1):
        try:
            found = build_bundle(chain.rpc, chain.contract, car, block, Wanted(tree=True))
        except UnknownThing:
            continue
        assert found.verified.tree is not None
        seen.append(len(found.verified.tree.parts))
    assert [one for at, one in enumerate(seen) if at == 0 or seen[at - 1] != one] == [0, 1, 2, 1]


def test_holdings_are_all_that_the_organisation_owns(story: Story) -> None:
    found = built(story, "wheels", Wanted(holdings=True)).verified.holdings
    assert found is not None
    assert found.are_all
    assert set(found.assets) == {story.subjects[name] for name in ("sold", "line 2")}
    many = built(story, "gears", Wanted(holdings=True)).verified.holdings
    assert many is not None
    assert many.are_all
    assert many.balance == 5 + len(LINES) - 1
    assert story.subjects["sold"] not in many.assets
    assert {story.subjects["line 1"], story.subjects["car"]} <= set(many.assets)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_more_than_a_bundle_lists_is_counted_still(story: Story, most: int) -> None:
    found = built(story, "gears", Wanted(holdings=True, most_held=most)).verified
    assert found.holdings is not None
    assert (len(found.holdings.assets), found.holdings.are_all) == (most, False)
    assert any(f"other {found.holdings.balance - most}" in one for one in found.not_proven)


@pytest.mark.parametrize("most", [-1, MOST_HELD + 1])
def test_no_bundle_lists_more_than_it_can(story: Story, most: int) -> None:
    with pytest.raises(MalformedValue, match="most_held"):
        built(story, "gears", Wanted(holdings=True, most_held=most))


def test_a_birth_that_is_kept_falsely_is_noticed(story: Story) -> None:
    true = find_birth(story.subjects["line 1"])
    assert true is not None
    forged = replace(true, content_hash=bytes(32))
    with pytest.raises(WrongBirth):
        built(story, "line 1", Wanted(find_birth=lambda _: forged))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("gears", Wanted(tree=True)),
        ("gears", Wanted(parts=True)),
        ("gearbox", Wanted(holdings=True)),
        ("batch", Wanted(tree=True)),
        ("line 1", Wanted(holdings=True)),
    ],
)
def test_what_a_subject_has_not_cannot_be_proven(story: Story, name: str, wanted: Wanted) -> None:
    with pytest.raises(MalformedValue, match="of class"):
        built(story, name, wanted)


# -- as a command ------------------------------------------------------------------------------


def test_prove_takes_related_subjects_trees_holdings_and_blocks(
    run: Run, story: Story, tmp_path: Path
) -> None:
    node = ("--rpc-url", story.chain.rpc.url, "--contract", to_hex(story.chain.contract))
    path = tmp_path / "bundle.json"

    def verify(name: str, *options: object) -> dict[str, object]:
        command = ("prove", to_hex(story.subjects[name]), "-o", path, "--data", tmp_path, "--json")
        done = run(*command, *node, *options)
        assert done.returncode == 0, done.stderr
        checked = json.loads(done.stdout)["verify"]
        text = run(*checked[1:])
        assert text.returncode == 0, text.stderr
        assert b"Not proven:" in text.stdout
        value: dict[str, object] = json.loads(run(*checked[1:], "--json").stdout)
        return value

    related = verify("gearbox", "--with", "organisations,schema")["related"]
    assert isinstance(related, list)
    assert {one["class"] for one in related} == {"organisation", "schema"}
    tree = verify("car", "--tree")["tree"]
    assert isinstance(tree, dict)
    assert [part["asset"] for part in tree["parts"]] == [to_hex(story.subjects["axle"])]
    held = verify("wheels", "--holdings")["holdings"]
    assert isinstance(held, dict)
    assert (held["balance"], held["are_all"]) == (2, True)
    early = verify("gearbox", "--block", story.blocks["gearbox is run in"])["entries"]
    assert isinstance(early, list)
    assert len(early) == 3
    assert run("prove", "0x" + "07" * 32, "-o", path, *node, "--with", "friends").returncode == 2
    wrong = run("prove", to_hex(story.subjects["car"]), "-o", path, *node, "--holdings")
    assert (wrong.returncode, wrong.stderr.count(b"\n")) == (2, 1)


def test_a_million_assets_are_counted_and_many_listed(onchain: OnChain) -> None:
    """They were no more than 10,000, whatever was asked for."""
    org, size = onchain.orgs[1], 1_000_000
    birth = BatchRegistered(org, ZERO_HASH, keccak(b"root"), size, keccak(b"manifest"))
    domain = domain_separator(31337, onchain.contract)
    batch = subject_id(domain, Kind.BATCH_REGISTERED, org, birth.encode())
    onchain.append((batch, org, birth, 0), sender=1)
    first, wanted = int.from_bytes(batch, "big") + 1, Wanted(holdings=True, most_held=11_000)
    built = build_bundle(onchain.rpc, onchain.contract, org, wanted=wanted)
    held = built.verified.holdings
    assert held is not None
    assert (held.balance, held.are_all) == (size, False)
    assert held.assets == tuple((first + at).to_bytes(32, "big") for at in range(11_000))
    assert len(built.raw) < 11_000 * 80
    alone = build_bundle(onchain.rpc, onchain.contract, org, wanted=replace(wanted, most_held=0))
    assert alone.verified.holdings == replace(held, assets=())
    assert len(alone.raw) < 10_000
