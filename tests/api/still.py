"""The API over a copy of a running ledger's database, with nobody who sends: what waits, stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from api.app import create_app
from ledger.database.engine import open_engine
from ledger.settings import Settings
from tests.api.running import Member, Running, serving, until


@dataclass(frozen=True, slots=True)
class Still:
    """Where it listens, and what it is made of."""

    url: str
    settings: Settings
    engine: Engine

    def client(self, key: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def register(self, member: Member, serial: str, **headers: str) -> httpx.Response:
        body = {"serial": serial, "document": {"name": serial}}
        with self.client(member.key) as http:
            return http.post("/v1/assets", json=body, headers=headers)


@contextmanager
def still(service: Running, folder: Path, **settings: Any) -> Iterator[Still]:
    """The API alone, in `folder`, with these settings."""
    folder.mkdir(parents=True, exist_ok=True)
    until(lambda: not _is_moving(service), 60)
    chosen = Settings(data=folder, rpc_url=service.settings.rpc_url, **settings)
    source, copy = (
        each.database().removeprefix("sqlite:///") for each in (service.settings, chosen)
    )
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    engine = open_engine(chosen.database())
    try:
        with serving(create_app(chosen)) as url:
            yield Still(url, chosen, engine)
    finally:
        engine.dispose()


def _is_moving(service: Running) -> bool:
    counts = service.anyone.get("/v1/status").json()["operations"]
    return bool(counts["queued"] or counts["sent"])
