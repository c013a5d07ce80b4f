"""Keeps the filled chain for whoever measures by hand, until it is told to end."""

from __future__ import annotations

import json
import signal

from scripts.bench.mirroring.chain import Loaded


def keep(chain: Loaded) -> None:
    """Print where the chain is, as one JSON object, and wait for SIGTERM or Ctrl-C."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    told = {
        "rpc_url": chain.rpc_url,
        "manifest": str(chain.manifest),
        "entries": chain.entries,
        "first": chain.first,
        "last": chain.last,
    }
    print(json.dumps(told), flush=True)
    signal.sigwait(ends)
