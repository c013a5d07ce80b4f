"""The embedded chain as a child of `up`: restarted on its port, its state kept as it grows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ledger.chain.node import Anvil
from ledger.errors import LedgerError, ToolError


class ChainProcess:
    """Anvil and the thread that keeps copies of its state."""

    name = "chain"

    def __init__(self, data: Path, port: int, tell: Callable[[str], None]) -> None:
        self.log = data / "chain" / "anvil.log"
        self._data = data
        self._port = port
        self._tell = tell
        self._anvil: Anvil | None = None
        self._stop = threading.Event()

    @property
    def url(self) -> str:
        """Where the node answers."""
        return self._running().url

    def start(self) -> None:
        """Start it from its newest copy; started again, it must have the port that others know."""
        if self._anvil is not None:
            self._anvil.rpc.close()
        anvil = Anvil.start(self._data, self._port, tell=self._tell)
        if self._anvil is not None and anvil.port != self._port:
            anvil.stop()
            raise ToolError(f"its port {self._port} is taken")
        self._anvil, self._port = anvil, anvil.port
        threading.Thread(target=self._keep, args=(anvil,), name="keeps copies", daemon=True).start()

    def wait(self) -> int:
        """Wait until it has ended; its exit code."""
        return self._running().wait()

    def stop(self) -> None:
        """Keep the state a last time, and end it."""
        self._stop.set()
        if self._anvil is not None:
            self._anvil.stop()

    def keep_now(self) -> None:
        """Keep the state now: what follows relies on it."""
        self._running().dump()

    def _running(self) -> Anvil:
        assert self._anvil is not None  # noqa: S101 - `start` comes first
        return self._anvil

    def _keep(self, anvil: Anvil) -> None:
        while anvil.is_alive() and not self._stop.wait(1):
            try:
                anvil.keep(self._stop)
            except LedgerError as error:
                if anvil.is_alive():
                    self._tell(f"the chain's state was not kept: {error}")
