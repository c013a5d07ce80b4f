"""The running mirror: quick when the chain moves, patient when node or database are away."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.chain.wire import WireLog, WireRange
from ledger.database import engine as engine_module
from ledger.database.engine import reading, writing
from ledger.errors import WrongChain
from ledger.mirror import queries, run
from ledger.mirror.run import Indexed, Progress, index
from ledger.mirror.store import Store
from ledger.mirror.tables import MirrorRow
from ledger.settings import Settings
from ledger.types import to_hex
from tests.faults.proxy import Proxy, Upstream
from tests.ledgers import DeployedLedger
from tests.mirror.chain import Chain
from tests.mirror.mirroring import FinalUpTo, assert_equals_chain

PATIENCE = 60.0


@pytest.fixture
def settings(chain: Chain, engine: Engine) -> Settings:
    return Settings(rpc_url=chain.rpc.url, database_url=str(engine.url), poll_seconds=0.05)


@contextmanager
def running(settings: Settings, deployed: Deployed) -> Iterator[None]:
    """The mirror following in a thread; whatever ended it is raised at the end."""
    stop = threading.Event()
    ended: list[BaseException] = []

    def follow() -> None:
        try:
            index(settings, deployed, FinalUpTo(), stop=stop)
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            ended.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    if ended:
        raise ended[0]


def wait_for(condition: Callable[[], object]) -> float:
    """Wait until the condition holds, and return how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, "it never came true"
        time.sleep(0.005)
    return time.monotonic() - began


def mirror_row(engine: Engine) -> MirrorRow | None:
    with reading(engine) as session:
        return queries.find_mirror(session)


def at(engine: Engine, block: int) -> Callable[[], bool]:
    def there() -> bool:
        row = mirror_row(engine)
        return row is not None and row.block_number == block

    return there


def test_to_head_ends_where_the_node_does(chain: Chain, settings: Settings, store: Store) -> None:
    org = chain.enrol()
    chain.mine()
    chain.register(org, 10)
    head = chain.mine()
    told: list[Progress] = []
    indexed = index(settings, chain.deployed, FinalUpTo(), to_head=True, progress=told.append)
    assert (indexed.entries, indexed.block) == (13, head)
    assert indexed.ledger_head == chain.contract.fetch_ledger_head()
    assert indexed.entries_per_second > 0
    assert told[-1].head == head
    assert_equals_chain(chain, store)
    again = index(settings, chain.deployed, FinalUpTo(), to_head=True)
    assert (again.entries, again.entries_per_second) == (0, 0)


