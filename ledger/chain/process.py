"""Anvil as an operating system process: found, started, awaited, never left behind."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.chain.rpc import RpcClient
from ledger.errors import NodeUnavailable, ToolError

_ROOT: Final = Path(__file__).resolve().parents[2]
_HOST: Final = "127.0.0.1"
_DEADLINE: Final = 60.0
_GRACE: Final = 5.0
_PAUSE: Final = 0.01
_PR_SET_PDEATHSIG: Final = 1

# One epoch a slot moves `finalized` on; no accounts of its own, no pages of others as callers.
_FLAGS: Final = (
    *("--slots-in-an-epoch", "1"),
    "--preserve-historical-states",
    *("--accounts", "0"),
    "--no-cors",
    "--quiet",
)


class NodeDied(ToolError):
    """The embedded node ended, or never came up; `said` is what it wrote last."""

    code = "node_died"

    def __init__(self, status: int | None, said: str) -> None:
        super().__init__(f"Anvil ended with status {status}: {said or 'it said nothing'}")
        self.said = said


def find_anvil() -> Path:
    """Where Anvil's program is: among the contracts' npm packages, else on the PATH.

    Raises:
        ToolError: nowhere.
    """
    packages = _ROOT / "contracts" / "node_modules" / "@foundry-rs"
    name = "anvil.exe" if sys.platform == "win32" else "anvil"
    for program in sorted(packages.glob(f"anvil-*/bin/{name}")):
        if os.access(program, os.X_OK):
            return program
    found = shutil.which("anvil")
    if found is None:
        raise ToolError(f"Anvil is neither in {packages} nor on the PATH: run npm ci in contracts")
    return Path(found)


def pick_port(wished: int) -> int:
    """The wished port if nobody listens on it, else a free one; 0 asks for any."""
    for port in (wished, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((_HOST, port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise ToolError("no port is free")


@dataclass(slots=True)
class Process:
    """A running Anvil; `log` is where its error stream goes."""

    port: int
    log: Path
    popen: subprocess.Popen[bytes] = field(repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{_HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.popen.poll() is None

    def wait(self) -> int:
        """Wait until it has ended; its exit status, negative for a signal."""
        return self.popen.wait()

    def verify_alive(self) -> None:
        """Raises NodeDied if it does not run."""
        status = self.popen.poll()
        if status is not None:
            raise NodeDied(status, self.said())

    def said(self) -> str:
        """The end of what it wrote to its error stream."""
        text = self.log.read_text(errors="replace").strip()
        return text.partition("\n\nFor more information")[0][-500:]

    def end(self) -> None:
        """End it: asked by SIGTERM, after five seconds by SIGKILL."""
        self.popen.terminate()
        try:
            self.popen.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def start_process(program: Path, folder: Path, port: int, flags: Sequence[str]) -> Process:
    """Start Anvil and wait until it answers.

    Raises:
        NodeDied: it ended instead.
        ToolError: it does not start, or has not answered in a minute.
    """
    log, scratch = folder / "anvil.log", folder / "scratch"
    # Anvil pages old states out to disk, and leaves them there when it is killed.
    shutil.rmtree(scratch, ignore_errors=True)
    command = [str(program), "--host", _HOST, "--port", str(port), *_FLAGS]
    command += ["--cache-path", str(scratch), *flags]
    try:
        with log.open("wb") as errors:
            popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # Ctrl-C in a terminal reaches the whole group; the last copy comes before the end.
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
    except OSError as error:
        raise ToolError(f"{program} does not start: {error.strerror}") from error
    process = Process(port, log, popen)
    try:
        _await_answer(process)
    except BaseException:
        process.end()
        raise
    return process


def _await_answer(process: Process) -> None:
    deadline = time.monotonic() + _DEADLINE
    with RpcClient(process.url, patience=0.0) as rpc:
        while True:
            process.verify_alive()
            try:
                rpc.chain_id()
            except NodeUnavailable:
                answered = False
            else:
                answered = _listens(process.pid, process.port)
            if answered:
                return
            if time.monotonic() > deadline:
                raise ToolError(f"Anvil does not answer: {process.said()}")
            time.sleep(_PAUSE)


def _listens(pid: int, port: int) -> bool:
    """Whether the process itself has the port: another's node may have been quicker (proc(5))."""
    if sys.platform != "linux":
        return True
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == "0A" and int(row[1].partition(":")[2], 16) == port
    }
    try:
        handles = list(Path(f"/proc/{pid}/fd").iterdir())
        return any(os.readlink(handle) in listening for handle in handles)
    except OSError:  # it ended, or closed one meanwhile: to be looked at again
        return False


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does first, so that a killed parent leaves no node behind (prctl(2))."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return arm
