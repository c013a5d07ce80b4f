"""Validates by schemas in processes of their own, whose time and memory are bounded."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Final

import msgspec

from ledger.errors import ToolError
from ledger.hashing import sha256
from ledger.standards.json_schema import SchemaFault, UnusableSchema
from ledger.standards.schema_worker import KEPT, Answer, Question, receive, send
from ledger.types import Hash32

_ROOT: Final = Path(__file__).parents[2]
_MEMORY: Final = 1024**3
_SHUNNED_FOR: Final = 60.0
_READY_WITHIN: Final = 60.0
_IN_TURN: Final = 50
_MAY_WAIT: Final = 4
_SECONDS_EACH: Final = 0.1
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


class ValidatorsBusy(ToolError):
    """All processes that validate have much to do; try again."""

    code = "validators_busy"


class _Worker:
    """One process, and the schemas that it knows."""

    def __init__(self) -> None:
        self.known: OrderedDict[Hash32, None] = OrderedDict()
        self._is_ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ledger.standards.schema_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(_ROOT), "PYTHONHASHSEED": "0"},
        )
        if sys.platform == "linux":
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._process.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))

    def is_alive(self) -> bool:
        """Whether it has not ended while it was idle."""
        return self._process.poll() is None

    def ask(self, schema: bytes, documents: Sequence[bytes], seconds: float) -> Answer:
        """Ask it. Raises EOFError if it is not done in time, or ends; it is of no use then."""
        digest = sha256(schema)
        question = Question(digest, None if digest in self.known else schema, list(documents))
        if not self._is_ready:
            self._exchange(None, _READY_WITHIN)
            self._is_ready = True
        told = self._exchange(question, seconds)
        self.known[digest] = None
        self.known.move_to_end(digest)
        while len(self.known) > KEPT:
            self.known.popitem(last=False)
        return _ANSWERS.decode(told)

    def _exchange(self, question: Question | None, seconds: float) -> bytes:
        watch = threading.Timer(seconds, self._process.kill)
        watch.start()
        try:
            if question is not None:
                send(self._pipe(self._process.stdin), question)
            return receive(self._pipe(self._process.stdout))
        except BrokenPipeError:
            raise EOFError from None
        finally:
            watch.cancel()

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        with contextlib.suppress(BrokenPipeError), self._process:
            return

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise EOFError
        return pipe


class SchemaWorkers:
    """Processes that validate, begun when they are first needed; for many threads.

    A schema that took too long is not tried again for a minute, so that it costs others little.
    """

    def __init__(self, number: int = 2, seconds: float = 5.0, patience: float = 20.0) -> None:
        self._seconds, self._patience = seconds, patience
        self._idle: Queue[_Worker | None] = Queue()
        for _ in range(number):
            self._idle.put(None)
        self._waiting = threading.BoundedSemaphore(_MAY_WAIT * number)
        self._shunned: OrderedDict[Hash32, float] = OrderedDict()
        self._lock = threading.Lock()

    def find_faults(self, schema: bytes, documents: Sequence[bytes]) -> list[list[SchemaFault]]:
        """The first faults of each document.

        Many take turns with others' after every few, and all together some time more than one.

        Raises:
            UnusableSchema: it is none, refers to another, or takes too long.
            ValidatorsBusy: no process is free, and none became so.
        """
        found: list[list[SchemaFault]] = []
        left = self._seconds + _SECONDS_EACH * len(documents)
        for at in range(0, max(1, len(documents)), _IN_TURN):
            begun = time.monotonic()
            some = documents[at : at + _IN_TURN]
            found += self._find_some(schema, some, min(left, self._seconds))
            left -= time.monotonic() - begun
        return found

    def _find_some(
        self, schema: bytes, documents: Sequence[bytes], seconds: float
    ) -> list[list[SchemaFault]]:
        digest = sha256(schema)
        self._require_swift(digest)
        worker = self._wait_for_worker()
        try:
            worker = worker if worker is not None and worker.is_alive() else _Worker()
            told = worker.ask(schema, documents, max(0.001, seconds))
        except EOFError:
            if worker is not None:
                worker.end()
            worker = None
            self._shun(digest)
            raise _too_slow(seconds) from None
        finally:
            self._idle.put(worker)
        if told.unusable is not None:
            raise UnusableSchema(told.unusable, told.path)
        return told.faults

    def _wait_for_worker(self) -> _Worker | None:
        """A process; None: one is to be begun. Few may wait, as each holds a thread."""
        busy = ValidatorsBusy("the processes that validate by schemas are busy")
        if not self._waiting.acquire(blocking=False):
            raise busy
        try:
            return self._idle.get(timeout=self._patience)
        except Empty:
            raise busy from None
        finally:
            self._waiting.release()

    def close(self) -> None:
        """End all processes that are idle; those that are busy end with what they are asked."""
        with contextlib.suppress(Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker is not None:
                    worker.end()

    def _require_swift(self, digest: Hash32) -> None:
        with self._lock:
            if time.monotonic() < self._shunned.get(digest, 0.0):
                raise _too_slow(self._seconds)

    def _shun(self, digest: Hash32) -> None:
        with self._lock:
            self._shunned[digest] = time.monotonic() + _SHUNNED_FOR
            while len(self._shunned) > KEPT:
                self._shunned.popitem(last=False)


def _too_slow(seconds: float) -> UnusableSchema:
    memory = _MEMORY // 1024**2
    return UnusableSchema(f"validating by it did not end within {seconds:g} s and {memory} MiB")
