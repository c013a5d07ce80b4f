"""Signers on loopback with a real key: Web3Signer's protocol and a KMS's, honest or as told."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from coincurve import PrivateKey

from ledger.chain.signers.der import decode_signature
from ledger.hashing import keccak
from ledger.signatures import ORDER, address_of_key
from ledger.types import Address, parse_hex, to_hex

SPKI = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")

Reply = tuple[int, str, bytes]
"""Status, content type, body."""


def der(r: int, s: int) -> bytes:
    """A signature as KMS write it."""
    body = b"".join(b"\x02" + bytes([len(n)]) + n for n in map(_integer, (r, s)))
    return b"\x30" + bytes([len(body)]) + body


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


class SigningService:
    """Holds one key, and remembers what it was asked. `lie` changes what is signed, or who signs.

    `reply` changes what is answered; None as its answer closes the connection.
    """

    def __init__(self, key: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.key = PrivateKey(key)
        self.point = self.key.public_key.format(compressed=False)
        self.lie: Callable[[bytes], bytes] = lambda message: message
        self.high = False
        self.reply: Callable[[Reply], Reply | None] = lambda reply: reply
        self.asked: list[tuple[str, Any]] = []
        self.authorised: list[str | None] = []
        self.connections: set[Any] = set()
        self.port = 0
        self._tls = tls
        self._open: set[socket.socket] = set()
        self.start()

    @property
    def address(self) -> Address:
        return address_of_key(self.point)

    def line(self, kind: str, user: str = "", more: str = "") -> str:
        """The setting that names this service."""
        scheme = "https" if self._tls else "http"
        return f"{kind}+{scheme}://{user}localhost:{self.port}?address={to_hex(self.address)}{more}"

    def start(self) -> None:
        """Listen, on the port of before if there was one."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one go

            def setup(self) -> None:
                super().setup()
                service._open.add(self.connection)

            def finish(self) -> None:
                service._open.discard(self.connection)
                super().finish()

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

            def _answer(self, asked: Any) -> None:
                service.asked.append((self.path, asked))
                service.authorised.append(self.headers.get("authorization"))
                service.connections.add(self.client_address)
                reply = service.reply(service._work(self.path, asked))
                if reply is None:
                    self.close_connection = True
                    return
                status, told, body = reply
                self.send_response(status)
                self.send_header("content-type", told)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Whoever asked did not wait for the answer."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Go away, for good or until started again."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it may have been closed by now
                connection.shutdown(socket.SHUT_RDWR)

    # -- protocols -------------------------------------------------------------------------

    def _work(self, path: str, asked: Any) -> Reply:
        match path.strip("/").split("/"):
            case ["api", "v1", "eth1", "publicKeys"]:
                other = PrivateKey(b"\x05" * 32).public_key.format(compressed=False)
                return _json([to_hex(other[1:]), to_hex(self.point[1:])])
            case ["api", "v1", "eth1", "sign", key] if key == to_hex(self.point[1:]):
                return self._web3signer(parse_hex(asked["data"]))
            case ["public-key"]:
                return _json({"public_key": to_hex(SPKI + self.point)})
            case ["sign"]:
                signed = self._sign(self.lie(parse_hex(asked["digest"])))
                return _json({"signature": to_hex(der(*signed[:2]))})
        return 404, "text/plain", b""

    def _web3signer(self, message: bytes) -> Reply:
        r, s, parity = self._sign(keccak(self.lie(message)))
        answer = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
        return 200, "text/plain; charset=utf-8", to_hex(answer).encode()

    def _sign(self, digest: bytes) -> tuple[int, int, int]:
        r, s = decode_signature(self.key.sign(digest, hasher=None))
        parity = self.key.sign_recoverable(digest, hasher=None)[64]
        return (r, ORDER - s, 1 - parity) if self.high else (r, s, parity)


def _json(value: object) -> Reply:
    return 200, "application/json", json.dumps(value).encode()
