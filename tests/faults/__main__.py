"""Runs fault schedules: `python -m tests.faults 1000 --jobs 2`; a failing seed is told and kept."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from typing import Any, Final

from tests.faults import bugs as writing
from tests.faults.databases import KINDS
from tests.faults.mirror import bugs as mirror
from tests.faults.runner import FAMILIES, Report, hunt, is_wrong, keep, playing, run, tell


def main() -> int:
    asked = _parser().parse_args()
    if asked.bugs:
        return _hunt_all(asked)
    asked.family = asked.family or FAMILIES[0]
    report, began = Report(), time.monotonic()
    seeds = range(asked.seed, asked.seed + asked.schedules)
    for told in run(seeds, asked.jobs, asked.family, asked.database, asked.kills):
        report.add(told)
        if is_wrong(told):
            keep(told)
            _tell_failed(told, asked)
        if asked.story:
            print("\n".join(told.get("acts", ())))
        tell(report, began)
    print(file=sys.stderr)
    print(json.dumps(report.told(), indent=None if asked.json else 2))
    return 1 if report.failed else 0


def _tell_failed(told: dict[str, Any], asked: argparse.Namespace) -> None:
    for name in ("lost", "duplicated", "diverged", "broken"):
        for what in told.get(name, ()):
            print(f"\nseed {told['seed']}: {name}: {what[-2000:]}", file=sys.stderr)
    again = f"python -m tests.faults 1 --family {asked.family} --seed {told['seed']} --story"
    again += f" --database {asked.database}"
    print(f"again: {again}{f' --kills {asked.kills}' if asked.kills else ''}", file=sys.stderr)


_BUGS: Final = {"writing": writing.BUGS, "mirror": mirror.BUGS}


def _hunt_all(asked: argparse.Namespace) -> int:
    """Plant each bug, and tell after how many schedules it was caught."""
    logging.disable(logging.CRITICAL)
    escaped = 0
    for family in [asked.family] if asked.family else FAMILIES:
        wanted = [bug for bug in _BUGS[family] if asked.only in bug.name]
        with playing(family, asked.database) as play_seed:
            for bug in wanted:
                caught = hunt(bug, play_seed, asked.seed)
                escaped += caught is None
                print(f"{caught or 'not caught'} (within {bug.within}): {bug.name}", flush=True)
    return 1 if escaped else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("schedules", type=int, nargs="?", default=100, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first schedule's seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes that play them")
    parser.add_argument("--family", choices=FAMILIES, help="schedules of what")
    parser.add_argument("--database", choices=sorted(KINDS), default="sqlite")
    parser.add_argument(
        "--kills", type=int, default=0, help="kill real processes so often in each schedule"
    )
    parser.add_argument(
        "--bugs", action="store_true", help="plant bugs instead, and tell when each is caught"
    )
    parser.add_argument("--only", default="", help="bugs whose names hold this")
    parser.add_argument("--story", action="store_true", help="tell what was done")
    parser.add_argument("--json", action="store_true", help="the report on one line")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
