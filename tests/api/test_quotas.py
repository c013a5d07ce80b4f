"""No key and no organisation gets more than its quota, however many processes it asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event

from api.deps import Known, Viewing, identify_all
from api.edge import Edge
from api.errors import Problem
from api.feed import Feed
from api.gathering import Gatherer
from api.measures import Measures
from api.quotas import Quotas, Toll
from api.reading import ReadingRoute
from ledger.database.engine import open_engine, upgrade, writing
from ledger.outbox.keys import Credential
from ledger.outbox.quotas import keep_override
from ledger.settings import Settings
from tests.api.running import Member, Running, serving
from tests.postgres import postgres

ORG = b"\x01" * 32
AT = 1_800_000_000_000 - 1_800_000_000_000 % 86_400_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def make_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Engine]]:
    """Opens one and the same database, as another process would."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('quotas')}/ledger.db"
        yield lambda: open_engine(url)
        return
    with postgres() as make:
        url = make()
        yield lambda: open_engine(url)


@pytest.fixture
def engine(make_engine: Callable[[], Engine]) -> Iterator[Engine]:
    opened = make_engine()
    upgrade(opened)
    with writing(opened) as session:
        for table in ("quota_window", "quota_slots", "quota_override"):
            session.connection().exec_driver_sql(f"delete from {table}")  # noqa: S608
    yield opened
    opened.dispose()


class Clock:
    """The time, in milliseconds since 1970, as a test sets it."""

    at = AT

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("api.quotas", "api.flights", "ledger.outbox.quotas"):
        monkeypatch.setattr(f"{module}.now", clock)
    return clock


def quotas(
    engine: Engine,
    *,
    key: int = 0,
    org: int = 0,
    size: int = 0,
    flying: int = 0,
    key_size: int = 0,
    key_flying: int = 0,
) -> Quotas:
    settings = Settings(
        max_requests_per_key=key,
        max_bytes_per_key=key_size,
        max_in_flight_per_key=key_flying,
        max_requests_per_organisation=org,
        max_bytes_per_organisation=size,
        max_in_flight_per_organisation=flying,
    )
    return Quotas(engine, settings)


def who(prefix: str = "aaaaaaaa", org: bytes = ORG) -> Credential:
    return Credential(org, prefix)


def admit(quotas: Quotas, caller: Credential, length: int = 0, total: int = 0) -> bool:
    """Whether a request was let in; it is answered at once."""
    found = ask(quotas, caller, length)
    if isinstance(found, Problem):
        assert found.kind.code == "quota_exceeded"
        assert int(found.headers["Retry-After"]) >= 1
        return False
    found.end(total)
    return True


def ask(quotas: Quotas, caller: Credential, length: int = 0) -> Toll | Problem:
    try:
        return quotas.admit(caller, length)
    except Problem as problem:
        return problem


def count(quotas: Quotas, caller: Credential, tries: int) -> int:
    return sum(admit(quotas, caller) for _ in range(tries))


def test_a_key_gets_what_it_may_and_again_in_the_next_minute(engine: Engine, clock: Clock) -> None:
    one = quotas(engine, key=100)
    assert count(one, who(), 150) == 100
    assert count(one, who("bbbbbbbb"), 150) == 100
    clock.at += 60_000
    assert count(one, who(), 150) == 100


@pytest.mark.usefixtures("clock")
def test_all_keys_of_an_organisation_share_its_quota(engine: Engine) -> None:
    one = quotas(engine, key=100, org=150)
    assert count(one, who("aaaaaaaa"), 200) == 100
    assert count(one, who("bbbbbbbb"), 200) == 50
    assert count(one, who("cccccccc", b"\2" * 32), 200) == 100


@pytest.mark.usefixtures("clock")
def test_processes_share_a_quota(engine: Engine, make_engine: Callable[[], Engine]) -> None:
    """Beyond it goes only what each has on credit, a sixteenth; that is booked, too."""
    others = [make_engine() for _ in range(3)]
    many = [quotas(one, key=160) for one in (engine, *others)]
    let_in = sum(admit(many[number % 4], who()) for number in range(400))
    assert 160 <= let_in <= 160 + 3 * 10
    few = [quotas(one, key=15) for one in (engine, *others)]
    assert sum(admit(few[number % 4], who("bbbbbbbb")) for number in range(60)) == 15
    for each in others:
        each.dispose()


@pytest.mark.usefixtures("clock")
def test_many_requests_cost_few_writes(engine: Engine) -> None:
    begun: list[object] = []
    event.listen(engine, "commit", begun.append)
    one = quotas(engine, key=16_000, org=16_000)
    assert count(one, who(), 1_000) == 1_000
    assert begun == []
    assert count(one, who(), 15_500) == 15_000
    assert len(begun) < 200
    before = len(begun)
    assert count(one, who(), 500) == 0  # nor does it cost anything to be refused
    assert len(begun) == before


def test_bytes_count_as_they_were_not_as_they_were_told(engine: Engine, clock: Clock) -> None:
    one = quotas(engine, size=1_000)
    assert not admit(one, who(), length=1_001)
    assert admit(one, who(), length=100, total=600)
    assert not admit(one, who(), length=500)
    assert admit(one, who(), length=0, total=5_000)  # nobody knew how long it would be
    assert not admit(one, who())
    clock.at += 86_400_000
    assert admit(one, who(), length=900)


def test_so_many_are_in_flight_and_no_more(
    engine: Engine, make_engine: Callable[[], Engine], clock: Clock
) -> None:
    other = make_engine()
    here, there = quotas(engine, flying=8), quotas(other, flying=8)
    tolls = _fill(here)
    assert len(tolls) == 8
    assert _fill(there) == []
    for toll in tolls:
        toll.end(0)
    clock.at += 11_000  # the other one's hold is over
    assert len(_fill(there)) == 8
    other.dispose()


