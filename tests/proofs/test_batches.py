"""Assets of batches are proven from the batch's root on, be there entries of their own or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.asset import Asset
from ledger.domain.payloads import BatchRegistered, Observed, Revised, Transferred
from ledger.hashing import keccak, leaf_hash, merkle_root, next_level
from ledger.proofs.bundle import Birth, Bundle
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.layout import SubjectClass, approval_slot, encode_word, word_slot
from ledger.proofs.steps import (
    StepFailed,
    WrongBirth,
    WrongHead,
    WrongHistory,
    WrongState,
    WrongWord,
)
from ledger.proofs.verified import Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH
from tests.proofs.paper import (
    ACTOR,
    CONTRACT,
    ORG,
    OTHER,
    REASON,
    Paper,
    an_asset,
    block_hash,
    entries_of,
    with_entries,
    with_entry,
)

SIZE = 5
BIRTHS = [keccak(bytes([number])) for number in range(SIZE)]


def path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The siblings from a leaf to the root, by another way than the store's (RFC 6962, 2.1.1)."""
    level, found = [leaf_hash(leaf) for leaf in leaves], []
    while len(level) > 1:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        level, index = next_level(level), index // 2
    return tuple(found)


def a_batch(paper: Paper, births: Sequence[bytes] = BIRTHS) -> bytes:
    root, size = merkle_root(births), len(births)
    return paper.begin(BatchRegistered(ORG, ZERO_HASH, root, size, keccak(b"lines")), ORG)


def asset_of(batch: bytes, index: int) -> bytes:
    return (int.from_bytes(batch, "big") + index).to_bytes(32, "big")


def with_birth(bundle: Bundle, birth: Birth | None) -> Bundle:
    subjects = [
        replace(one, birth=birth) if one.id == bundle.subject else one for one in bundle.subjects
    ]
    return replace(bundle, subjects=tuple(subjects))


def birth_of(index: int) -> Birth:
    return Birth(BIRTHS[index - 1], path(BIRTHS, index - 1))


def verified(bundle: Bundle) -> Verified:
    return verify_bundle(encode_bundle(bundle), block_hash=block_hash(bundle), contract=CONTRACT)


def failing(step: type[StepFailed], bundle: Bundle) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        verified(bundle)
    assert type(caught.value) is step, caught.value
    return caught.value


def test_an_asset_that_nothing_was_written_to_is_what_its_batch_says() -> None:
    paper = Paper()
    batch = a_batch(paper)
    asset = asset_of(batch, SIZE)
    found = verified(with_birth(paper.bundle(asset, related=[batch]), birth_of(SIZE)))
    assert isinstance(found.state, Asset)
    assert (found.state.owner, found.state.head, found.entries) == (ORG, asset, ())
    assert found.state.birth_content_hash == found.state.content_hash == BIRTHS[-1]
    assert (found.word.count, found.word.subject_class) == (1, SubjectClass.ASSET)
    assert not any("birth record an asset" in one for one in found.not_proven)
    bare = verified(paper.bundle(asset, related=[batch]))
    assert isinstance(bare.state, Asset)
    assert bare.state.content_hash is None
    assert any("birth record an asset" in one for one in bare.not_proven)


def test_an_asset_with_entries_goes_on_from_its_batch() -> None:
    paper = Paper()
    batch = a_batch(paper)
    asset = asset_of(batch, 2)
    paper.append(asset, Observed(REASON), ORG)
    paper.append(asset, Revised(keccak(b"better")), ORG)
    paper.append(asset, Transferred(OTHER), ORG)
    bundle = with_birth(paper.bundle(asset, related=[batch]), birth_of(2))
    found = verified(bundle)
    assert isinstance(found.state, Asset)
    assert (found.state.owner, found.state.org) == (OTHER, ORG)
    assert found.state.birth_content_hash == BIRTHS[1]
    assert found.state.content_hash == keccak(b"better")
    assert [entry.position for entry in found.entries] == [1, 2, 3]
    failing(WrongHistory, with_entries(bundle, entries_of(bundle)[:-1]))
    failing(WrongHistory, with_entries(bundle, ()))
    failing(WrongHistory, with_entry(bundle, 0, position=2))
    failing(WrongHistory, with_entry(bundle, 1, actor=b"\xbb" * 20))


