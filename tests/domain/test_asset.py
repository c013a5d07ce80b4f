"""An asset is what its entries, in order, make of it; its head tells every one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.asset import Asset, fold_asset
from ledger.domain.entries import Appended
from ledger.domain.kinds import BIRTHS, Kind
from ledger.domain.payloads import (
    Accepted,
    AccountAdded,
    Enrolled,
    Offered,
    Paused,
    Registered,
    Released,
    TitleForced,
    Transferred,
    Withdrawn,
    decode_payload,
)
from ledger.errors import LedgerError, VerificationError
from ledger.hashing import domain_separator, next_head, subject_id
from ledger.types import AssetKind, Party, Stage
from tests.domain.examples import hashes, payloads_of

births = st.builds(Registered, hashes, hashes, hashes, st.sampled_from(AssetKind))
# All that can follow; nobody releases title.
followers = [kind for kind in Kind if 32 <= kind < 80 and kind not in BIRTHS | {Kind.RELEASED}]
acts = payloads_of(*followers) | st.builds(Released, st.sampled_from([*Party][1:]))
DOMAIN = domain_separator(31337, b"\1" * 20)


@st.composite
def histories(draw: st.DrawFn) -> list[Appended]:
    birth, org = draw(births), draw(hashes)
    subject = subject_id(DOMAIN, birth.KIND, org, birth.encode())
    told, time = [], 0
    for position, payload in enumerate([birth, *draw(st.lists(acts, max_size=8))]):
        time += draw(st.integers(0, 100))
        actor = draw(st.binary(min_size=20, max_size=20))
        told.append(Appended(subject, org, payload.KIND, position, payload.encode(), actor, time))
    return told


def fold(history: list[Appended]) -> Asset:
    asset = None
    for entry in history:
        asset = fold_asset(asset, entry)
    assert asset is not None
    return asset


def last(history: list[Appended], *kinds: Kind) -> Appended | None:
    return next((entry for entry in reversed(history) if entry.kind in kinds), None)


@given(histories())
def test_is_what_the_last_entry_of_each_sort_says(history: list[Appended]) -> None:
    asset, birth = fold(history), Registered.decode(history[0].payload)
    described = last(history, Kind.REVISED)
    staged = last(history, Kind.STAGED)
    barred = last(history, Kind.FROZEN, Kind.UNFROZEN)
    moved = last(history, Kind.MOUNTED, Kind.DISMOUNTED)
    assert asset.id == history[0].subject
    assert asset.org == history[0].org
    assert asset.content_hash == (described.payload if described else birth.content_hash)
    assert asset.birth_content_hash == birth.content_hash
    assert asset.stage == (staged.payload[31] if staged else Stage.PLANNED)
    assert asset.frozen == (barred is not None and barred.kind is Kind.FROZEN)
    assert asset.parent == (moved.payload if moved and moved.kind is Kind.MOUNTED else None)
    assert (asset.schema, asset.asset_kind) == (birth.schema, birth.asset_kind)
    assert asset.count == len(history)
    assert (asset.opened_at, asset.updated_at) == (history[0].timestamp, history[-1].timestamp)


@given(histories())
def test_parties_and_offers_are_what_was_last_said_of_each(history: list[Appended]) -> None:
    birth = Registered.decode(history[0].payload)
    held: dict[Party, bytes | None] = dict.fromkeys(Party)
    held[Party.OWNER] = birth.owner
    offered: set[Party] = set()
    for entry in history[1:]:
        match decode_payload(entry.kind, entry.payload):
            case Transferred(to) | TitleForced(to):
                held[Party.OWNER] = to
                offered.clear()
            case Accepted(party):
                held[party] = entry.org
                offered = set() if party is Party.OWNER else offered - {party}
            case Released(party):
                held[party] = None
                offered.discard(party)
            case Offered(party):
                offered.add(party)
            case Withdrawn(party):
                offered.discard(party)
    asset = fold(history)
    assert {party: getattr(asset, party.label) for party in Party} == held
    assert asset.offered == offered


@given(histories())
def test_its_head_is_folded_from_its_id(history: list[Appended]) -> None:
    head = history[0].subject
    for e in history[1:]:
        head = next_head(head, e.position, e.kind, e.org, e.actor, e.timestamp, e.payload)
    assert fold(history).head == head


@given(histories(), st.data())
def test_no_two_histories_have_one_head(history: list[Appended], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(history) - 1))
    entry = history[at]
    if at == 0:
        return
    changes = {
        "org": bytes(b ^ 1 for b in entry.org),
        "actor": bytes(b ^ 1 for b in entry.actor),
        "timestamp": entry.timestamp + 1,
    }
    field = data.draw(st.sampled_from(sorted(changes)))
    changed = [*history]
    changed[at] = replace(entry, **{field: changes[field]})  # type: ignore[arg-type]
    assert fold(changed).head != fold(history).head


@given(histories(), st.integers(-3, 3).filter(bool))
def test_only_the_next_entry_is_taken(history: list[Appended], off: int) -> None:
    asset = fold(history)
    entry = Appended(asset.id, asset.org, Kind.REVISED, asset.count + off, bytes(32), b"", 0)
    with pytest.raises(VerificationError) as caught:
        fold_asset(asset, entry)
    assert caught.value.fields["expected"] == asset.count
    with pytest.raises(VerificationError):
        fold_asset(asset, replace(entry, position=asset.count, subject=bytes(32)))


@given(histories())
def test_it_is_born_once_and_by_a_registration(history: list[Appended]) -> None:
    asset = fold(history)
    for payload in (
        Registered(bytes(32), bytes(32), bytes(32), AssetKind.TYPE),
        Enrolled("did:web:a.example"),
        AccountAdded(bytes(20)),
        Released(Party.OWNER),
        Paused(bytes(32)),
    ):
        again = Appended(
            asset.id, asset.org, payload.KIND, asset.count, payload.encode(), bytes(20), 0
        )
        with pytest.raises(VerificationError, match="cannot stand"):
            fold_asset(asset, again)
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_asset(None, replace(history[0], position=1))
    with pytest.raises(VerificationError, match="cannot stand"):
        fold_asset(None, replace(history[0], kind=Kind.REVISED, payload=bytes(32)))


def test_a_payload_of_another_kind_is_refused() -> None:
    entry = Appended(bytes(32), bytes(32), Kind.REGISTERED, 0, bytes(31), bytes(20), 0)
    with pytest.raises(LedgerError, match="registered"):
        fold_asset(None, entry)
