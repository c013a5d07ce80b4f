"""A JSON-RPC proxy between the code under test and its node, which misbehaves as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_ASK: Final = (
    b"POST / HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
)


class Dropped(Exception):
    """The connection ends without an answer, or with the part of one that `sent` holds."""

    def __init__(self, sent: bytes = b"") -> None:
        super().__init__()
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer that is none of JSON-RPC, as gateways give."""

    status: int

    def encode(self) -> bytes:
        page = b"<html><body>come back later</body></html>"
        head = f"HTTP/1.1 {self.status} Busy\r\ncontent-type: text/html\r\ncontent-length: "
        return head.encode() + b"%d\r\n\r\n%s" % (len(page), page)


Answering = Callable[[bytes], bytes | Refusal]


class Upstream:
    """A kept connection to a node; safe for one caller at a time. Asks again only if `patient`."""

    def __init__(self, url: str, *, patient: bool = True) -> None:
        self.patient = patient
        parts = urlsplit(url)
        self.address = parts.hostname or "", parts.port or 80
        self._open: tuple[socket.socket, _Reader] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, body: bytes) -> bytes:
        """The body of the node's answer. Raises Dropped if it gives none."""
        for attempt in range(2):  # a connection that was kept may have ended meanwhile
            fresh = self._open is None
            try:
                wire, reader = self._open or self._connect()
                wire.sendall(_ASK % len(body) + body)
                _, answer = reader.read_message()
                return answer
            except OSError:
                self.close()
                if fresh or attempt or not self.patient:
                    raise Dropped from None
        raise AssertionError

    def close(self) -> None:
        if self._open is not None:
            self._open[0].close()
            self._open = None

    def _connect(self) -> tuple[socket.socket, _Reader]:
        wire = socket.create_connection(self.address, timeout=10)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open = wire, _Reader(wire)
        return self._open


class _Reader:
    """Reads HTTP messages with a content-length, one after another."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.rest = b""

    def read_message(self) -> tuple[bytes, bytes]:
        """Head and body of the next message. Raises ConnectionError at the end of the stream."""
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self._more()
        head = self.rest[:end]
        length = _content_length(head)
        while len(self.rest) < end + 4 + length:
            self._more()
        body = self.rest[end + 4 : end + 4 + length]
        self.rest = self.rest[end + 4 + length :]
        return head, body

    def _more(self) -> None:
        got = self.wire.recv(1 << 18)
        if not got:
            raise ConnectionResetError("the stream ended")
        self.rest += got


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ConnectionResetError("no content-length")


@dataclass
class Proxy:
    """Listens on a loopback port; `answering` makes the answer to each request's body."""

    answering: Answering
    up: bool = True
    _listening: socket.socket = field(init=False)
    _wires: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def go_down(self) -> None:
        """End all connections, and take no others until it is `up` again."""
        self.up = False
        self.cut()

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        for wire in list(self._wires):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                wire, _ = self._listening.accept()
            except OSError:
                return
            if not self.up:
                wire.close()
                continue
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wires.add(wire)
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        reader = _Reader(wire)
        try:
            while True:
                _, body = reader.read_message()
                with self._lock:
                    answer = self.answering(body)
                if isinstance(answer, Refusal):
                    wire.sendall(answer.encode())
                else:
                    wire.sendall(_OK % len(answer) + answer)
        except Dropped as dropped:
            with contextlib.suppress(OSError):
                wire.sendall(dropped.sent)
        except OSError:
            return  # the other side went away, as it may at any time
        finally:
            self._wires.discard(wire)
            wire.close()
