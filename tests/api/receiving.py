"""A receiver of webhooks on this machine, that answers as it is told and checks what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.standards.webhooks import decode_secret, sign_message
from tests.api.running import until


@dataclass(frozen=True, slots=True)
class Received:
    """A request: its headers by lower-case names, its body, and the status that answered it."""

    headers: dict[str, str]
    body: bytes
    status: int | None

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told

    def is_signed_by(self, secret: str) -> bool:
        timestamp = int(self.headers["webhook-timestamp"])
        signature = sign_message(decode_secret(secret), self.id, timestamp, self.body)
        return signature in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """What came, in order; `answer` says with which status to answer (None: not at all)."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int | None] = lambda _: 204
    headers: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken(self) -> list[Received]:
        """What was answered with success."""
        return [one for one in self.received if one.status is not None and one.status < 300]

    def sequences(self) -> list[int]:
        """The numbers of the deliveries that were taken, each when it was taken first."""
        found = [int(one.event["sequence"]) for one in self.taken if "sequence" in one.event]
        return list(dict.fromkeys(found))

    def about(self, subject: str) -> list[str]:
        """The types of what was taken about a subject."""
        return [one.event["type"] for one in self.taken if one.event.get("subject") == subject]

    def wait_for(self, subject: str, count: int = 1) -> list[str]:
        until(lambda: len(self.about(subject)) >= count)
        return self.about(subject)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.answer(Received(headers, body, None))
            with receiver.lock:
                receiver.received.append(Received(headers, body, status))
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def slowly(seconds: float, status: int = 204) -> Callable[[Received], int]:
    """Answer late."""

    def answer(_: Received) -> int:
        time.sleep(seconds)
        return status

    return answer
