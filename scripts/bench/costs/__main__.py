"""Prints what entries cost on the chain, beside ERC-721, ERC-721A and EAS."""

from __future__ import annotations

import argparse
import json
import sys

from ledger.errors import LedgerError
from scripts.bench.costs.chain import started
from scripts.bench.costs.compare import compare
from scripts.bench.costs.show import show_table, to_json

BATCH = 100


def main() -> int:
    """Measure and print; 0 if all could be measured, else 1."""
    parser = argparse.ArgumentParser(prog="scripts/bench/gas", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    try:
        with started() as chain:
            compared = compare(chain, BATCH)
    except LedgerError as error:
        print(f"gas: {error}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(to_json(compared)))
    else:
        show_table(compared)
    return 0


if __name__ == "__main__":
    sys.exit(main())
