"""The ledger that is asked: processes of its own, started as `up` does, and keys to all roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx

from scripts.bench.writing.system import System, started
from tests.http_cases.pool import Pool, fill
from tests.postgres import postgres

OPERATOR: Final = "operator"
NOBODY: Final = "nobody"
ROLES: Final = {
    "all": ["admin", "writer", "reader", "auditor"],
    "writer": ["writer"],
    "reader": ["reader"],
    "admin": ["admin"],
    "auditor": ["auditor"],
}
CALLERS: Final = ("all", "writer", "admin", OPERATOR, "reader", "auditor", NOBODY)
"""Who asks, one pass after the other."""

_UNLIMITED: Final = {
    f"ASSET_LEDGER_MAX_{what}_PER_{whose}": "0"
    for what in ("REQUESTS", "BYTES", "IN_FLIGHT")
    for whose in ("KEY", "ORGANISATION")
}
_GUARDED: Final = {"ASSET_LEDGER_METRICS_TOKEN": secrets.token_hex(16)}
"""Measures are told to whoever is near, else."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A ledger, whose organisations ask as much as they like."""

    system: System

    def enrol(self, caller: str) -> tuple[str | None, Pool]:
        """A key for a caller of that sort, who is of a new organisation, and what that one has."""
        name = f"cases-{secrets.token_hex(4)}"
        body = {"did": f"did:web:{name}.example", "name": name}
        told = self._ask(self.system.operator_key, "POST", "/v1/organisations", body)
        key = str(told["api_key"])
        pool = fill(partial(self._ask, key), str(told["id"]))
        if caller == NOBODY:
            return None, pool
        if caller == OPERATOR:
            return self.system.operator_key, pool
        made = self._ask(key, "POST", "/v1/keys", {"roles": ROLES[caller]})
        return str(made["api_key"]), pool

    def _ask(self, key: str, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=20"}
        url = f"{self.system.api}{path}"
        answer = httpx.request(method, url, json=body, headers=headers, timeout=60, trust_env=False)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def staged(database: str) -> Iterator[Stage]:
    """A fresh ledger on `sqlite` or `postgresql`, gone at the end."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres())() if database == "postgresql" else None
        yield Stage(stack.enter_context(started(url, _UNLIMITED | _GUARDED)))
