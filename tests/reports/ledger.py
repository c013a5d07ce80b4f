"""A whole ledger that tests of the audit may falsify, and its verb as an auditor calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.cli import main
from ledger.database.engine import open_engine, reading
from ledger.deployment.manifest import DeployedContract, Manifest, save_manifest
from ledger.hashing import keccak
from ledger.mirror.queries import find_mirror
from ledger.types import ZERO_HASH
from tests.api.running import Running

Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Called:
    """How a verb left, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> dict[str, Any]:
        """What it told with --json."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def write_manifest(ledger: Running) -> None:
    """Say in the data folder what is deployed, as `deploy` would."""
    engine = open_engine(ledger.settings.database())
    with reading(engine) as session:
        mirror = find_mirror(session)
    engine.dispose()
    assert mirror is not None
    rpc = ledger.anvil.rpc
    block = rpc.fetch_block(mirror.base_block + 1)
    contract = DeployedContract(
        address=mirror.contract,
        block=block.number,
        block_hash=block.hash,
        transaction=ZERO_HASH,
        code_hash=keccak(rpc.fetch_code(mirror.contract)),
        compiler="0.8.30",
        source_hash="0x" + "11" * 32,
        arguments=(),
    )
    save_manifest(
        ledger.settings.data / "manifest.json",
        Manifest(mirror.chain_id, mirror.genesis_hash, mirror.domain, {"AssetLedger": contract}),
    )


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> Called:
    """Call a verb."""
    with pytest.raises(SystemExit) as left:
        main([*map(str, arguments)])
    return Called(int(left.value.code or 0), *capsys.readouterr())
