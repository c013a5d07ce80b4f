"""The comparison of proofs proves the same entries in both ways, and notices those that differ."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ledger.hashing import keccak
from ledger.types import parse_hex
from scripts.bench.costs.chain import BenchError, started
from scripts.bench.costs.ours import Ledger
from scripts.bench.proving.__main__ import measure, write
from scripts.bench.proving.holdings import measure_holdings
from scripts.bench.proving.receipts import Proofs, fetch_proofs, verify_proofs


def test_both_ways_are_measured_and_receipts_are_checked() -> None:
    with started() as chain:
        ledger = Ledger.deploy(chain)
        org = ledger.enrol("bench")
        asset = write(ledger, org, 5)
        rows = measure(ledger, asset, 5, 1)
        assert [(row.way, row.entries, row.blocks) for row in rows] == [
            ("bundle", 5, 5),
            ("receipts", 5, 5),
        ]
        proofs = fetch_proofs(chain, ledger.contract, asset)
        told = json.loads(proofs.raw)
        other = replace(proofs, raw=json.dumps(told[:-1]).encode())
        trusted = {keccak(parse_hex(one["header"])) for one in told}
        assert verify_proofs(proofs, ledger.contract, asset, trusted) == 5
        assert verify_proofs(other, ledger.contract, asset, trusted) == 4  # nobody notices
        with pytest.raises(BenchError, match="no trusted block"):
            verify_proofs(proofs, ledger.contract, asset, set())
        told[0]["receipt"] = told[1]["receipt"]
        with pytest.raises(BenchError, match="another block"):
            verify_proofs(Proofs(json.dumps(told).encode()), ledger.contract, asset, trusted)


def test_what_is_owned_is_measured_with_and_without_a_list() -> None:
    rows = measure_holdings([3])
    assert [(row.way, row.owned, row.listed) for row in rows] == [
        ("batch", 3, 0),
        ("batch", 3, 3),
        ("single", 3, 3),
    ]
    assert all(row.size and row.build and row.build_mib and row.verify_mib for row in rows)
