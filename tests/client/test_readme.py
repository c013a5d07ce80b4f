"""What the README shows of the client does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ledger.proofs.decoding import decode_bundle
from tests.api.running import Running

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_example_runs(service: Running, capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    maker = service.enrol("Reader of the README")
    names: dict[str, Any] = {"api": service.url, "key": maker.key}
    exec(compile(example, str(README), "exec"), names)  # noqa: S102 - it is ours
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["0", "registered"], ["1", "observed"]]
    assert decode_bundle(names["bundle"])
    table = names["table"]
    assert names["gearbox"].id in set(table["subject"])
