"""The websocket only wakes: whatever it does, whoever waits comes back in time."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.sync.server import ServerConnection, serve

from ledger.chain.node import Anvil
from ledger.chain.wake import Wake, websocket_url
from ledger.errors import InputError

LONG = 20.0
SHORT = 0.05


@contextmanager
def node(behave: Callable[[ServerConnection], None]) -> Iterator[str]:
    """A websocket that behaves as it is told; gives its address."""
    with serve(behave, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def subscribe(connection: ServerConnection) -> None:
    asked = json.loads(connection.recv())
    assert (asked["method"], asked["params"]) == ("eth_subscribe", ["newHeads"])
    connection.send(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": "0x1"}))


def takes(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def listening(wake: Wake) -> threading.Event:
    """Wait until it listens; nothing is told that has not been waited for then."""
    stop = threading.Event()
    assert takes(lambda: wake.wait(stop, LONG)) < LONG
    return stop


def test_a_block_wakes_who_waits(anvil: Anvil) -> None:
    with Wake(websocket_url(anvil.url)) as wake:
        stop = listening(wake)
        for _ in range(3):
            threading.Timer(SHORT, anvil.rpc.call, ["evm_mine"]).start()
            assert takes(lambda: wake.wait(stop, LONG)) < LONG / 2


def test_a_block_that_came_before_the_wait_counts_and_many_count_as_one() -> None:
    told = threading.Event()

    def behave(connection: ServerConnection) -> None:
        subscribe(connection)
        for _ in range(100):
            connection.send("{}")
        told.set()
        for _ in connection:
            pass

    with node(behave) as url, Wake(url) as wake:
        assert told.wait(LONG)
        stop = threading.Event()
        wakings = 0
        while takes(lambda: wake.wait(stop, SHORT)) < SHORT:
            wakings += 1
        assert 1 <= wakings <= 20


def test_the_seconds_end_a_wait_where_nothing_is_told(anvil: Anvil) -> None:
    with Wake(websocket_url(anvil.url)) as wake:
        stop = listening(wake)
        assert takes(lambda: wake.wait(stop, SHORT)) >= SHORT


def test_a_stop_ends_a_wait(anvil: Anvil) -> None:
    with Wake(websocket_url(anvil.url)) as wake:
        stop = listening(wake)
        threading.Timer(SHORT, stop.set).start()
        assert wake.wait(stop, LONG)
        assert wake.wait(stop, LONG)


def test_it_listens_again_where_the_connection_ended() -> None:
    connections = 0

    def behave(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        subscribe(connection)
        if connections > 1:
            connection.send("{}")
            for _ in connection:
                pass

    with node(behave) as url, Wake(url) as wake:
        stop = threading.Event()
        while connections < 2:
            wake.wait(stop, SHORT)


@pytest.mark.parametrize(
    "answer",
    [
        '{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such method"}}',
        '{"jsonrpc": "2.0", "id": 1, "result": null}',
        "[]",
        "<html>",
        "7",
    ],
)
def test_a_node_that_does_not_subscribe_wakes_nobody(
    answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    asked = threading.Semaphore(0)

    def behave(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(answer)
        asked.release()

    with (
        caplog.at_level(logging.INFO, logger="ledger"),
        node(behave) as url,
        Wake(url) as wake,
    ):
        for _ in range(3):
            assert asked.acquire(timeout=LONG)
        assert takes(lambda: wake.wait(threading.Event(), SHORT)) >= SHORT
    assert [one.message.rpartition(" ")[2] for one in caplog.records] == ["NotSubscribed"]


def test_a_node_without_a_websocket_is_told_once_and_without_its_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = "ws://user:password@127.0.0.1:1/v3/api-key?token=secret"
    with caplog.at_level(logging.DEBUG), Wake(url) as wake:
        stop = threading.Event()
        assert takes(lambda: wake.wait(stop, 1.0)) >= 1.0
        assert repr(wake) == "Wake('ws://127.0.0.1:1')"
    # Other tests' threads log to the same place.
    [line] = [one.getMessage() for one in caplog.records if one.name == "ledger.chain.wake"]
    assert line == "no blocks told by ws://127.0.0.1:1: ConnectionRefusedError"


def test_nothing_of_the_key_is_logged_where_it_is_used(caplog: pytest.LogCaptureFixture) -> None:
    def behave(connection: ServerConnection) -> None:
        subscribe(connection)
        for _ in connection:
            pass

    with caplog.at_level(logging.DEBUG), node(behave) as url, Wake(f"{url}/v3/api-key") as wake:
        listening(wake)
    told = [one.getMessage() for one in caplog.records if one.name != "websockets.server"]
    assert not [line for line in told if "api-key" in line]


def test_it_ends_at_once_while_it_listens(anvil: Anvil) -> None:
    wake = Wake(websocket_url(anvil.url))
    with wake:
        listening(wake)
    assert not wake._thread.is_alive()


@pytest.mark.parametrize(
    ("rpc", "expected"),
    [
        ("http://127.0.0.1:8545", "ws://127.0.0.1:8545"),
        (
            "https://user:password@node.example/v3/key?a=b",
            "wss://user:password@node.example/v3/key?a=b",
        ),
    ],
)
def test_the_websocket_is_at_the_same_place(rpc: str, expected: str) -> None:
    assert websocket_url(rpc) == expected


@pytest.mark.parametrize("url", ["http://127.0.0.1", "ws://", "ws://[", "ws://host:port", "", "ws"])
def test_what_is_no_websocket_s_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(InputError) as told:
        Wake(url)
    assert not url or url not in str(told.value).replace("ws:// or wss://", "")
