"""A service that gives the answers it was told, and remembers what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "al_abcdefgh_very-secret"
ACCEPTED = {"id": "0xaa", "position": 0, "operation": "/v1/operations/7", "content_hash": "0xbb"}


@dataclass
class Answer:
    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Desk(ThreadingHTTPServer):
    """A server that gives the answers it was told, one a request; None hangs up."""

    daemon_threads = True

    def __init__(self, answers: list[Answer | None]) -> None:
        self.answers, self.seen = answers, list[Seen]()
        super().__init__(("127.0.0.1", 0), _Clerk)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Clerk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Desk

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline()
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(Seen(self.command, self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        content = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
