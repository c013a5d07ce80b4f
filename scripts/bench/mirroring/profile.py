"""Says where the seconds of our command go, by module and by what the module has others do."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.bench.mirroring.chain import Loaded
from scripts.bench.mirroring.contestants import index_command
from scripts.bench.mirroring.running import ROOT, run_to_end
from scripts.bench.mirroring.sampled import WAITING

_LEAST: Final = 0.01  # of all processor seconds
_BEGIN: Final = """
from pathlib import Path
from scripts.bench.mirroring.sampled import begin
begin(Path({folder!r}))
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds at one place: of the processor, and those that the process's main thread waited.

    Processes are numbered as they began; the first is the command itself.
    """

    process: int
    module: str
    doing: str
    processor: float
    waited: float


def profile(chain: Loaded, database_url: str) -> list[Spent]:
    """Run our command once while it is looked at; the places that matter, the longest first.

    Looking makes it a little slower. Raises BenchError if the command fails.
    """
    with tempfile.TemporaryDirectory(prefix="asset-ledger-mirror-") as scratch:
        counts, hook = Path(scratch) / "counts", Path(scratch) / "hook"
        counts.mkdir()
        hook.mkdir()
        # Python imports this first, in the processes as well that a process makes.
        (hook / "sitecustomize.py").write_text(_BEGIN.format(folder=str(counts)))
        command = [sys.executable, *index_command(chain, database_url)]
        run_to_end(command, environment={"PYTHONPATH": f"{hook}:{ROOT}"})
        return _read(counts)


def _read(counts: Path) -> list[Spent]:
    by_process = [
        json.loads(path.read_bytes()) for path in sorted(counts.glob("*.json"), key=_number)
    ]
    whole = sum(place[2] for places in by_process for place in places)
    # Some processes only watch over others.
    working = [
        places for places in by_process if sum(place[2] for place in places) > _LEAST * whole
    ]
    found = [
        Spent(number, *place) for number, places in enumerate(working, start=1) for place in places
    ]
    return sorted(
        (one for one in found if one.processor > _LEAST * whole or one.doing == WAITING),
        key=lambda one: -one.processor,
    )


def _number(path: Path) -> int:
    return int(path.stem)
