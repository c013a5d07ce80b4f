"""The embedded chain: an Anvil whose state outlives it, whatever moment it is killed at."""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ledger.chain.dump import trim_dump
from ledger.chain.process import NodeDied, Process, find_anvil, pick_port, start_process
from ledger.chain.rpc import RpcClient
from ledger.chain.state import (
    BadState,
    Head,
    chain_folder,
    drop_parts,
    final_path,
    find_copies,
    put_aside,
    save_copy,
    save_final,
)
from ledger.chain.wire import Block, parse_quantity, quantity
from ledger.errors import NodeError, NodeUnavailable, ToolError
from ledger.types import Address, parse_hex, to_hex

_log = logging.getLogger(__name__)

CHAIN_ID: Final = 31337
_ATTEMPTS: Final = 5
_SHORTEST: Final = 1.0
_REST: Final = 5
_BUSY_REST: Final = 20
_QUIET: Final = 0.25
# Old states make a copy grow with the square of the history: 163 MB packed at 600 blocks of 20
# entries, 4 MB without. A chain keeps them while it is short and they are quick to copy.
_HISTORY_BLOCKS: Final = 128
_HISTORY_BUDGET: Final = 0.5
_PORT_TRIES: Final = 3

Tell = Callable[[str], None]


class Anvil:
    """A running Anvil and its kept state; start it with `start`, from a thread that lives on.

    Being a child, it dies with the thread that started it (on Linux), even on a SIGKILL.
    """

    def __init__(self, process: Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._lock = threading.Lock()
        self._kept: Head | None = None
        self._with_history = True
        self.rpc = RpcClient(process.url, timeout=120.0)

    def __repr__(self) -> str:
        return f"Anvil({self.url!r}, pid={self.pid})"

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._process.url

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._process.port

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def final_path(self) -> Path:
        """The file that names the newest block in a completed copy (`DumpFinality`)."""
        return final_path(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    # -- starting and stopping -------------------------------------------------------------

    @classmethod
    def start(
        cls, data: Path, port: int = 0, *, chain_id: int = CHAIN_ID, tell: Tell = _log.warning
    ) -> Self:
        """Start the chain kept in `data`, or a new one; the state lies in `data/chain`.

        Goes on from the newest copy that loads. A port that is taken is replaced by a free one
        (0 always is), and both, like a copy that does not load, are told through `tell`.

        Raises:
            ToolError: Anvil is missing or does not come up; shows what it said.
            BadState: there are copies, and none of them loads.
        """
        folder = chain_folder(data)
        folder.mkdir(parents=True, exist_ok=True)
        drop_parts(folder)
        copies = find_copies(folder)
        for at, copy in enumerate(copies):
            try:
                anvil = cls._begin(folder, port, chain_id, tell, copy)
            except NodeDied as error:
                tell(f"{copy.name} does not load, trying an older copy: {error.said}")
            else:
                put_aside(copies[:at])
                return anvil
        if copies:
            raise BadState(f"{folder}: none of {len(copies)} copies of the chain's state loads")
        return cls._begin(folder, port, chain_id, tell, None)

    @classmethod
    def _begin(cls, folder: Path, port: int, chain_id: int, tell: Tell, copy: Path | None) -> Self:
        flags = ["--chain-id", str(chain_id)]
        if copy is not None:
            flags += ["--load-state", str(copy)]
        for attempt in range(_PORT_TRIES):
            picked = pick_port(port if attempt == 0 else 0)
            if port not in {0, picked}:
                tell(f"port {port} is taken, the chain listens on {picked}")
            try:
                process = start_process(find_anvil(), folder, picked, flags)
                break
            except NodeDied as error:
                # Another process may have been quicker to the port that was free.
                if "in use" not in error.said or attempt == _PORT_TRIES - 1:
                    raise
        anvil = cls(process, folder)
        try:
            anvil._settle(copy)
        except BaseException:
            anvil.rpc.close()
            process.end()
            raise
        return anvil

    def _settle(self, copy: Path | None) -> None:
        """Keep the first block at once, so that a chain once seen comes back as the same one."""
        if copy is None:
            self.dump()
            return
        head = self.rpc.fetch_block("latest")
        self._kept = Head(head.number, head.hash)
        save_final(self._folder, self._kept)

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def wait(self) -> int:
        """Wait until the process has ended; its exit status, negative for a signal."""
        return self._process.wait()

    def stop(self) -> None:
        """Keep the state a last time, then end the process: asked first, killed if it must be."""
        try:
            if self.is_alive():
                self.dump()
        except (NodeError, ToolError) as error:
            _log.warning("the chain's state was not kept at the end: %s", error)
        finally:
            self.rpc.close()
            self._process.end()

    # -- keeping the state -----------------------------------------------------------------

    def keep(self, stop: threading.Event) -> None:
        """Keep copies of the state as the chain grows, until `stop` is set.

        Mining waits while a copy is made: it rests five times as long as that took, a second at
        least, and up to twenty times while blocks keep coming.

        Raises:
            NodeDied: Anvil ended.
        """
        took = 0.0
        while not stop.wait(max(_SHORTEST, _REST * took)):
            began = time.monotonic()
            try:
                self._await_quiet(stop, (_BUSY_REST - _REST) * took)
                began = time.monotonic()
                self.dump()
            except (NodeUnavailable, BadState) as error:
                if stop.is_set():
                    return
                self._process.verify_alive()
                _log.warning("the chain's state was not kept: %s", error)
            took = time.monotonic() - began

    def _await_quiet(self, stop: threading.Event, longest: float) -> None:
        """Wait until no block has come for a moment, but no longer than `longest` seconds."""
        until = time.monotonic() + longest
        known = self.rpc.fetch_block_number()
        while time.monotonic() < until and not stop.wait(_QUIET):
            newest = self.rpc.fetch_block_number()
            if newest == known:
                return
            known = newest

    def dump(self) -> Head | None:
        """Keep a copy now if the head moved since the last; returns the copy's head.

        Raises:
            BadState: the chain would not hold still, or the disk does not take the copy.
            NodeUnavailable: Anvil does not answer.
        """
        with self._lock:
            if self._head_of(self.rpc.fetch_block("latest")) == self._kept:
                return None
            for _ in range(_ATTEMPTS):
                taken = self._take()
                if taken is not None:
                    text, head = taken
                    save_copy(self._folder, text, head)
                    self._kept = head
                    return head
        raise BadState(f"{self.url}: blocks kept coming while the state was copied")

    def _take(self) -> tuple[bytes, Head] | None:
        """Dump the state; None if the chain moved meanwhile, which Anvil does not lock out."""
        with self._paused():
            self._let_come()
            before = self._head_of(self.rpc.fetch_block("latest"))
            began = time.monotonic()
            history = self._with_history and before.number <= _HISTORY_BLOCKS
            packed = self.rpc.call("anvil_dumpState", history)
            if time.monotonic() - began > _HISTORY_BUDGET:
                self._with_history = False
            after = self.rpc.fetch_block("latest")
        head = self._head_of(after)
        if head != before:
            return None
        text = trim_dump(_unpack(parse_hex(packed, field="anvil_dumpState")), head)
        return None if text is None else (text, head)

    def _let_come(self) -> None:
        """Await the blocks that are being made, which a pause of mining does not stop.

        Their transactions stay in the pool until then, and two blocks are never made at once: once
        one of our own comes alone, there is hardly another.
        """
        if not parse_quantity(self.rpc.fetch("txpool_status")["pending"]):
            return
        for _ in range(_ATTEMPTS):
            before = self.rpc.fetch_block_number()
            self.rpc.call("evm_mine")
            if self.rpc.fetch_block_number() == before + 1:
                return

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Hold mining back; what is sent meanwhile waits in the pool and is mined after."""
        mining = bool(self.rpc.fetch("anvil_getAutomine"))
        self.rpc.fetch("evm_setAutomine", False)
        try:
            yield
        finally:
            if mining:
                self.rpc.fetch("evm_setAutomine", True)

    @staticmethod
    def _head_of(block: Block) -> Head:
        return Head(block.number, block.hash)

    # -- what only a chain of our own can do -----------------------------------------------

    def fund(self, address: Address, wei: int = 10**21) -> None:
        """Fill an account up to that balance once it is half empty, out of nothing."""
        fund(self.rpc, address, wei)


def _unpack(packed: bytes) -> bytes:
    """Decompress gzip, whose last bytes tell the size: known at once, it is allocated once."""
    return zlib.decompress(packed, zlib.MAX_WBITS | 16, int.from_bytes(packed[-4:], "little"))


def fund(rpc: RpcClient, address: Address, wei: int = 10**21) -> None:
    """Fill an account up to that balance once it is half empty, out of nothing.

    Does nothing on a chain that is not Anvil's.

    Raises:
        NodeUnavailable: the node does not answer.
    """
    if not str(rpc.fetch("web3_clientVersion")).startswith("anvil/"):
        return
    if rpc.fetch_balance(address) >= wei // 2:
        return
    rpc.fetch("anvil_setBalance", to_hex(address), quantity(wei))
    # A header commits to the state after its block: without one, proofs would not verify.
    rpc.call("evm_mine")
