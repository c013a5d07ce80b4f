"""What the ledger costs: whole transactions on Anvil, held against a committed snapshot.

`UPDATE_SNAPSHOTS=1 pytest tests/contracts/test_gas.py` writes the snapshot anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ledger.domain.kinds import Kind

SNAPSHOT = Path(__file__).resolve().parents[2] / "contracts/snapshots/gas.json"
BATCH = 100

TARGETS = {
    "register": 75_000,
    "register_batch_item": 40_000,
    "observe": 50_000,
    "observe_batch_item": 22_000,
    "transfer": 65_000,
    "transfer_batch_item": 26_000,
}
"""DESIGN's targets, in gas for the whole transaction; a batch's is divided by its 100 items."""


def _measure(desk) -> dict[str, int]:
    gas = {"deploy": desk.deployment, "enrol": desk.enrolment}
    for number, suffix in ((1, ""), (BATCH, "_batch_item")):
        gas[f"register{suffix}"] = desk.send(desk.register(number))
        gas[f"observe_first{suffix}"] = desk.send(desk.act(Kind.OBSERVED, 1))
        gas[f"observe{suffix}"] = desk.send(desk.act(Kind.OBSERVED, 2))
        gas[f"revise{suffix}"] = desk.send(desk.act(Kind.REVISED, 3))
        gas[f"transfer{suffix}"] = desk.send(desk.act(Kind.TRANSFERRED, 4))
        desk.send(desk.register(number))
        gas[f"transfer_first{suffix}"] = desk.send(desk.act(Kind.TRANSFERRED, 1))
    return {
        name: -(-used // BATCH) if name.endswith("_batch_item") else used
        for name, used in gas.items()
    }


def test_gas_is_as_the_snapshot_says_and_within_the_targets(desk) -> None:
    measured = _measure(desk)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    assert measured == json.loads(SNAPSHOT.read_bytes())
    assert {name: measured[name] for name in TARGETS if measured[name] > TARGETS[name]} == {}
