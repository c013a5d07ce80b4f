"""`register` waits for room in a full queue, and loses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from tests.api.running import Member, Running, serving

MANY = 30


@pytest.fixture(scope="module")
def narrow(service: Running) -> Iterator[str]:
    """The same ledger by a door that lets only five of an organisation wait."""
    settings = service.settings.model_copy(update={"max_queue_per_organisation": 5})
    with serving(create_app(settings)) as url:
        yield url


def test_all_are_registered_though_few_may_wait(narrow: str, maker: Member, tmp_path: Path) -> None:
    lines = tmp_path / "parts.jsonl"
    lines.write_text(
        "\n".join(json.dumps({"serial": f"F-{n}", "document": {"of": n}}) for n in range(MANY))
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSET_LEDGER_")}
    command = [sys.executable, "-m", "ledger.cli", "register", str(lines), "--json"]
    more = {"ASSET_LEDGER_API": narrow, "ASSET_LEDGER_API_KEY": maker.key}
    done = subprocess.run(
        command, env=env | more, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["registered"], told["failed"]) == (MANY, 0)
    assert len({each["id"] for each in told["assets"]}) == MANY
