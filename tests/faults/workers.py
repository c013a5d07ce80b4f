"""Submitter and mirror as processes of their own, forked warm, that can be killed at any point."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.mirror.run import index
from ledger.outbox.pace import Pace
from ledger.outbox.run import run
from ledger.outbox.tables import Role
from ledger.settings import Settings
from tests.faults.ground import make_keys
from tests.faults.lives import watching

_PACE: Final = Pace(
    idle=0.01, gather=0.0, head=0.02, settle=0.05, first_repeat=0.1, longest_repeat=0.3, stuck=1.0
)
_PRELOADED: Final = ["alembic.command", "alembic.config", "eth_account", "tests.faults.workers"]


@dataclass(frozen=True)
class Told:
    """What a process is told; it kills itself at the point `dies_at`, counted from 1."""

    data: Path
    rpc_url: str
    database_url: str
    deployed: Deployed
    finality: Finality
    lanes: int
    dies_at: int | None = None

    def settings(self) -> Settings:
        return Settings(
            data=self.data,
            rpc_url=self.rpc_url,
            database_url=self.database_url,
            poll_seconds=0.02,
        )


def context() -> multiprocessing.context.ForkServerContext:
    """Forks from a server that has everything imported."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(_PRELOADED)
    return made


def submit(told: Told) -> None:
    """The submitter's whole process."""
    keys = make_keys()
    signers = {
        Role.CUSTODIAN: keys[Role.CUSTODIAN][: told.lanes],
        Role.GOVERNOR: keys[Role.GOVERNOR],
    }
    _until_killed(
        told,
        lambda: run(
            told.settings(), told.deployed, signers, told.finality, threading.Event(), _PACE
        ),
    )


def follow(told: Told) -> None:
    """The mirror's whole process."""
    _until_killed(told, lambda: index(told.settings(), told.deployed, told.finality))


def _until_killed(told: Told, work: Callable[[], object]) -> None:
    logging.disable(logging.CRITICAL)
    left = told.dies_at or 0

    def pass_point(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _watch_calls(pass_point)
    with watching(pass_point):
        work()


def _watch_calls(act: Callable[[str], None]) -> None:
    post = RpcClient._post

    def watched(self: RpcClient, method: str, request: object) -> bytes:
        act(f"before {method}")
        answer = post(self, method, request)
        act(f"after {method}")
        return answer

    RpcClient._post = watched  # type: ignore[method-assign]
