"""Asks the API whatever its description allows, and more: `python -m tests.http_cases 20000`.

Schemathesis draws requests from /openapi.json, as each sort of caller in turn, and holds every
answer against the description. What is wrong is told with the seed that shows it again.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from itertools import count

from tests.http_cases.checks import install
from tests.http_cases.passes import PHASES, Pass, Report, run
from tests.http_cases.stage import CALLERS, OPERATOR, Stage, staged


def main() -> int:
    asked = _parser().parse_args()
    # Ended early, no process of the ledger's is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    install()
    began = time.monotonic()
    with staged(asked.database) as stage:
        report = _ask(stage, asked)
    told = {**report.tell(), "database": asked.database, "seconds": time.monotonic() - began}
    print(json.dumps(told, indent=None if asked.json else 2))
    return 1 if report.failures else 0


def _ask(stage: Stage, asked: argparse.Namespace) -> Report:
    """Pass after pass, until there were enough cases, and each of the callers asked."""
    report = Report()
    callers = asked.callers.split(",")
    for number in count():
        caller = callers[number % len(callers)]
        key, pool = stage.enrol(caller)
        one = Pass(
            caller=caller,
            key=key,
            pool=pool,
            seed=asked.seed + number,
            examples=asked.examples,
            phases=_choose_phases(asked, caller),
        )
        run(stage.system.api, one, report)
        said = f"{report.cases} cases, {len(report.failures)} failures"
        print(f"pass {number} as {caller}: {said}", file=sys.stderr, flush=True)
        if report.cases >= asked.cases and number + 1 >= len(callers):
            report.add_log(stage.system.data / "log" / "serve.log")
            return report
    raise AssertionError("there is no last pass")


def _choose_phases(asked: argparse.Namespace, caller: str) -> tuple[str, ...]:
    """Coverage asks the same in each pass, thousands of times: those who may do much ask it."""
    phases = tuple(asked.phases.split(","))
    return phases if caller in ("all", OPERATOR) else tuple(p for p in phases if p != "coverage")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.http_cases", description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=1000, help="how many, at least")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=0, help="the first pass's seed")
    parser.add_argument("--examples", type=int, default=10, help="of each operation in a pass")
    parser.add_argument("--phases", default=",".join(PHASES), help="schemathesis', commas between")
    parser.add_argument("--callers", default=",".join(CALLERS), help="who asks, commas between")
    parser.add_argument("--json", action="store_true", help="the report on one line")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