@given(st.integers(1, 40), st.data())
def test_each_birth_leads_to_the_root_and_no_other_does(size: int, data: st.DataObject) -> None:
    paper = Paper()
    births = [keccak(number.to_bytes(2, "big")) for number in range(size)]
    batch = a_batch(paper, births)
    index = data.draw(st.integers(1, size))
    true = Birth(births[index - 1], path(births, index - 1))
    bundle = paper.bundle(asset_of(batch, index), related=[batch])
    state = verified(with_birth(bundle, true)).state
    assert isinstance(state, Asset)
    assert state.birth_content_hash == births[index - 1]
    other = data.draw(st.integers(1, size))
    false = [
        replace(true, content_hash=keccak(b"forged")),
        replace(true, path=(*true.path, ZERO_HASH)),
        replace(true, path=(ZERO_HASH, *true.path)),
    ]
    if true.path:
        false += [replace(true, path=true.path[:-1]), replace(true, path=(ZERO_HASH,))]
    if len(set(true.path)) > 1:
        false.append(replace(true, path=true.path[::-1]))
    if other != index:
        false.append(Birth(births[other - 1], path(births, other - 1)))
    for birth in false:
        if birth != true:
            failing(WrongBirth, with_birth(bundle, birth))


def test_an_inner_hash_of_the_tree_is_no_birth() -> None:
    paper = Paper()
    batch = a_batch(paper)
    bundle = paper.bundle(asset_of(batch, 1), related=[batch])
    pair = leaf_hash(BIRTHS[0]) + leaf_hash(BIRTHS[1])
    for forged in (pair[:32], keccak(pair)):
        failing(WrongBirth, with_birth(bundle, Birth(forged, path(BIRTHS, 0)[1:])))


def test_an_asset_needs_its_batch_before_it() -> None:
    paper = Paper()
    batch, another = a_batch(paper), a_batch(paper, BIRTHS[:3])
    asset = asset_of(batch, 1)
    failing(WrongWord, paper.bundle(asset))
    failing(WrongWord, paper.bundle(asset, related=[another]))
    bundle = paper.bundle(asset, related=[batch])
    failing(WrongWord, replace(bundle, subjects=bundle.subjects[::-1]))
    paper.append(asset, Observed(REASON), ORG)
    failing(WrongBirth, paper.bundle(asset))
    assert "batch" in failing(WrongBirth, paper.bundle(asset, related=[another])).reason


def test_ids_beyond_the_batch_are_no_assets() -> None:
    paper = Paper()
    batch = a_batch(paper)
    for index in (SIZE + 1, 2**24 - 1):
        failing(WrongWord, paper.bundle(asset_of(batch, index), related=[batch]))
    word = encode_word(replace(paper.word(asset_of(batch, 1)), count=1))
    beyond = asset_of(batch, SIZE + 1)
    forged = paper.storage() | {word_slot(beyond): word}
    failing(WrongBirth, paper.bundle(beyond, forged, related=[batch]))


def test_a_word_that_an_approval_wrote_is_no_entry() -> None:
    paper = Paper()
    batch = a_batch(paper)
    asset = asset_of(batch, 3)
    word = encode_word(replace(paper.word(asset), approved=True))
    slots = {word_slot(asset): word, approval_slot(asset): int.from_bytes(ACTOR, "big")}
    found = verified(paper.bundle(asset, paper.storage() | slots, related=[batch]))
    assert (found.main.approved, found.entries) == (ACTOR, ())
    other = encode_word(replace(paper.word(asset), owner=OTHER[12:]))
    failing(
        WrongState,
        paper.bundle(asset, paper.storage() | {word_slot(asset): other}, related=[batch]),
    )
    later = encode_word(replace(paper.word(asset), count=2))
    failing(
        WrongHead,
        paper.bundle(asset, paper.storage() | {word_slot(asset): later}, related=[batch]),
    )


def test_what_is_no_asset_of_a_batch_has_no_birth_record() -> None:
    paper = Paper()
    failing(WrongBirth, with_birth(paper.bundle(an_asset(paper)), Birth(BIRTHS[0], ())))
    batch = a_batch(paper)
    failing(WrongBirth, with_birth(paper.bundle(batch), birth_of(1)))
