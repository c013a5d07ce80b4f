"""Streams of events as they arrive (HTML, 9.2): bytes in, events out, and where to go on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_LINE: Final = re.compile(rb"(.*?)(?:\r\n|\n|\r(?!\n|\Z))", re.DOTALL)


@dataclass(slots=True)
class Reader:
    """What has arrived of a stream; `last_id` is what the next one begins after.

    It stays over connections, while half an event that was cut off is forgotten (`begin`).
    """

    last_id: str | None = None
    _rest: bytes = field(default=b"", init=False)
    _data: list[str] = field(default_factory=list, init=False)
    _id: str | None = field(default=None, init=False)

    def begin(self) -> None:
        """Another connection begins."""
        self._rest, self._data, self._id = b"", [], None

    def take(self, piece: bytes) -> Iterator[str]:
        """The data of the events that are whole by now; each is given before its place counts."""
        self._rest += piece
        at = 0
        while found := _LINE.match(self._rest, at):
            at = found.end()
            if found[1]:
                self._read(found[1].decode(errors="replace"))
                continue
            told, self._data = self._data, []
            if told:
                yield "\n".join(told)
            self.last_id, self._id = self._id or self.last_id, None
        self._rest = self._rest[at:]

    def _read(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
