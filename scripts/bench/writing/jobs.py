"""How a client of its own process is asked and answers: a job comes in, measurements go out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def read_job() -> dict[str, Any]:
    """The job that this client was given."""
    job: dict[str, Any] = json.load(sys.stdin)
    return job


def tell(answer: Mapping[str, Any]) -> None:
    """Hand the measurements back."""
    json.dump(answer, sys.stdout)
