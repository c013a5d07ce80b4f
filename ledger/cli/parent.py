"""Ends a process with the one that started it, so that nothing is left behind on a SIGKILL."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final

PARENT: Final = "ASSET_LEDGER_PARENT"
"""Environment variable by which a child is told its parent's process id."""

_PR_SET_PDEATHSIG: Final = 1


def end_with_parent() -> None:
    """Have this process killed when the parent that it was told of is gone.

    Linux does it itself (prctl(2), PR_SET_PDEATHSIG); elsewhere a thread looks every second.
    Does nothing in a process that was told no parent.
    """
    told = os.environ.pop(PARENT, "")
    if not told:
        return
    parent = int(told)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)
