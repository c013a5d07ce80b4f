"""The two servers that are asked, each one process: the API over a ledger, and the bare one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from ledger.chain.process import pick_port
from ledger.errors import LedgerError

_PATIENCE: Final = 60.0


class BenchError(LedgerError):
    """Something could not be measured."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers at a port."""

    port: int
    pid: int


@contextmanager
def serving(database_url: str) -> Iterator[Server]:
    """The API over a database, as `serve` starts it."""
    with tempfile.TemporaryDirectory(prefix="asset-ledger-reads-") as folder:
        told = {"DATA": folder, "DATABASE_URL": database_url}
        environment = {f"ASSET_LEDGER_{name}": value for name, value in told.items()}
        port = pick_port(0)
        command = ["-m", "ledger.cli", "serve", "--port", str(port)]
        with _process(command, environment, Path(folder) / "serve.log") as pid:
            _await(port, "/healthz")
            yield Server(port, pid)


@contextmanager
def bare(bodies: Mapping[str, str]) -> Iterator[Server]:
    """The bare application with these answers by their paths."""
    with tempfile.TemporaryDirectory(prefix="asset-ledger-reads-") as folder:
        answers, port = Path(folder) / "answers.json", pick_port(0)
        answers.write_text(json.dumps(dict(bodies)))
        command = ["-m", "scripts.bench.reading.bare", str(port), str(answers)]
        with _process(command, {}, Path(folder) / "bare.log") as pid:
            _await(port, next(iter(bodies)))
            yield Server(port, pid)


@contextmanager
def _process(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _await(port: int, path: str) -> None:
    """Wait until something answers there. Raises BenchError."""
    until = time.monotonic() + _PATIENCE
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        while time.monotonic() < until:
            try:
                client.get(path)
                return
            except httpx.TransportError:
                time.sleep(0.05)
    raise BenchError(f"nothing answers on port {port}")


def fetch(port: int, path: str, key: str) -> str:
    """The body that a path answers. Raises BenchError unless all is well."""
    answer = httpx.get(
        f"http://127.0.0.1:{port}{path}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
        trust_env=False,
    )
    if answer.status_code != 200:
        raise BenchError(f"{path} answered {answer.status_code}: {answer.text[:500]}")
    return answer.text