def test_new_entries_are_seen_within_300_ms_of_their_block(
    chain: Chain, settings: Settings, engine: Engine
) -> None:
    org = chain.enrol()
    head = chain.mine()
    settings = settings.model_copy(update={"poll_seconds": Settings().poll_seconds})
    took = []
    with running(settings, chain.deployed):
        wait_for(at(engine, head))
        for _ in range(9):
            chain.register(org)
            head = chain.mine()
            took.append(wait_for(at(engine, head)))
    assert sorted(took)[len(took) // 2] < 0.3


def test_it_outlives_an_outage_of_the_node(
    chain: Chain, settings: Settings, engine: Engine, store: Store
) -> None:
    org = chain.enrol()
    head = chain.mine()
    with Upstream(chain.rpc.url) as node, Proxy(node.ask) as proxy:
        settings = settings.model_copy(update={"rpc_url": proxy.url})
        with running(settings, chain.deployed):
            wait_for(at(engine, head))
            proxy.go_down()
            chain.register(org, 5)
            head = chain.mine(3)
            proxy.up = True
            wait_for(at(engine, head))
    assert_equals_chain(chain, store)


def test_it_outlives_a_locked_database(
    chain: Chain,
    settings: Settings,
    engine: Engine,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0)
    org = chain.enrol()
    head = chain.mine()
    with running(settings, chain.deployed):
        wait_for(at(engine, head))
        with writing(engine) as session:
            queries.find_mirror(session)
            chain.register(org, 5)
            head = chain.mine()
            time.sleep(0.5)  # for as long as it meets the lock
            assert not at(engine, head)()
        wait_for(at(engine, head))
    assert_equals_chain(chain, store)


def test_a_node_that_cannot_prove_its_word_raises_an_alarm_until_it_can(
    chain: Chain,
    settings: Settings,
    engine: Engine,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lies = threading.Event()
    lies.set()

    class Forgetful(RpcClient):
        def fetch_wire_logs(self, *args: Any, **named: Any) -> Any:
            return self.shorten(super().fetch_wire_logs(*args, **named))

        def fetch_wire_range(self, *args: Any) -> WireRange:
            told = super().fetch_wire_range(*args)
            return replace(told, logs=self.shorten(told.logs))

        def shorten(self, logs: Sequence[WireLog]) -> Sequence[WireLog]:
            return logs[:-1] if lies.is_set() else logs

    monkeypatch.setattr(run, "RpcClient", Forgetful)
    monkeypatch.setattr("ledger.mirror.follow._PATIENCE", 2)
    chain.enrol()
    head = chain.mine()
    with running(settings, chain.deployed):
        wait_for(lambda: (row := mirror_row(engine)) is not None and row.alarm)
        row = mirror_row(engine)
        assert row is not None
        assert "another ledger head" in str(row.alarm)
        assert row.sequence == 0
        lies.clear()
        wait_for(at(engine, head))
    row = mirror_row(engine)
    assert row is not None
    assert row.alarm is None
    assert_equals_chain(chain, store)


def test_two_mirrors_on_one_database_do_not_harm_each_other(
    chain: Chain, settings: Settings, engine: Engine, store: Store
) -> None:
    org = chain.enrol()
    chain.mine()
    with running(settings, chain.deployed), running(settings, chain.deployed):
        for _ in range(10):
            chain.register(org, 3)
            head = chain.mine()
        wait_for(at(engine, head))
    assert_equals_chain(chain, store)


def test_readers_see_whole_steps_only(chain: Chain, settings: Settings, engine: Engine) -> None:
    """In every snapshot the counts, the assets' positions and the ledger head fit together."""
    org = chain.enrol()
    chain.mine()
    heads = {}
    seen: list[tuple[int, int, int, bytes]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with reading(engine) as session:
                row = queries.find_mirror(session)
                if row is not None:
                    entries = queries.list_entries(session, limit=1_000).items
                    assets = queries.list_assets(session, limit=1_000).items
                    at = row.sequence, len(entries), len(assets), row.ledger_head
                    seen.append(at)

    reader = threading.Thread(target=read)
    with running(settings, chain.deployed):
        reader.start()
        for _ in range(15):
            chain.register(org, 4)
            head = chain.mine()
            heads[chain.contract.fetch_ledger_head()] = head
        wait_for(at(engine, head))
        done.set()
        reader.join(PATIENCE)
    assert len(set(seen)) > 1
    for sequence, entries, assets, _ in seen:
        assert sequence == entries
        assert assets == max(0, entries - 3)
    assert {head for *_, head in seen[-1:]} <= heads.keys()


def test_a_wrong_chain_ends_it(chain: Chain, settings: Settings) -> None:
    other = Deployed(1, chain.deployed.genesis_hash, chain.deployed.contract, 2)
    with pytest.raises(WrongChain):
        index(settings, other, FinalUpTo())


def test_a_stop_before_anything_is_no_error(settings: Settings, chain: Chain) -> None:
    stop = threading.Event()
    stop.set()
    indexed = index(settings, chain.deployed, FinalUpTo(), stop=stop)
    assert isinstance(indexed, Indexed)
    assert indexed.entries == 0


KILLED = """
import sys
from ledger import ranges
from ledger.mirror import follow
from ledger.mirror.run import index
from ledger.chain.identity import Deployed
from ledger.settings import Settings
from ledger.chain.finality import TagFinality
ranges.Span.adapt = lambda self, entries: None
rpc, database, genesis, contract, block = sys.argv[1:]
deployed = Deployed(31337, bytes.fromhex(genesis), bytes.fromhex(contract), int(block))
real = follow._Follower.__init__
def narrow(self, *given, **how):
    real(self, *given, **how)
    self.span.size = 2
follow._Follower.__init__ = narrow
index(Settings(rpc_url=rpc, database_url=database), deployed, TagFinality(), to_head=True)
"""


def test_killed_in_the_middle_it_goes_on_and_misses_nothing(
    chain: Chain, settings: Settings, engine: Engine, store: Store
) -> None:
    org = chain.enrol()
    chain.mine()
    for _ in range(60):
        chain.register(org, 2)
        chain.mine()
    deployed = chain.deployed
    command = [
        *(sys.executable, "-c", KILLED, chain.rpc.url, str(engine.url)),
        *(deployed.genesis_hash.hex(), deployed.contract.hex(), str(deployed.block)),
    ]
    stood = []
    for blocks in (4, 20, 40):
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        wait_for(
            lambda blocks=blocks: (
                (row := mirror_row(engine)) is not None
                and row.block_number >= deployed.block + blocks
            )
        )
        process.kill()
        process.wait()
        stood.append(store.cursor().number)
    assert stood[0] < chain.rpc.fetch_block_number()
    index(settings, deployed, FinalUpTo(), to_head=True)
    assert_equals_chain(chain, store)


# -- the verb ----------------------------------------------------------------------------------


def command(ledger: DeployedLedger, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "ASSET_LEDGER_DATA": str(ledger.data),
        "ASSET_LEDGER_RPC_URL": ledger.rpc.url,
        "ASSET_LEDGER_FINALITY": "dump",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "index", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )


def test_the_verb_says_what_it_did(deployed: DeployedLedger) -> None:
    deployed.enrol(f"did:web:{secrets.token_hex(4)}.example")
    out, problems = command(deployed, "--to-head", "--json").communicate(timeout=PATIENCE)
    told = json.loads(out)
    assert problems == ""
    assert set(told) == {"entries", "seconds", "entries_per_second", "block", "ledger_head"}
    assert told["entries"] == 3
    assert told["ledger_head"] == to_hex(deployed.contract.fetch_ledger_head())


def test_the_verb_ends_cleanly_when_asked_to(deployed: DeployedLedger) -> None:
    process = command(deployed, "--follow", "--json")
    database = deployed.data / "ledger.db"
    engine = engine_module.open_engine(f"sqlite:///{database}")
    engine_module.upgrade(engine)
    wait_for(lambda: (row := mirror_row(engine)) is not None and row.sequence == 1)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=PATIENCE)
    engine.dispose()
    assert process.returncode == 0
    assert json.loads(out)["entries"] == 1
