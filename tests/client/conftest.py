"""A whole ledger to be a client of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from api.app import create_app
from ledger.client import Client
from ledger.settings import Settings
from tests.api.running import Member, Running, running
from tests.client.desk import Answer, Desk


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture(scope="session")
def operator(service: Running) -> Iterator[Client]:
    with Client(service.url, service.operator_key) as client:
        yield client


@pytest.fixture(scope="session")
def maker(service: Running) -> Member:
    return service.enrol("Maker")


@pytest.fixture(scope="session")
def buyer(service: Running) -> Member:
    return service.enrol("Buyer")


@pytest.fixture(scope="session")
def client(service: Running, maker: Member) -> Iterator[Client]:
    """The maker's client."""
    with Client(service.url, maker.key) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def start(*answers: Answer | None) -> Desk:
        desk = Desk(list(answers))
        threading.Thread(target=desk.serve_forever, args=(0.02,), daemon=True).start()
        desks.append(desk)
        return desk

    yield start
    for desk in desks:
        desk.shutdown()
        desk.server_close()


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    folder = tmp_path_factory.mktemp("described")
    app = create_app(Settings(data=folder, database_url=f"sqlite:///{folder / 'a.db'}"))
    found: dict[str, Any] = app.openapi()
    return found
