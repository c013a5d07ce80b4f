"""Keeps a filled chain for measuring more than once: told as JSON, and taken up from that."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict
from pathlib import Path

from ledger.errors import MalformedValue
from ledger.types import parse_address, to_hex
from scripts.bench.mirroring.chain import BenchError, Loaded


def keep(chain: Loaded) -> None:
    """Print where the chain is, as one JSON object, and wait for SIGTERM or Ctrl-C."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    told = asdict(chain) | {"manifest": str(chain.manifest), "contract": to_hex(chain.contract)}
    print(json.dumps(told), flush=True)
    signal.sigwait(ends)


def load_kept(path: Path) -> Loaded:
    """The chain that `keep` told of. Raises BenchError."""
    try:
        told = json.loads(path.read_bytes())
        manifest, contract = Path(told["manifest"]), parse_address(told["contract"], "contract")
        return Loaded(**told | {"manifest": manifest, "contract": contract})
    except (OSError, ValueError, KeyError, TypeError, MalformedValue) as error:
        raise BenchError(f"{path} tells of no kept chain: {error}") from error
