"""Proofs are built from nodes that give few blocks, few logs or few bytes at once, or drop some."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.domain.payloads import Observed, Transferred
from ledger.errors import NodeError, RpcError
from ledger.hashing import keccak
from ledger.proofs.build import build_bundle
from ledger.proofs.gathering import Wanted
from ledger.types import to_hex
from tests.faults.mirror.wordings import RANGE, SIZE
from tests.proofs.conftest import OnChain, deployed
from tests.proofs.narrow import Narrow, narrow

ROOT = Path(__file__).parents[2]
GAP, ENTRIES = 30, 12


@pytest.fixture(scope="module")
def long() -> Iterator[tuple[OnChain, bytes]]:
    """A chain of some hundreds of blocks, with an asset that was written to now and then."""
    with deployed(pace=1) as chain:
        chain.rpc.call("anvil_mine", hex(10 * GAP))
        asset = chain.register(b"wandering")
        for number in range(1, ENTRIES):
            chain.rpc.call("anvil_mine", hex(GAP))
            payload = Observed(keccak(bytes([number])))
            chain.append((asset, chain.orgs[0], payload, number))
        for number in range(40):
            chain.register(b"crowd %d" % number)
        yield chain, asset


def _covered(told: Narrow, last: int) -> None:
    """What was given reaches the last block without a gap."""
    ranges = sorted(set(told.given))
    assert ranges[-1][1] == last
    assert all(after[0] <= before[1] + 1 for before, after in pairwise(ranges))


@pytest.mark.parametrize(
    "limits",
    [
        {"blocks": 2},
        {"blocks": 7},
        {"blocks": 100},
        {"blocks": 300},
        {"logs": 2},
        {"logs": 5},
        {"blocks": 60, "logs": 3},
        {"slots": 1},
        {"slots": 2, "blocks": 100},
        {"drops": 9, "blocks": 40},
        {"drops": 7},
        {"cuts": 4000},
        {"cuts": 4000, "drops": 9, "blocks": 80},
    ],
    ids=str,
)
def test_a_bundle_is_the_same_however_little_a_node_gives_at_once(
    long: tuple[OnChain, bytes], limits: dict[str, int]
) -> None:
    chain, asset = long
    last = chain.rpc.fetch_block_number()
    for subject, wanted in (
        (asset, Wanted(organisations=True, ledger=limits.get("blocks", 100) > 10)),
        (chain.orgs[0], Wanted(holdings=True)),
    ):
        plain = build_bundle(chain.rpc, chain.contract, subject, last, wanted)
        with narrow(chain.rpc.url, **limits) as (rpc, told):
            found = build_bundle(rpc, chain.contract, subject, last, wanted)
        assert found.raw == plain.raw
        assert subject != asset or len(found.verified.entries) == ENTRIES
        _covered(told, last)


@pytest.mark.parametrize("refusals", [RANGE, SIZE])
def test_no_wording_of_a_refusal_is_needed(
    long: tuple[OnChain, bytes], refusals: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, asset = long
    for refusal in refusals:
        monkeypatch.setattr("tests.proofs.narrow.RANGE", [refusal])
        monkeypatch.setattr("tests.proofs.narrow.SIZE", [refusal])
        limits = {"blocks": 200} if refusals is RANGE else {"logs": 4}
        with narrow(chain.rpc.url, **limits) as (rpc, _):
            found = build_bundle(rpc, chain.contract, asset).verified
        assert len(found.entries) == ENTRIES


@pytest.mark.parametrize("limits", [{}, {"blocks": 10}], ids=str)
def test_what_is_older_than_the_subject_is_not_looked_through(
    long: tuple[OnChain, bytes], limits: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.proofs.reading._LONG", 10 * GAP)
    chain, asset = long
    with narrow(chain.rpc.url, **limits) as (rpc, told):
        build_bundle(rpc, chain.contract, asset)
    assert min(first for first, _ in told.asked) > 10 * GAP


def test_refusals_are_few_beside_answers(long: tuple[OnChain, bytes]) -> None:
    chain, asset = long
    with narrow(chain.rpc.url, blocks=4) as (rpc, told):
        build_bundle(rpc, chain.contract, asset)
    assert len(told.given) > 90
    assert len(told.asked) - len(told.given) < len(told.given) / 5


def test_how_far_it_is_is_told(long: tuple[OnChain, bytes]) -> None:
    chain, asset = long
    told: list[tuple[str, int, int]] = []
    with narrow(chain.rpc.url, blocks=20) as (rpc, _):
        build_bundle(rpc, chain.contract, asset, progress=lambda *progress: told.append(progress))
    blocks = [(done, total) for what, done, total in told if what == "blocks looked through"]
    assert len(blocks) > 10
    assert [done for done, _ in blocks] == sorted({done for done, _ in blocks})
    assert blocks[-1][0] == blocks[-1][1]


def test_a_node_that_gives_no_logs_of_one_block_is_named(long: tuple[OnChain, bytes]) -> None:
    chain, asset = long
    with narrow(chain.rpc.url, blocks=0) as (rpc, _), pytest.raises(RpcError, match="eth_getLogs"):
        build_bundle(rpc, chain.contract, asset)
    with narrow(chain.rpc.url, drops=1) as (rpc, _):
        rpc.patience = 0.2
        with pytest.raises(NodeError, match="eth_getLogs"):
            build_bundle(rpc, chain.contract, asset)


def test_assets_that_came_from_others_long_ago_are_found_in_ranges() -> None:
    with deployed() as chain:
        asset = chain.register(b"sold")
        chain.rpc.call("anvil_mine", hex(200))
        chain.append((asset, chain.orgs[0], Transferred(chain.orgs[1]), 1))
        chain.rpc.call("anvil_mine", hex(200))
        with narrow(chain.rpc.url, blocks=30) as (rpc, _):
            held = build_bundle(
                rpc, chain.contract, chain.orgs[1], wanted=Wanted(holdings=True)
            ).verified.holdings
    assert held is not None
    assert (held.assets, held.are_all) == ((asset,), True)


def test_who_waits_at_a_terminal_sees_how_far_it_is(
    long: tuple[OnChain, bytes], tmp_path: Path
) -> None:
    chain, asset = long
    ours, theirs = os.openpty()
    with narrow(chain.rpc.url, blocks=5) as (rpc, _):
        verb = [sys.executable, "-m", "ledger.cli", "prove", to_hex(asset), "-o", "bundle.json"]
        node = ["--rpc-url", rpc.url, "--contract", to_hex(chain.contract)]
        env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*verb, *node], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=theirs, check=True
        )
    os.close(theirs)
    told = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "blocks looked through" in told
    assert b"complete as of block" in done.stdout
