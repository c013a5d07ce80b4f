"""Reads streams of events as clients do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.api.running import until


@dataclass
class Listening:
    """A stream that is open: what it told, and the place that it led to."""

    status: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    place: str = ""
    comments: list[str] = field(default_factory=list)
    ended: bool = False

    def read(self, lines: Iterator[str]) -> None:
        """Take in lines as HTML, 9.2.6 says."""
        data: list[str] = []
        name = None
        for line in lines:
            if line.startswith("data: "):
                data.append(line[6:])
            elif line.startswith("id: "):
                name = line[4:]
            elif line.startswith(":"):
                self.comments.append(line[1:].strip())
            elif not line:
                self.place = name or self.place
                if data:
                    self.events.append(json.loads("\n".join(data)))
                    self.ids.append(name or "")
                data, name = [], None

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The events of entries."""
        return [one for one in self.events if one["type"].startswith("ledger.entry.")]

    def about(self, subject: str) -> list[str]:
        """What was told of a subject, by type."""
        return [one["type"] for one in self.entries if one["subject"] == subject]

    def wait_for(self, subject: str, count: int = 1) -> list[str]:
        """The same, once there is so much of it."""
        until(lambda: len(self.about(subject)) >= count)
        return self.about(subject)


@contextmanager
def listening(http: httpx.Client, last: str | None = None, **params: Any) -> Iterator[Listening]:
    """Listen in a thread of its own, until the end."""
    heard = Listening()
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    with (
        httpx.Client(
            base_url=http.base_url, headers=http.headers, timeout=60, trust_env=False
        ) as own,
        own.stream("GET", "/v1/events", params=params, headers=headers) as answer,
    ):
        heard.status = answer.status_code

        def read() -> None:
            try:
                heard.read(answer.iter_lines())
            except (httpx.TransportError, httpx.StreamError):
                pass
            finally:
                heard.ended = True

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        if answer.status_code == 200:
            until(lambda: heard.comments or heard.ended)
        yield heard
        # What is closed beneath a reader leaves it waiting.
        with suppress(OSError):
            answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        thread.join(20)
        assert not thread.is_alive()
