"""One pass over the whole API as one caller, by schemathesis, and what it found."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from tests.http_cases.checks import MANY, carry_files, know
from tests.http_cases.pool import Pool

PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")

_TELL_EVERY: Final = 20.0
"""Seconds between two lines that say how far it is."""

_STREAM: Final = {"include-path": "/v1/events", "request-timeout": 5, "max-stream-events": 20}
"""A stream has no end, and beats: it would be read for as long as any answer is waited for."""

_BY_ITEM: Final = {
    "include-path": MANY,
    "checks": {"negative_data_rejection": {"expected-statuses": ["202", "4xx", "503"]}},
}
"""Each of many is judged by itself: that the wrong ones are refused is a check of our own."""

_ACCEPTED: Final = ["2xx", "304", "401", "403", "404", "409", "412", "415", "422"]


@dataclass(frozen=True, slots=True)
class Pass:
    """As whom all operations are asked, how much, and by which seed; `phases` are schemathesis'."""

    caller: str
    key: str | None
    pool: Pool
    seed: int
    examples: int
    phases: tuple[str, ...] = PHASES


@dataclass(slots=True)
class Report:
    """What passes asked, what came back, and what was wrong: each wrong thing once."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    described: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)
    failures: dict[str, dict[str, Any]] = field(default_factory=dict)
    _told: float = field(default_factory=time.monotonic)

    def add(self, event: Any, asked: Pass) -> None:
        """Take in what the engine tells."""
        match event:
            case events.ScenarioFinished():
                self._add_scenario(event, asked)
                self._say(f"as {asked.caller}: {event.phase.value}")
            case events.NonFatalError():
                self._fail(asked, "engine", event.label, f"{event.value}", None)
            case events.FatalError():
                raise event.exception

    def _add_scenario(self, event: events.ScenarioFinished, asked: Pass) -> None:
        answers = {
            id_: one.response for id_, one in event.recorder.interactions.items() if one.response
        }
        self.cases += len(answers)
        self.statuses.update(answer.status_code for answer in answers.values())
        self.callers[asked.caller] += len(answers)
        for id_, answer in answers.items():
            label = event.recorder.cases[id_].value.operation.label
            self.operations.add(label)
            if answer.status_code < 300:
                self.succeeded.add(label)
        for id_, checks in event.recorder.checks.items():
            for one in checks:
                if one.failure_info is not None:
                    failure = one.failure_info.failure
                    what = f"{failure.title}: {failure.message}"
                    where = event.recorder.cases[id_].value.operation.label
                    self._fail(asked, one.name, where, what, answers.get(id_))

    def _fail(self, asked: Pass, check: str, where: str, what: str, answer: Any) -> None:
        told = f"{check} at {where}"
        new = told not in self.failures
        found = self.failures.setdefault(
            told, {"times": 0, "caller": asked.caller, "seed": asked.seed, "what": what[:1000]}
        )
        found["times"] += 1
        if answer is not None and "answer" not in found:
            sent = answer.request
            body = sent.body if isinstance(sent.body, bytes) else str(sent.body or "").encode()
            found["request"] = f"{sent.method} {sent.url} {body[:500].decode(errors='replace')}"
            found["answer"] = (
                f"{answer.status_code} {answer.content[:500].decode(errors='replace')}"
            )
        if new:
            print(json.dumps({told: found}, indent=2), file=sys.stderr, flush=True)

    def _say(self, where: str) -> None:
        if time.monotonic() - self._told > _TELL_EVERY:
            self._told = time.monotonic()
            said = f"{self.cases} cases, {len(self.failures)} failures"
            print(f"{where}: {said}", file=sys.stderr, flush=True)

    def add_log(self, log: Path) -> None:
        """Take in what the API's log says of failures that it did not expect."""
        for line in log.read_text(errors="replace").splitlines():
            told = _read_line(line)
            if told.get("traceback"):
                where = f"log at {told.get('method')} {told.get('path')}"
                found = {"times": 1, "what": told["message"], "answer": told["traceback"][-1500:]}
                self.failures.setdefault(where, found)

    def tell(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cases": self.cases,
            "operations": len(self.operations),
            "never_asked": sorted(self.described - self.operations),
            "never_2xx": sorted(self.described - self.succeeded),
            "callers": dict(self.callers),
            "statuses": dict(sorted(self.statuses.items())),
            "failures": self.failures,
        }


def _read_line(line: str) -> dict[str, Any]:
    """A line of the log; the last one may be under way yet."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def run(api: str, asked: Pass, report: Report) -> None:
    """Ask everything, and take into the report what came back."""
    config = SchemathesisConfig.from_dict(_settings(asked))
    schema = schemathesis.openapi.from_url(f"{api}/openapi.json", config=config)
    carry_files(schema.raw_schema)
    know(asked.pool)
    report.described.update(
        f"{method.upper()} {path}"
        for path, methods in schema.raw_schema["paths"].items()
        for method in methods
    )
    for event in from_schema(schema).execute():
        report.add(event, asked)


def _settings(asked: Pass) -> dict[str, Any]:
    return {
        "seed": asked.seed,
        "continue-on-failure": True,
        "request-timeout": 60,
        "headers": {"Authorization": f"Bearer {asked.key}"} if asked.key else {},
        "generation": {"max-examples": asked.examples, "no-shrink": True, "database": "none"},
        "operations": [_STREAM, _BY_ITEM],
        "phases": {name: {"enabled": name in asked.phases} for name in PHASES},
        # What is valid and does not fit what is there is looked at by a check of our own.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": _ACCEPTED},
            # What a key made it may not read, unless it may do both.
            "ensure_resource_availability": {"enabled": asked.caller in ("all", "operator")},
        },
    }
