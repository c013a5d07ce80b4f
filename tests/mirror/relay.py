"""A wire between us and a node that a test can cut, as outages do."""

from __future__ import annotations

import socket
import threading
from typing import Self
from urllib.parse import urlsplit


class Relay:
    """Passes TCP connections on to a node while it is `up`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._node = parts.hostname, parts.port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.up = True
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        self.up = False
        with self._lock:
            for each in self._open:
                each.close()
            self._open.clear()

    def mend(self) -> None:
        self.up = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self.up:
                near.close()
                continue
            far = socket.create_connection(self._node)
            with self._lock:
                self._open += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # cut: the other side learns it in the same way
