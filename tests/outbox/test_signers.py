"""Keys may lie elsewhere, their holders fail or lie: all that is accepted happens exactly once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlmodel import Session

from ledger.chain.finality import TagFinality
from ledger.chain.signers.endpoint import SignerEndpoint
from ledger.chain.signers.errors import SignerUnavailable
from ledger.chain.signers.opening import open_place
from ledger.chain.signers.places import KINDS, parse_place
from ledger.chain.signers.signer import MessageSigner, Signer
from ledger.chain.signers.transaction import TransactionFields, decode_signed
from ledger.chain.signers.web3signer import Web3Signer
from ledger.database.engine import writing
from ledger.outbox.alarms import find_alarms
from ledger.outbox.run import run
from ledger.outbox.signer_care import SignerCare
from ledger.outbox.signing import Signed
from ledger.outbox.submitter import Submitter
from ledger.outbox.tables import Alarm, Role, State
from ledger.settings import Settings
from tests.chain.signing_service import Reply, SigningService
from tests.outbox.asking import enrol
from tests.outbox.world import QUICK, World


@pytest.fixture
def service(world: World) -> Iterator[SigningService]:
    """Whoever holds the custodian's key, instead of the keystore."""
    made = SigningService(world.keys[Role.CUSTODIAN])
    yield made
    made.stop()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def remote(world: World, service: SigningService, kind: str) -> World:
    """A world whose custodian signs elsewhere, with one organisation."""
    world.custodian = open_place(parse_place(service.line(kind), "SIGNER"))
    world.enrol("gears")
    return world


def asset(world: World, serial: str) -> None:
    enrolled = world.operations()[0].subject
    world.register(enrolled, serial)


def alarms(world: World) -> list[Alarm]:
    with Session(world.engine) as session:
        return find_alarms(session)


def work(world: World, submitter: Submitter, until: Callable[[], bool]) -> None:
    """Let a submitter work until a condition holds."""
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline, world.told()
        time.sleep(min(submitter.step(), 0.02))


def sent(world: World) -> int:
    """How many transactions of the custodian's the chain has, or waits with."""
    return world.rpc.fetch_nonce(world.custodian.address, "pending")


def test_what_is_signed_elsewhere_is_done(remote: World, service: SigningService) -> None:
    for serial in ("G-0", "G-1", "G-2"):
        asset(remote, serial)
        remote.settle()
    assert remote.states() == {State.DONE: 4}
    assert sent(remote) == 3
    assert len([path for path, _ in service.asked if "sign" in path.split("/")]) == 3
    remote.assert_exactly_once()


def test_a_signer_that_goes_away_and_comes_back_costs_time_only(
    remote: World, service: SigningService
) -> None:
    submitter = remote.submitter()
    asset(remote, "G-0")
    remote.settle(submitter)
    service.stop()
    for number in range(1, 6):
        asset(remote, f"G-{number}")
    work(remote, submitter, lambda: bool(alarms(remote)))
    [alarm] = alarms(remote)
    assert alarm.code.startswith("signer_unavailable:")
    assert "localhost" in alarm.message
    assert "see that the signer runs" in (alarm.needs or "")
    assert remote.states() == {State.DONE: 2, State.QUEUED: 5}
    assert len(remote.transactions()) == 2, "nothing was written down"
    service.start()
    remote.settle(submitter)
    assert remote.states() == {State.DONE: 7}
    assert alarms(remote) == []
    remote.assert_exactly_once()


def test_an_alarm_about_a_signer_rests_with_the_next_submitter(
    remote: World, service: SigningService
) -> None:
    service.reply = lambda _: (403, "text/plain", b"not today")
    asset(remote, "G-0")
    work(remote, remote.submitter(), lambda: bool(alarms(remote)))
    [alarm] = alarms(remote)
    assert alarm.code.startswith("signer_refused:")
    assert "HTTP status 403, 'not today'" in alarm.message
    service.reply = lambda reply: reply
    remote.settle(remote.submitter())
    assert alarms(remote) == []
    remote.assert_exactly_once()


def test_while_one_signer_is_away_the_others_go_on(world: World, service: SigningService) -> None:
    place = parse_place(service.line("web3signer"), "SIGNER")
    world.custodian = Web3Signer(SignerEndpoint(place, timeout=0.3))
    world.enrol("gears")
    over = threading.Event()

    def late(reply: Reply) -> Reply:
        over.wait(10)
        return reply

    submitter = world.submitter()
    service.reply = late
    asset(world, "G-0")
    with writing(world.engine) as session:
        enrol(session, world.domain, "did:web:wheels.example")
    work(world, submitter, lambda: world.states() == {State.DONE: 2, State.QUEUED: 1})
    assert len([path for path, _ in service.asked if "sign" in path.split("/")]) < 3
    over.set()
    service.reply = lambda reply: reply
    world.settle(submitter)
    world.assert_exactly_once()


def test_a_signer_that_takes_long_to_fail_has_a_fifth_of_the_time(world: World) -> None:
    care = SignerCare(world.engine, QUICK)

    def fail() -> Signed:
        threading.Event().wait(0.05)
        raise SignerUnavailable("it takes its time")

    begun = time.monotonic()
    assert care.attempt("lane", fail) is None
    assert care.rests("lane")
    assert not care.rests("another")
    _await(world, lambda: not care.rests("lane"))
    assert time.monotonic() - begun >= 0.05 + 4 * 0.05


