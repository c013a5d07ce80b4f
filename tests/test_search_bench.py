"""The bench of search asks what it says it asks."""

from __future__ import annotations

from pathlib import Path

from ledger.database.engine import open_engine, upgrade
from scripts.bench.searching.__main__ import show, slowdown, to_json
from scripts.bench.searching.asking import QUESTIONS, ask
from scripts.bench.searching.making import ORGANISATIONS, fill


def test_every_question_finds_what_its_title_says(tmp_path: Path) -> None:
    sizes = (20 * ORGANISATIONS, 40 * ORGANISATIONS)
    engines = {size: open_engine(f"sqlite:///{tmp_path}/{size}.db") for size in sizes}
    for size, engine in engines.items():
        upgrade(engine)
        fill(engine, size)
    answers = list(ask(engines, 10))
    rows = {question.title: [each.rows for each in by.values()] for question, by in answers}
    for title, (few, many) in rows.items():
        if "by who reads all" not in title:
            assert few <= 30, title
        assert few <= many, title
    assert rows["a serial"] == [1, 1]
    assert rows["a word of all, by who has nothing"] == [0, 0]
    assert rows["a word of all, by who reads all"] == [50, 50]
    assert 10 <= rows["a word of all"][0] <= 30
    told = to_json(answers, dict.fromkeys(sizes, 1))
    assert [one["title"] for one in told["questions"]] == [one.title for one in QUESTIONS]
    assert all(slowdown(by) > 0 for _, by in answers)
    show(answers)
    for engine in engines.values():
        engine.dispose()
