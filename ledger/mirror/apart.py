"""A process of its own that reads ahead, as it is seen by the one that began it.

It is had in time only if little was imported before it: nothing here needs a database, and what the
other process does is imported there (`ledger.mirror.ahead`).
"""

from __future__ import annotations

import logging
import marshal
import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from typing import Any, Final, Self

from ledger.chain.finality import Finality
from ledger.chain.identity import Deployed
from ledger.chain.rpc import RpcClient
from ledger.mirror.steps import Applied, Closing, Cursor, PassedBlock, Portion

_log = logging.getLogger(__name__)

# Where it is safe, another process is had at once, with all that is imported by then.
CONTEXT: Final = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
CLOSING: Final = b"."
"""What is sent behind the portions of a step, and before the step itself."""
_PACKED: Final = [field.name for field in fields(Applied) if field.name != "portions"]
_LOOK_EVERY: Final = 0.1
_FAR: Final = 500
"""Final blocks behind which a process of its own is worth starting."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What to read: from the mirror's `cursor` to the final block `until`."""

    rpc_url: str
    database_url: str
    deployed: Deployed
    cursor: Cursor
    until: int


class ReadAhead:
    """Reads ahead from when it is entered until it is left."""

    def __init__(self, work: Ahead) -> None:
        self.work = work
        self._pipe, theirs = CONTEXT.Pipe()
        self._process: multiprocessing.Process = CONTEXT.Process(  # type: ignore[attr-defined]
            target=_begin, args=(theirs, self._pipe, work), daemon=True, name="read-ahead"
        )
        self._theirs = theirs

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def steps(self, stop: threading.Event) -> Iterator[Applied]:
        """Yield the steps from the cursor on; each must be written before the next is asked for.

        Ends at the block `until`, when `stop` is set, or, with a line in the log, where the node
        does not tell what can be true.
        """
        portions: deque[bytes] = deque()
        try:
            while packed := self._receive(stop):
                if packed != CLOSING:
                    portions.append(packed)
                    continue
                step, portions = unpack(self._pipe.recv_bytes(), portions), deque()
                written = step.last.last_sequence
                yield step
                del step  # there need not be two at once
                self._pipe.send_bytes(written.to_bytes(8))
        except (EOFError, OSError) as error:
            _log.info("reading ahead has ended: %r", error)

    def _receive(self, stop: threading.Event) -> bytes | None:
        while not stop.is_set():
            if self._pipe.poll(_LOOK_EVERY):
                return self._pipe.recv_bytes()
        return None


def find_work(
    rpc: RpcClient, database_url: str, deployed: Deployed, finality: Finality, cursor: Cursor
) -> Ahead | None:
    """What to read ahead from there, if it is worth it."""
    until = finality.fetch_final_block(rpc)
    if until - cursor.number <= _FAR:
        return None
    return Ahead(rpc.url, database_url, deployed, cursor, until)


def _begin(pipe: Connection, theirs: Connection, work: Ahead) -> None:
    theirs.close()
    # Ctrl-C reaches the whole group; the one that began this ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from ledger.mirror.ahead import read_ahead

    read_ahead(pipe, work)


# -- from process to process ----------------------------------------------------------------------


def pack_portion(portion: Portion) -> bytes:
    """A portion as bytes. All that it holds is of Python's own kinds."""
    values: Any = tuple(portion)
    return marshal.dumps(values, 2)


def pack(step: Applied) -> bytes:
    """A step without its portions: Python's own kinds, and what is made of tuples."""
    values = {name: getattr(step, name) for name in _PACKED}
    values["before"], values["last"] = tuple(step.before), tuple(step.last)
    values["closed"] = [(*closing, rows) for closing, rows in step.closed.items()]
    return marshal.dumps(values, 2)


def unpack(packed: bytes, portions: deque[bytes]) -> Applied:
    """The step again; its portions are unpacked one by one, and none is kept."""
    values: dict[str, Any] = marshal.loads(packed)  # noqa: S302 - from our own process
    values["before"], values["last"] = Cursor(*values["before"]), PassedBlock(*values["last"])
    values["closed"] = {Closing(table, names): rows for table, names, rows in values["closed"]}
    return Applied(portions=_unpack_portions(portions), **values)


def _unpack_portions(packed: deque[bytes]) -> Iterator[Portion]:
    while packed:
        yield Portion(*marshal.loads(packed.popleft()))  # noqa: S302 - from our own process
