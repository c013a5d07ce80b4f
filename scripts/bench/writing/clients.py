"""Clients in processes of their own: given a job, they tell what they measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.bench.usage import Usage
from scripts.bench.writing.system import BenchError

_ROOT: Final = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Told:
    """What a client printed, and what it used."""

    output: bytes
    usage: Usage


def run_client(module: str, job: Mapping[str, Any]) -> tuple[dict[str, Any], Usage]:
    """Run a module of this package as a client: JSON in, JSON out. Raises BenchError."""
    told = run_program(["-m", f"scripts.bench.writing.{module}"], json.dumps(job).encode())
    answer: dict[str, Any] = json.loads(told.output)
    return answer, told.usage


def run_program(arguments: Sequence[str], given: bytes = b"") -> Told:
    """Run Python with these arguments to its end. Raises BenchError if it fails."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if process.stdin is None or process.stdout is None:
        raise BenchError("a client has no pipes")
    with process.stdout as reading:
        with process.stdin as writing:
            writing.write(given)
        output = reading.read()
    # Not Popen's own wait, which does not tell what the child used.
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{' '.join(arguments[:4])} ended with {process.returncode}")
    return Told(output, Usage(used.ru_maxrss * 1024, used.ru_utime + used.ru_stime))
