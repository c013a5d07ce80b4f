"""What others name is reached only where it is public, at the address that was looked at."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import MalformedValue
from ledger.outbox.reaching import Answered, Reach, Reaching, is_public, verify_url

EVERYTHING = Reach(private=True, plain=True)

PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),  # noqa: S104
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("2002:7f00:1::1", "2002:a9fe:a9fe::", "ff0e::1"),
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    if "%" not in address:
        with pytest.raises(MalformedValue):
            verify_url(f"https://{host}/hook", Reach())


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert verify_url(f"https://{host}/hook", Reach())


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://hooks.example/",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "//hooks.example",
        ),
        *("https://u:p@hooks.example/", "https://u@hooks.example/", "https://hooks.example/#x"),
        *("https://hooks.example:0/", "https://hooks.example:99999/", "https://hooks.example/a b"),
        *("https://hooks.example/\r\nHost: x", "https://h\u00f6oks.example/", "https://[::1"),
        "https://hooks.example/" + "a" * 2048,
    ],
)
def test_urls_that_cannot_be_reached(url: str) -> None:
    with pytest.raises(MalformedValue):
        verify_url(url, Reach())


class Listener:
    """A server that answers what it is told, byte for byte, and counts who came."""

    def __init__(self, answer: bytes, rest: bytes = b"", tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.rest, self.tls = answer, rest, tls
        self.requests: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with ExitStack() as stack, suppress(OSError):
                stack.enter_context(connection)
                if self.tls is not None:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                    stack.enter_context(connection)
                self.requests.append(_read(connection))
                connection.sendall(self.answer)
                while self.rest:
                    connection.sendall(self.rest)


def _read(connection: socket.socket) -> bytes:
    """A whole request: closed with something unread, a connection breaks its answer off."""
    read = b""
    while not read.endswith(BODY) and (more := connection.recv(65_536)):
        read += more
    return read


@contextmanager
def listener(
    answer: bytes, rest: bytes = b"", tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    server = Listener(answer, rest, tls)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.socket.shutdown(socket.SHUT_RDWR)
        server.socket.close()
        thread.join(5)


BODY = b"hello"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def post(
    url: str,
    reach: Reach = EVERYTHING,
    seconds: float = 2.0,
    tls: ssl.SSLContext | None = None,
) -> Answered:
    async def run() -> Answered:
        reaching = Reaching(reach, seconds, tls or ssl.create_default_context())
        try:
            return await reaching.post(url, {"content-type": "text/plain"}, BODY)
        finally:
            await reaching.close()

    return asyncio.run(run())


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have a name server answer so, one after the other, and note what it was asked."""
    asked: list[str] = []
    left = list(answers)

    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr("ledger.outbox.reaching.socket.getaddrinfo", resolve)
    return asked


def test_a_name_with_a_private_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listener(NO_CONTENT) as server:
        for found in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]):
            names(monkeypatch, found)
            answered = post(f"http://hooks.example:{server.port}/", Reach(plain=True))
            assert (answered.status, answered.error) == (None, "no_address")
        assert server.requests == []


def test_a_literal_is_checked_when_it_is_connected_to_as_well() -> None:
    with listener(NO_CONTENT) as server:
        for host in ("127.0.0.1", "2130706433", "localhost", "[::ffff:127.0.0.1]", "0"):
            answered = post(f"http://{host}:{server.port}/", Reach(plain=True))
            assert answered.error == "no_address", host
        assert server.requests == []


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked again, the name server would name another."""
    checked: list[str] = []

    def is_good(address: Any) -> bool:
        checked.append(str(address))
        return str(address) == "127.0.0.1"

    monkeypatch.setattr("ledger.outbox.reaching.is_public", is_good)
    with listener(NO_CONTENT) as server:
        asked = names(monkeypatch, ["127.0.0.1"], ["127.0.0.66"])
        assert post(f"http://hooks.example:{server.port}/x?y", Reach(plain=True)).status == 204
        assert (asked, checked) == (["hooks.example"], ["127.0.0.1"])
        assert server.requests[0].startswith(b"POST /x?y HTTP/1.1\r\n")
        assert b"Host: hooks.example:" in server.requests[0]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of hooks.example that it signed itself, and its key."""
    key, chain = tmp_path / "key.pem", tmp_path / "certificate.pem"
    asked = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    asked += ["-days", "2", "-subj", "/CN=hooks.example", "-keyout", str(key), "-out", str(chain)]
    asked += ["-addext", "subjectAltName=DNS:hooks.example"]
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here")
    subprocess.run([openssl, *asked], check=True, capture_output=True)
    return chain, key


def test_the_certificate_has_to_be_the_names_though_an_address_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]
) -> None:
    chain, key = certificate
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(chain, key)
    names(monkeypatch, ["127.0.0.1"])
    with listener(NO_CONTENT, tls=serving) as server:
        trusting = ssl.create_default_context(cafile=str(chain))
        for host, tls, status in (
            ("hooks.example", trusting, 204),
            ("other.example", trusting, None),
            ("hooks.example", ssl.create_default_context(), None),
        ):
            answered = post(f"https://{host}:{server.port}/", Reach(private=True), tls=tls)
            assert answered.status == status, host
            assert answered.error == (None if status else "unreachable")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with listener(NO_CONTENT) as other:
        moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%d/\r\n" % other.port
        with listener(moved + b"Content-Length: 0\r\n\r\n") as server:
            assert post(f"http://127.0.0.1:{server.port}/").status == 307
        assert other.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener(NO_CONTENT) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert post(f"http://127.0.0.1:{server.port}/").status == 204


def test_of_an_answer_that_does_not_end_little_is_read() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with listener(endless, rest=b"x" * 65_536) as server:
        answered = post(f"http://127.0.0.1:{server.port}/", seconds=20)
    assert answered.status == 200
    assert answered.milliseconds < 10_000


def test_an_answer_that_drips_is_waited_for_no_longer_than_a_whole_one() -> None:
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            while not ended.wait(0.05):
                connection.sendall(b"H")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        answered = post(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.4)
        ended.set()
        thread.join(5)
    assert answered.status is None
    assert answered.milliseconds < 5_000


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 204"])
def test_what_is_no_answer_is_said_to_be_broken_off(answer: bytes) -> None:
    with listener(answer) as server:
        assert post(f"http://127.0.0.1:{server.port}/").error == "broken_off"


def test_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").error == "unreachable"


def test_how_long_to_stay_away_is_heard() -> None:
    answer = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    with listener(answer) as server:
        answered = post(f"http://127.0.0.1:{server.port}/")
    assert (answered.status, answered.retry_after) == (429, 7)
