"""A batch's assets are there from its one entry on, and become ordinary by their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.asset import Asset, fold_asset
from ledger.domain.batch import batch_id_of, fold_batch, member
from ledger.domain.payloads import BatchRegistered, Observed, Transferred
from ledger.domain.subjects import fold_subject
from ledger.errors import VerificationError
from ledger.hashing import next_head
from ledger.types import AssetKind
from tests.domain.examples import ACTOR, OPENED, told

ID = b"\7" * 29 + bytes(3)
ORG, OWNER, SCHEMA, ROOT, MANIFEST = (bytes([n]) * 32 for n in range(1, 6))
BIRTH = told(ID, 0, BatchRegistered(OWNER, SCHEMA, ROOT, 300, MANIFEST), ORG)
BATCH = fold_batch(None, BIRTH)


def asset(index: int) -> bytes:
    return ID[:29] + index.to_bytes(3, "big")


def test_is_what_its_entry_says_and_takes_no_other() -> None:
    assert (BATCH.id, BATCH.org, BATCH.owner, BATCH.head) == (ID, ORG, OWNER, ID)
    assert (BATCH.schema, BATCH.root, BATCH.size) == (SCHEMA, ROOT, 300)
    assert (BATCH.content_hash, BATCH.count, BATCH.opened_at) == (MANIFEST, 1, OPENED)
    for before, entry in ((BATCH, BIRTH), (None, replace(BIRTH, position=1))):
        with pytest.raises(VerificationError, match="cannot stand"):
            fold_batch(before, entry)


@given(st.integers(0, 2**24 - 1))
def test_its_assets_are_those_behind_it(index: int) -> None:
    assert batch_id_of(asset(index)) == ID
    assert BATCH.has(asset(index)) == (1 <= index <= 300)
    assert not BATCH.has(b"\6" + asset(index)[1:])


@pytest.mark.parametrize("index", [0, 301])
def test_it_has_no_others(index: int) -> None:
    with pytest.raises(VerificationError, match="no asset of the batch"):
        member(BATCH, asset(index))


def test_an_asset_is_born_with_the_batch() -> None:
    one = member(BATCH, asset(1))
    assert (one.id, one.head, one.count) == (asset(1), asset(1), 1)
    assert (one.org, one.owner, one.schema) == (ORG, OWNER, SCHEMA)
    assert (one.asset_kind, one.birth_content_hash) == (AssetKind.INSTANCE, None)
    assert (one.content_hash, one.opened_at) == (None, OPENED)


def test_its_first_own_entry_follows_the_batch_s() -> None:
    entry = told(asset(300), 1, Transferred(ORG), OWNER, OPENED + 5)
    one = fold_subject(None, entry, BATCH)
    assert one == fold_asset(member(BATCH, asset(300)), entry)
    assert isinstance(one, Asset)
    assert (one.owner, one.count, one.updated_at) == (ORG, 2, OPENED + 5)
    assert one.head == next_head(asset(300), 1, 38, OWNER, ACTOR, OPENED + 5, ORG)


@pytest.mark.parametrize(("index", "position"), [(301, 1), (0, 1), (1, 0), (1, 2)])
def test_no_other_entry_begins_an_asset(index: int, position: int) -> None:
    entry = told(asset(index), position, Observed(ROOT), OWNER)
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_subject(None, entry, BATCH)
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_subject(None, entry)
