"""The API in a process of its own, that dies at a named point. Arguments: the point.

Settings come from the environment; its address is printed once it listens.
"""

from __future__ import annotations

import os
import signal
import sys

from api.app import create_app
from ledger.outbox.failpoints import arm
from tests.api.running import serving


def main() -> None:
    point = sys.argv[1]

    def die(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    arm(die)
    with serving(create_app()) as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
