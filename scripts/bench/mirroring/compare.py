"""Runs the contestants in turns, so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.bench.mirroring.chain import Loaded, Say
from scripts.bench.mirroring.contestants import Contestant
from scripts.bench.mirroring.running import Run


@dataclass(slots=True)
class Row:
    """What a contestant came to: medians over its runs."""

    contestant: Contestant
    entries: int
    runs: list[Run] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Wall seconds of the whole process."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def rate(self) -> float:
        """Entries a second."""
        return self.entries / self.seconds

    @property
    def peak(self) -> int:
        """Resident bytes of all its processes together, at the most."""
        return round(statistics.median(run.used.peak for run in self.runs))

    @property
    def processor(self) -> float:
        """Processor seconds of its processes: neither the node's nor PostgreSQL's."""
        return statistics.median(run.used.seconds for run in self.runs)


def compare(chain: Loaded, contestants: Sequence[Contestant], rounds: int, say: Say) -> list[Row]:
    """Run each so many times, in turns; the slow ones once."""
    rows = [Row(contestant, chain.entries) for contestant in contestants]
    for turn in range(rounds):
        for row in rows:
            if turn and row.contestant.once:
                continue
            run = row.contestant.run(chain)
            row.runs.append(run)
            name = f"{row.contestant.title}, {row.contestant.database or 'no database'}"
            say(f"{turn + 1}: {name}: {run.seconds:.2f} s, {chain.entries / run.seconds:,.0f}/s")
    return rows