def test_a_key_has_bytes_and_flights_of_its_own(engine: Engine, clock: Clock) -> None:
    one = quotas(engine, size=1_000, flying=12, key_size=600, key_flying=8)
    first, second = _fill(one, who("aaaaaaaa")), _fill(one, who("bbbbbbbb"))
    assert (len(first), len(second)) == (8, 4)
    for toll in (*first, *second):
        toll.end(0)
    clock.at += 1_000
    assert not admit(one, who("aaaaaaaa"), length=601)
    assert admit(one, who("aaaaaaaa"), length=500)
    assert not admit(one, who("aaaaaaaa"), length=200)
    assert admit(one, who("bbbbbbbb"), length=400)


@pytest.mark.usefixtures("clock")
def test_to_be_refused_for_flights_costs_one_write(engine: Engine) -> None:
    one = quotas(engine, flying=8)
    tolls = _fill(one)
    begun: list[object] = []
    event.listen(engine, "commit", begun.append)
    assert count(one, who(), 100) == 0
    assert len(begun) == 0
    assert len(tolls) == 8


def _fill(quotas: Quotas, caller: Credential | None = None) -> list[Toll]:
    tolls = []
    while isinstance(found := ask(quotas, caller or who()), Toll):
        tolls.append(found)
    assert found.headers["Retry-After"] == "1"
    return tolls


def test_the_operator_changes_a_quota_and_has_none(engine: Engine, clock: Clock) -> None:
    one = quotas(engine, org=15)
    assert count(one, Credential(None, "oooooooo"), 100) == 100
    assert count(one, who(), 50) == 15
    with writing(engine) as session:
        keep_override(session, ORG, 40, None, None)
    clock.at += 6_000
    assert count(one, who(), 50) == 25
    with writing(engine) as session:
        keep_override(session, ORG, 0, None, None)
    clock.at += 6_000
    assert count(one, who(), 500) == 500


@pytest.mark.usefixtures("clock")
def test_threads_that_ask_at_once_get_no_more(engine: Engine) -> None:
    one = quotas(engine, key=15)
    ready = threading.Barrier(8)

    def try_ten(_: int) -> int:
        ready.wait()
        return count(one, who(), 10)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_ten, range(8))) == 15


@pytest.mark.usefixtures("clock")
def test_memory_stays_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.quotas._REMEMBERED", 10)
    monkeypatch.setattr("api.flights._REMEMBERED", 10)
    one = quotas(engine, key=16, org=16, flying=32)
    for number in range(50):
        assert admit(one, who(f"{number:08}", bytes([number]) * 32))
    assert len(one._leases) <= 10
    assert len(one._flights) <= 11
    assert len(one._limits) <= 10


def test_answers_tell_what_is_left_and_refusals_when_to_come_again(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = service.enrol("Measured Ltd")
    path = f"/v1/organisations/{member.id}/quota"
    usual = member.http.get(path)
    assert usual.json()["requests_per_minute"] == service.settings.max_requests_per_organisation
    assert usual.json()["each_key"]["in_flight"] == service.settings.max_in_flight_per_key
    assert '"key-requests";q=300000;w=60' in usual.headers["RateLimit-Policy"]
    assert '"organisation-bytes";r=' in usual.headers["RateLimit"]
    assert member.http.put(path, json={}).status_code == 403
    told = service.operator.put(path, json={"requests_per_minute": 3})
    assert told.json()["requests_per_minute"] == 3
    assert told.json()["bytes_per_day"] == usual.json()["bytes_per_day"]
    quotas = service.app.state.service.quotas
    monkeypatch.setattr(quotas, "_limits", type(quotas._limits)())
    codes = [member.http.get("/v1/assets").status_code for _ in range(8)]
    assert codes[-1] == 429
    assert codes.count(200) <= 6  # or a new minute began
    refused = member.http.get("/v1/assets")
    assert refused.json()["quota"] == "organisation-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"organisation-requests";r=0;t=')
    written = member.http.post("/v1/assets", json={"serial": "Q", "document": {}})
    assert written.status_code == 429


def test_the_quota_of_another_is_not_there(aurora: Member, boreas: Member) -> None:
    assert boreas.http.get(f"/v1/organisations/{aurora.id}/quota").status_code == 404


def test_a_route_that_asks_twice_who_is_calling_pays_once(service: Running, aurora: Member) -> None:
    app = FastAPI()
    app.state.service = service.app.state.service
    app.state.callers = service.app.state.callers
    app.state.feed = Feed(service.app.state.service.engine, service.app.state.service.births, "x")

    def both(view: Viewing, caller: Known) -> dict[str, bool]:
        return {"same": view.who.prefix == caller.prefix}

    app.router.routes.append(ReadingRoute("/both", both))

    class Counting(Quotas):
        tolls = 0

        def try_admit(self, who: Credential, length: int) -> Toll | None:
            self.tolls += 1
            return super().try_admit(who, length)

    engine = app.state.service.engine
    counting = Counting(engine, service.settings)
    counting.admit(who(aurora.key.split("_")[1], bytes.fromhex(aurora.id[2:])), 0).end(0)
    before = counting.tolls
    app.state.service = replace(app.state.service, quotas=counting)
    app.state.callers = Gatherer(partial(identify_all, engine), 9)
    app.add_middleware(Edge, max_body=1_000, larger={}, measures=Measures())
    with serving(app) as url:
        headers = {"Authorization": f"Bearer {aurora.key}"}
        assert httpx.get(f"{url}/both", headers=headers).json() == {"same": True}
    assert counting.tolls == before + 1