LIES: dict[str, Callable[[SigningService], None]] = {
    "other bytes": lambda service: setattr(service, "lie", lambda said: said[:-1] + b"\xff"),
    "other key": lambda service: setattr(service, "key", type(service.key)(b"\x09" * 32)),
    "truncated": lambda service: _reply(service, lambda reply: (*reply[:2], reply[2][:-9])),
    "empty": lambda service: _reply(service, lambda _: (200, "text/plain", b"")),
    "HTML": lambda service: _reply(service, lambda _: (200, "text/html", b"<html>hello</html>")),
    "500": lambda service: _reply(service, lambda _: (500, "text/plain", b"oops")),
    "404": lambda service: _reply(service, lambda _: (404, "text/plain", b"who?")),
    "cut": lambda service: _reply(service, lambda _: None),
}


def _reply(service: SigningService, reply: Callable[[Reply], Reply | None]) -> None:
    service.reply = reply


@pytest.mark.parametrize("lie", LIES)
def test_whatever_a_signer_answers_nothing_wrong_is_sent(
    remote: World, service: SigningService, lie: str
) -> None:
    submitter, honest = remote.submitter(), service.key
    asset(remote, "G-0")
    remote.settle(submitter)
    LIES[lie](service)
    asset(remote, "G-1")
    work(remote, submitter, lambda: bool(alarms(remote)))
    assert remote.states() == {State.DONE: 2, State.QUEUED: 1}
    assert (sent(remote), len(remote.transactions()), len(remote.versions())) == (1, 2, 2)
    service.key, service.lie, service.reply = honest, lambda said: said, lambda reply: reply
    remote.settle(submitter)
    assert alarms(remote) == []
    remote.assert_exactly_once()


class Liar:
    """A signer that signs another transaction than it was asked to."""

    def __init__(self, signer: MessageSigner, **changes: object) -> None:
        self.signer, self.changes = signer, changes
        self.address, self.sign_message = signer.address, signer.sign_message

    def sign_transaction(self, asked: TransactionFields) -> bytes:
        return self.signer.sign_transaction(replace(asked, **self.changes))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nonce", 7),
        ("to", b"\x01" * 20),
        ("data", b""),
        ("value", 10**18),
        ("chain_id", 1),
        ("gas", 30_000_000),
        ("max_fee_per_gas", 10**15),
        ("max_priority_fee_per_gas", 0),
    ],
)
def test_a_transaction_that_was_not_asked_for_is_never_stored(
    world: World, field: str, value: object
) -> None:
    world.enrol("gears")
    honest = world.custodian
    world.custodian = Liar(honest, **{field: value})
    asset(world, "G-0")
    work(world, world.submitter(), lambda: bool(alarms(world)))
    [alarm] = alarms(world)
    assert alarm.code.startswith("signer_wrong_answer:")
    assert f"answered with {field} " in alarm.message
    assert len(world.versions()) == 1, "the enrolment's alone"
    assert sent(world) == 0
    world.custodian = honest
    world.settle()
    world.assert_exactly_once()


def test_a_stuck_transaction_is_replaced_as_soon_as_its_signer_is_back(
    remote: World, service: SigningService
) -> None:
    remote.rpc.call("evm_setAutomine", False)
    asset(remote, "G-0")
    submitter = remote.submitter(pace=replace(QUICK, stuck=0.05))
    submitter.step()
    [_, first] = remote.versions()
    offered = decode_signed(first.raw)[0].max_fee_per_gas
    remote.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(offered * 3))
    remote.rpc.call("evm_mine")
    service.reply = lambda _: None
    work(remote, submitter, lambda: _has(remote, "signer_unavailable"))
    assert len(remote.versions()) == 2
    service.reply = lambda reply: reply
    work(remote, submitter, lambda: len(remote.versions()) == 3)
    remote.rpc.call("evm_setAutomine", True)
    remote.settle(submitter)
    assert not _has(remote, "signer_unavailable")
    remote.assert_exactly_once()


def _has(world: World, code: str) -> bool:
    return any(alarm.code.startswith(code) for alarm in alarms(world))


def test_a_whole_run_outlives_its_signer(world: World, service: SigningService, kind: str) -> None:
    custodian: Signer = open_place(parse_place(service.line(kind), "SIGNER"))
    signers = {Role.GOVERNOR: [world.governor], Role.CUSTODIAN: [custodian]}
    settings = Settings(
        data=world.folder, rpc_url=world.rpc.url, database_url=str(world.engine.url)
    )
    stop = threading.Event()
    arguments = (settings, world.target, signers, TagFinality(), stop, QUICK)
    running = threading.Thread(target=run, args=arguments)
    running.start()
    try:
        with writing(world.engine) as session:
            enrol(session, world.domain, "did:web:gears.example")
        for number in range(4):
            service.stop()
            asset(world, f"G-{number}")
            _await(world, lambda: _has(world, "signer_unavailable"))
            service.start()
            _await(world, world.is_settled)
            assert not _has(world, "signer_unavailable")
    finally:
        stop.set()
        running.join(20)
    assert not running.is_alive()
    assert world.states() == {State.DONE: 5}
    world.assert_exactly_once()


def _await(world: World, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, world.told()
        time.sleep(0.01)
