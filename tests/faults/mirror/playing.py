"""The ground that schedules for the mirror are played on, one after another."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.database.engine import open_engine, upgrade
from tests.faults.databases import Databases, Origin, open_databases
from tests.faults.mirror.grove import grow
from tests.faults.mirror.oracle import Oracle
from tests.faults.mirror.schedule import play
from tests.faults.places import MEMORY, Play


@contextmanager
def opened(database: str) -> Iterator[Play]:
    """What plays the schedule of a seed."""
    with tempfile.TemporaryDirectory(prefix="faults-", dir=MEMORY) as name:
        folder = Path(name)
        first = folder / "first.db"
        engine = open_engine(f"sqlite:///{first}")
        upgrade(engine)
        engine.dispose()  # which leaves no log beside it
        databases = open_databases(database, Origin(folder, first, lambda _: None))
        oracle = Oracle(grow(), first, folder)
        try:
            yield lambda seed: _play_one(seed, oracle, databases)
        finally:
            databases.close()


def _play_one(seed: int, oracle: Oracle, databases: Databases) -> dict[str, Any]:
    """Play one schedule; what breaks it off is told as well."""
    own = oracle.folder / "schedule"
    own.mkdir()
    try:
        return play(seed, oracle, own, databases)
    except Exception:  # noqa: BLE001 - told, with the seed that brings it back
        return {"seed": seed, "broken": [traceback.format_exc()]}
    finally:
        shutil.rmtree(own, ignore_errors=True)
