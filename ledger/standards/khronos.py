"""glTF and GLB (ISO/IEC 12113), by the Khronos validator: a process of its own, bounded.

It is a npm package that runs under Node.js; `gltf/` beside this file says which, and calls it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ledger.errors import ToolError
from ledger.standards.files import BrokenFile, Fault

_FOLDER: Final = Path(__file__).parent / "gltf"
_SCRIPT: Final = _FOLDER / "validate.cjs"
_MOST_TOLD: Final = 256 * 1024
_AT_ONCE: Final = threading.BoundedSemaphore(2)


class ValidatorMissing(ToolError):
    """The Khronos validator cannot run here: Node.js or the npm package is not installed."""

    code = "validator_missing"


class ValidatorBusy(ToolError):
    """As many files as this process looks into at once are being looked into; try again."""

    code = "validator_busy"


@dataclass(frozen=True, slots=True)
class ValidatorBounds:
    """What looking into one file may take: seconds, bytes of memory, and seconds of waiting."""

    seconds: float = 60.0
    memory: int = 1024 * 1024 * 1024
    patience: float = 30.0


class _Told(msgspec.Struct):
    path: str
    rule: str
    reason: str


class _Verdict(msgspec.Struct):
    validator: str
    errors: int
    faults: list[_Told]


_VERDICTS: Final = msgspec.json.Decoder(_Verdict)


def find_validator() -> tuple[str, ...] | None:
    """The command that validates, if Node.js and the package are here."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node = shutil.which("node", path=beside)
    if node is None or not (_FOLDER / "node_modules" / "gltf-validator").is_dir():
        return None
    return (node, str(_SCRIPT))


def verify_gltf(parts: Iterable[bytes], bounds: ValidatorBounds | None = None) -> None:
    """See that the Khronos validator finds no error in a file that comes in parts.

    Raises:
        BrokenFile: it finds some, by JSON Pointer or byte; or does not come to an end in time.
        ValidatorMissing, ValidatorBusy: it cannot be asked (now).
    """
    bounds = bounds or ValidatorBounds()
    command = find_validator()
    if command is None:
        raise ValidatorMissing("the Khronos glTF validator is not installed here")
    if not _AT_ONCE.acquire(timeout=bounds.patience):
        raise ValidatorBusy("other glTF files are being validated")
    try:
        verdict = _ask(command, parts, bounds)
    finally:
        _AT_ONCE.release()
    if verdict.faults:
        faults = [Fault(one.path, _tell(one)) for one in verdict.faults]
        raise BrokenFile(faults)


def _tell(told: _Told) -> str:
    return f"{told.rule}: {told.reason}" if told.rule else told.reason


def _ask(command: tuple[str, ...], parts: Iterable[bytes], bounds: ValidatorBounds) -> _Verdict:
    node, script = command
    heap = f"--max-old-space-size={bounds.memory // (1024 * 1024)}"
    process = subprocess.Popen(
        [node, heap, "--disallow-code-generation-from-strings", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd=_FOLDER,
    )
    _bound(process.pid, bounds)
    watch = threading.Timer(bounds.seconds, process.kill)
    watch.start()
    try:
        with process:
            if process.stdin is None or process.stdout is None:
                raise AssertionError
            with contextlib.suppress(BrokenPipeError):  # it ended; its answer, if any, says why
                for part in parts:
                    process.stdin.write(part)
                process.stdin.close()
            told = process.stdout.read(_MOST_TOLD)
            process.kill()
    finally:
        watch.cancel()
    try:
        return _VERDICTS.decode(told)
    except msgspec.DecodeError:
        seconds, megabytes = bounds.seconds, bounds.memory // (1024 * 1024)
        reason = f"the validator did not end within {seconds:g} s and {megabytes} MiB"
        raise BrokenFile([Fault("", reason)]) from None


def _bound(pid: int, bounds: ValidatorBounds) -> None:
    """Bound the process itself, where the system can: its time on a processor, and no files."""
    if sys.platform != "linux":
        return
    seconds = int(bounds.seconds) + 1
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
