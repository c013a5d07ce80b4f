"""The bench of reads measures what it says it measures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scripts.bench.reading.bench import Plan, Row, grown, measure, missed
from scripts.bench.reading.questions import QUESTIONS
from scripts.bench.reading.show import show, to_json

PLAN = Plan(assets=(600,), databases=("sqlite",), connections=4, seconds=0.3, rounds=1, drawn=60)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    return measure(PLAN, tmp_path_factory.mktemp("reads"), lambda _: None)


def test_every_question_is_asked_of_the_api_of_a_bare_endpoint_and_of_the_database(
    rows: list[Row],
) -> None:
    assert [row.question for row in rows] == list(QUESTIONS)
    for row in rows:
        assert row.bytes > 500, row.question.name
        assert min(row.api.rate, row.bare.rate, row.raw.rate, row.share) > 0
        assert 0 < row.api.p50 <= row.api.p99
        assert row.api.cpu > 0
    told = json.loads(json.dumps(to_json(PLAN, rows)))
    assert [one["question"] for one in told["rows"]] == [one.name for one in QUESTIONS]


def test_what_misses_its_bound_is_named(
    rows: list[Row], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    small = replace(rows[0], share=0.9)
    large = replace(small, assets=6_000, share=0.4)
    assert grown([small, large], large) == pytest.approx(2.25)
    assert grown([small, large], small) is None
    plan = replace(PLAN, assets=(600, 6_000))
    assert len(missed(plan, [small, large])) == 2
    assert missed(plan, [small, replace(large, share=0.8)]) == []
    show(plan, [small, large])
    assert "2.25" in capsys.readouterr().out
