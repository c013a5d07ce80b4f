"""Log lines: one a request, as JSON, with who asked and never with what opens the door."""

from __future__ import annotations

import json
import logging

import pytest

from ledger.cli.logs import JsonFormatter
from tests.api.running import Member, until


def test_a_request_is_logged_with_its_caller_and_without_secrets(
    aurora: Member, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "asset_ledger.api"):
        answer = aurora.http.get("/v1/assets?q=SECRET-SERIAL")
        request_id = answer.headers["X-Request-Id"]
        found = until(
            lambda: [r for r in caplog.records if getattr(r, "request_id", "") == request_id]
        )
    line = json.loads(JsonFormatter().format(found[0]))
    assert line["path"] == "/v1/assets"
    assert line["status"] == 200
    assert line["caller"] == aurora.key.split("_")[1]
    assert line["milliseconds"] > 0
    written = JsonFormatter().format(found[0])
    assert aurora.key.split("_", 2)[2] not in written
    assert "SECRET-SERIAL" not in written


def test_failures_carry_their_traceback() -> None:
    try:
        raise RuntimeError("it broke\non two lines")
    except RuntimeError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), None)
        record.exc_info = (type(error), error, error.__traceback__)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "RuntimeError: it broke" in json.loads(text)["traceback"]


def test_the_line_of_what_is_accepted_names_its_operation(
    aurora: Member, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "asset_ledger.api"):
        asset = aurora.register()
        answers = [
            aurora.http.post("/v1/assets", json={"serial": "LOG-1", "document": {"n": 1}}),
            aurora.append(asset, kind="observed", document={"n": 1}),
            aurora.append(asset, kind="observed", document={"n": 1}, position=1),
        ]
        ids = [one.headers["X-Request-Id"] for one in answers]
        lines = [until(lambda id_=id_: _line(caplog, id_)) for id_ in ids]
    for answer, line in zip(answers[:2], lines[:2], strict=True):
        assert answer.json()["operation"] == f"/v1/operations/{line['operation']}"
        assert "problem" not in line
    assert lines[2]["problem"] == answers[2].json()["code"]
    assert "operation" not in lines[2]


def _line(caplog: pytest.LogCaptureFixture, request_id: str) -> dict[str, str] | None:
    found = [r for r in caplog.records if getattr(r, "request_id", "") == request_id]
    line: dict[str, str] | None = json.loads(JsonFormatter().format(found[0])) if found else None
    return line
