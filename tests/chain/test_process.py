"""Anvil's process: what answers on its port is it, and nobody else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ledger.chain.process import NodeDied, find_anvil, pick_port, start_process


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells whose a port is")
def test_a_node_that_lost_its_port_to_another_is_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = start_process(find_anvil(), tmp_path / "first", pick_port(0), [])
    try:
        with pytest.raises(NodeDied, match="in use"):
            start_process(find_anvil(), tmp_path / "second", first.port, [])
        assert first.is_alive()
    finally:
        first.end()
