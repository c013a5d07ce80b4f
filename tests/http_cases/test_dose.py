"""A small dose of drawn requests; `scripts/test --http-cases N` gives more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_DOSE = ("200", "--callers", "all", "--phases", "examples,fuzzing", "--examples", "1")


def test_every_answer_is_as_the_description_says() -> None:
    # In a process of its own: schemathesis keeps what it is told for as long as it lives.
    done = subprocess.run(
        [sys.executable, "-m", "tests.http_cases", *_DOSE, "--seed", "7", "--json"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert not told["failures"], json.dumps(told["failures"], indent=2)
    assert done.returncode == 0, done.stderr
    assert told["cases"] >= 200
    assert {"200", "201", "404", "422"} <= told["statuses"].keys()
