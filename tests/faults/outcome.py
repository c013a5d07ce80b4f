"""What came of a schedule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.oracle import Verdict


@dataclass
class Outcome:
    """A verdict, and what happened: `acts` is the story, `calls` those to the node."""

    seed: int
    verdict: Verdict
    happened: Counter[str]
    acts: list[str] = field(default_factory=list)
    calls: int = 0
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """All of it, fit for JSON."""
        mine = {name: value for name, value in vars(self).items() if name != "verdict"}
        return {**mine, **vars(self.verdict), "happened": dict(self.happened)}
