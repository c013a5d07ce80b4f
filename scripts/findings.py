#!/usr/bin/env python3
"""Hold what Slither found against what contracts/FINDINGS.md explains: both must name the same.

slither . --json - | scripts/findings.py FINDINGS.md
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HEADING = re.compile(r"^## `(?P<detector>[a-z0-9-]+)` at `(?P<place>[\w.]+)`$")

Finding = tuple[str, str]


def main(explanations: str) -> int:
    """0 if every finding is explained and every explanation is of a finding; 1 if not."""
    report = json.load(sys.stdin)
    if not report["success"]:
        print(f"slither failed: {report['error']}")
        return 1
    told = [(_finding(each), each) for each in report["results"].get("detectors", [])]
    found = Counter(finding for finding, _ in told)
    explained = load_explained(Path(explanations).read_text("utf-8"))
    for finding, each in told:
        if found[finding] > explained[finding]:
            print(f"{each['impact']}, not explained: {_title(finding)}\n{each['description']}")
    for finding in explained - found:
        print(f"explained, but no longer found: {_title(finding)}")
    print(f"{found.total()} findings, {(found & explained).total()} of them explained")
    return 0 if found == explained else 1


def load_explained(text: str) -> Counter[Finding]:
    """The findings that a text explains: second-level headings that something follows."""
    explained: Counter[Finding] = Counter()
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
        heading, _, reason = section.partition("\n")
        match = HEADING.match(heading)
        if match is None or not reason.strip():
            raise SystemExit(f"no finding with its reason: {heading}")
        explained[match["detector"], match["place"]] += 1
    return explained


def _finding(each: dict[str, Any]) -> Finding:
    """Detector and place; lines are left out, since they move with every change above them."""
    names: list[str] = []
    element = each["elements"][0]
    while element and element["type"] in ("contract", "function", "variable", "node", "struct"):
        if element["type"] != "node":
            names.insert(0, element["name"])
        element = element.get("type_specific_fields", {}).get("parent")
    return each["check"], ".".join(names)


def _title(finding: Finding) -> str:
    return "`{}` at `{}`".format(*finding)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
