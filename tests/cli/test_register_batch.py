"""`register --batch`, as a user meets it: one file, one entry, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.client import Client
from tests.api.running import Member, Running
from tests.cli.test_register import call, environment, line


@pytest.fixture
def maker(service: Running) -> Member:
    return service.enrol("Maker")


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    path = tmp_path / "parts.jsonl"
    path.write_text("".join(line(f"P-{number}") + "\n" for number in range(1, 1001)))
    return path


def test_a_file_becomes_a_batch_that_is_final(service: Running, maker: Member, parts: Path) -> None:
    env = environment(service, maker)
    first = call(parts, "--batch", "--name", "Lot 7", "--wait", "done", "--json", env=env)
    assert (first.returncode, first.stderr) == (0, "")
    told = json.loads(first.stdout)
    assert (told["size"], told["state"], told["already_there"]) == (1000, "done", False)
    assert told["bytes"] == parts.stat().st_size
    with Client(service.url, maker.key) as client:
        batch = client.find_batch(told["id"])
        assert batch is not None
        assert (batch.root, batch.size, batch.name) == (told["root"], 1000, "Lot 7")
        assets = list(client.list_batch_assets(told["id"], page=200))
        assert [each.serial for each in assets] == [f"P-{n}" for n in range(1, 1001)]
    service.anvil.rpc.fetch("anvil_mine", "0x80")  # what lies that deep is final
    again = call(parts, "--batch", "--name", "Lot 7", "--json", env=env)
    found = json.loads(again.stdout)
    assert (found["id"], found["state"], found["already_there"]) == (told["id"], "final", True)


def test_for_people_it_tells_a_sentence(service: Running, maker: Member, parts: Path) -> None:
    told = call(parts, "--batch", "--wait", "accepted", env=environment(service, maker))
    assert told.returncode == 0
    assert told.stdout.startswith("1,000 assets registered as batch 0x")


def test_bad_lines_are_named_and_nothing_is_registered(
    service: Running, maker: Member, parts: Path
) -> None:
    parts.write_text(parts.read_text() + "\n" + line("P-1") + "\n{}\n")
    told = call(parts, "--batch", env=environment(service, maker))
    assert told.returncode == 1
    assert "line 1001: is blank" in told.stderr
    assert "line 1003" in told.stderr
    with Client(service.url, maker.key) as client:
        assert list(client.list_assets(serial="P-1")) == []


def test_what_cannot_be_a_batch_is_a_wrong_call(
    service: Running, maker: Member, parts: Path
) -> None:
    env = environment(service, maker)
    other = parts.with_name("more.jsonl")
    other.write_text("")
    document = parts.with_name("one.json")
    document.write_text("{}")
    wrong = (
        [parts, other, "--batch"],
        ["-", "--batch"],
        [document, "--batch"],
        [parts, "--batch", "--serial-field", "/x"],
        [parts, "--owner", maker.did],
    )
    for arguments in wrong:
        told = call(*arguments, env=env)
        assert told.returncode == 2, arguments
        assert told.stdout == ""
