#!/usr/bin/env python3
"""Load the demo into a running ledger: the one started here by `up`, or any by address and key.

    scripts/demo.py [--data DIR] [--api URL] [--operator-key KEY] [--keys FILE]

Harmless to repeat: what is there already stays as it is. The organisations' keys, which the API
tells only once, are kept in FILE (by default demo-keys.json in the data folder).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from pathlib import Path

from ledger.cli.access import load_running
from ledger.demo import DemoOrganisation, load_demo
from ledger.errors import LedgerError
from ledger.settings import Settings


class Keys:
    """API keys by DID: those that `up` kept, and those in a file of our own."""

    def __init__(self, path: Path, known: dict[str, str]) -> None:
        self._path = path
        self._mine: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
        self._saving = threading.Lock()
        self.known = known | self._mine

    def keep(self, organisation: DemoOrganisation) -> None:
        if self.known.get(organisation.did) == organisation.api_key:
            return
        with self._saving:
            self._mine[organisation.did] = organisation.api_key
            fresh = self._path.with_suffix(".new")
            with open(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
                json.dump(self._mine, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="data folder of the ledger running here")
    parser.add_argument("--api", help="the API's address")
    parser.add_argument("--operator-key", default=os.environ.get("ASSET_LEDGER_OPERATOR_KEY"))
    parser.add_argument("--keys", type=Path, help="where to keep the organisations' keys")
    asked = parser.parse_args()
    settings = Settings(data=asked.data) if asked.data else Settings()
    running = load_running(settings.data)
    operator_key = asked.operator_key or running.get("operator_key")
    if not operator_key:
        parser.error("no operator's key is given, and no ledger runs here that told one")
    known = {each["did"]: each["api_key"] for each in running.get("organisations") or []}
    keys = Keys(asked.keys or settings.data / "demo-keys.json", known)
    api = asked.api or running.get("api") or settings.api_url()
    try:
        loaded = load_demo(api, operator_key, keys.known, _progress, on_enrolled=keys.keep)
    except LedgerError as error:
        print(f"demo: {error}" + (f" ({error.advice})" if error.advice else ""), file=sys.stderr)
        return 1
    for organisation in loaded:
        print(f"{organisation.did:32} {organisation.name}")
    return 0


def _progress(what: str, done: int, total: int) -> None:
    print(f"{what}: {done} of {total} entries", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
