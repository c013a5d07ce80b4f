"""The verb `register`, as a user meets it: files in, a report out, and an exit code."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.client import Client
from tests.api.running import Member, Running

MANY = 200
ODD = '{ "b" : 1.0,\n\t"a":[ ], "e":1e2, "u":"\\u00e9é" }'


@pytest.fixture
def maker(service: Running) -> Member:
    return service.enrol("Maker")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "ledger.cli", "register", *map(str, arguments)]


def environment(service: Running | None = None, member: Member | None = None) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSET_LEDGER_")}
    if service:
        env["ASSET_LEDGER_API"] = service.url
    if member:
        env["ASSET_LEDGER_API_KEY"] = member.key
    return env


def call(
    *arguments: object, env: dict[str, str], given: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        input=given,
        env=env,
        timeout=120,
        check=False,
    )


def line(serial: str, **more: Any) -> str:
    return json.dumps({"serial": serial, "document": {"of": serial}, **more})


def serials(service: Running, member: Member) -> list[str | None]:
    with Client(service.url, member.key) as client:
        return [each.serial for each in client.list_assets(organisation=member.did, page=200)]


def test_lines_and_documents_are_registered_and_come_back_identical(
    service: Running, maker: Member, tmp_path: Path
) -> None:
    lines, document = tmp_path / "parts.jsonl", tmp_path / "Passport.example.json"
    lines.write_text(f"{line('L1')}\n\n{line('L2', asset_kind='batch')}\n")
    document.write_text(f"\n{ODD}\n")
    done = call(lines, document, "--json", env=environment(service, maker))
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert [(each["serial"], each["line"], each["result"]) for each in report["assets"]] == [
        ("L1", 1, "registered"),
        ("L2", 3, "registered"),
        ("Passport.example", None, "registered"),
    ]
    assert (report["registered"], report["failed"], report["complete"]) == (3, 0, True)
    with Client(service.url, maker.key) as client:
        passport = report["assets"][2]
        assert client.document(passport["content_hash"]) == ODD.encode()
        assert client.get_asset(report["assets"][1]["id"]).asset_kind == "batch"


def test_again_is_harmless(service: Running, maker: Member, tmp_path: Path) -> None:
    lines = tmp_path / "parts.ndjson"
    lines.write_text("\n".join(line(f"P{n}") for n in range(5)))
    first = call(lines, env=environment(service, maker))
    assert first.returncode == 0
    assert "5 registered, 0 already there, 0 failed" in first.stdout
    again = call(lines, env=environment(service, maker))
    assert again.returncode == 0
    assert "0 registered, 5 already there, 0 failed" in again.stdout
    assert len(serials(service, maker)) == 5


def test_what_is_refused_is_named_and_the_rest_is_in(
    service: Running, maker: Member, tmp_path: Path
) -> None:
    lines = tmp_path / "parts.jsonl"
    unknown = line("B3", owner="did:web:nobody.example")
    lines.write_text("\n".join([line("G1"), '{"serial":"B2"', unknown, line("G4")]))
    broken = tmp_path / "broken.json"
    broken.write_text('{"a":1},"owner":"did:web:thief.example"')
    done = call(lines, broken, env=environment(service, maker))
    assert done.returncode == 1
    assert "2 registered, 0 already there, 3 failed" in done.stdout
    assert f"{lines}:2: not_sent: " in done.stderr
    assert f"{lines}:3: B3: 422 " in done.stderr
    assert "owner" in done.stderr
    assert f"{broken}: broken: not_sent: document: not JSON" in done.stderr
    assert sorted(map(str, serials(service, maker))) == ["G1", "G4"]


def test_standard_input(service: Running, maker: Member) -> None:
    done = call("-", "--json", given=line("I1"), env=environment(service, maker))
    assert done.returncode == 0
    assert json.loads(done.stdout)["assets"][0]["source"] == "-"
    assert serials(service, maker) == ["I1"]


def test_nothing_to_do(service: Running, maker: Member) -> None:
    done = call("-", "--json", given="", env=environment(service, maker))
    assert done.returncode == 0
    assert json.loads(done.stdout)["assets"] == []


def test_under_a_schema_what_does_not_fit_is_named(
    service: Running, maker: Member, tmp_path: Path
) -> None:
    schema = maker.http.post(
        "/v1/schemas",
        json={"document": {"properties": {"of": {"maxLength": 3}}}},
        headers={"Prefer": "wait=20"},
    ).json()["id"]
    lines, document = tmp_path / "parts.jsonl", tmp_path / "D-1.json"
    lines.write_text("\n".join(line(serial) for serial in ("F-1", "LONGER", "F-2")))
    document.write_text('{"of": "D"}')
    env = environment(service, maker)
    done = call(lines, document, "--schema", schema, env=env)
    assert done.returncode == 1
    assert "document/of: maxLength" in done.stdout + done.stderr
    assert sorted(filter(None, serials(service, maker))) == ["D-1", "F-1", "F-2"]
    batch = call(lines, "--batch", "--schema", schema, "--wait", "accepted", env=env)
    assert batch.returncode == 1
    assert "line 2/document/of" in batch.stdout + batch.stderr


def test_a_serial_from_within_the_document(service: Running, maker: Member, tmp_path: Path) -> None:
    document = tmp_path / "part.json"
    document.write_text('{"ids":[{"key":"partInstanceId","value":"SN-1"}]}')
    pointer = ("--serial-field", "/ids/0/value")
    assert call(document, *pointer, env=environment(service, maker)).returncode == 0
    assert serials(service, maker) == ["SN-1"]
    done = call(document, "--serial-field", "/ids/1/value", env=environment(service, maker))
    assert done.returncode == 1
    assert "/ids/1" in done.stderr


def test_the_ledger_running_here_is_found(service: Running, tmp_path: Path) -> None:
    names = ("First Works", "澜溪动力电池有限公司")
    members = [replace(service.enrol("Works"), name=name) for name in names]
    told = {
        "api": service.url,
        "organisations": [
            {"id": each.id, "did": each.did, "name": each.name, "api_key": each.key}
            for each in members
        ],
    }
    (tmp_path / "up.json").write_text(json.dumps(told))
    here = environment() | {"ASSET_LEDGER_DATA": str(tmp_path)}
    assert call("-", given=line("D1"), env=here).returncode == 0
    assert serials(service, members[0]) == ["D1"]
    for which in (members[1].did, members[1].name, members[1].id):
        serial = secrets.token_hex(4)
        options = ("--data", tmp_path, "--organisation", which)
        assert call("-", *options, given=line(serial), env=environment()).returncode == 0
        assert serial in serials(service, members[1])
    done = call("-", "--organisation", "Nobody", given=line("D3"), env=here)
    assert done.returncode == 2
    assert "Nobody" in done.stderr
    assert "First Works" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["assets.csv"], "assets.csv"),
        (["missing.json"], "missing.json"),
        (["-", "--serial-field", "serial"], "--serial-field"),
        (["-", "--wait", "soon"], "soon"),
        (["-", "--api", "nowhere"], "nowhere"),
        ([], "FILE"),
    ],
)
def test_wrong_calls_exit_with_2(arguments: list[str], told: str, tmp_path: Path) -> None:
    (tmp_path / "assets.csv").touch()
    env = environment() | {"ASSET_LEDGER_API_KEY": "al_abcdefgh_secret"}
    placed = [str(tmp_path / a) if a.endswith((".csv", ".json")) else a for a in arguments]
    done = call(*placed, env=env, given="")
    assert done.returncode == 2
    assert told in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_no_key_at_all_exits_with_2(tmp_path: Path) -> None:
    done = call("-", "--data", tmp_path, env=environment(), given="")
    assert done.returncode == 2
    assert "--api-key" in done.stderr


def test_a_wrong_key_is_told_without_showing_it(service: Running) -> None:
    env = environment(service) | {"ASSET_LEDGER_API_KEY": "al_abcdefgh_secret"}
    done = call("-", env=env, given=line("W1"))
    assert done.returncode == 1
    assert "401" in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_interrupted_it_says_so_and_goes_on_later(
    service: Running, maker: Member, tmp_path: Path
) -> None:
    lines = tmp_path / "many.jsonl"
    lines.write_text("\n".join(line(f"M{n:04d}") for n in range(MANY)))
    arguments, env = (lines, "--json", "--in-flight", 4), environment(service, maker)
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout
        assert process.stderr
        head = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        rest, told = process.stdout.read(), process.stderr.read()
    assert process.returncode == 1
    assert "run the same command again" in told
    assert "Traceback" not in told
    report = json.loads("".join([*head, rest]))
    assert report["complete"] is False
    assert 0 < report["registered"] < MANY
    again = call(*arguments, env=env)
    assert again.returncode == 0
    report = json.loads(again.stdout)
    assert report["complete"] is True
    assert report["registered"] + report["already_there"] == MANY
    assert report["already_there"] > 0
    assert sorted(map(str, serials(service, maker))) == [f"M{n:04d}" for n in range(MANY)]


def test_receipts_are_kept_as_they_come_and_each_is_checked_alone(
    service: Running, maker: Member, tmp_path: Path
) -> None:
    parts, kept = tmp_path / "parts.jsonl", tmp_path / "receipts.jsonl"
    prefix = secrets.token_hex(4)
    parts.write_text("".join(f"{line(f'{prefix}-{n}')}\n" for n in range(150)))
    done = call(parts, "--receipts", kept, "--json", env=environment(service, maker))
    assert done.returncode == 0, done.stderr
    assets = json.loads(done.stdout)["assets"]
    receipts = [json.loads(one) for one in kept.read_text().splitlines()]
    assert {one["subject"] for one in receipts} == {each["id"] for each in assets}
    signer = service.anyone.get("/v1/status").json()["signer"]
    operation = assets[99]["operation"]

    def check(*arguments: object) -> subprocess.CompletedProcess[str]:
        verb = [sys.executable, "-m", "ledger.cli", "receipt", *map(str, arguments)]
        return subprocess.run(verb, capture_output=True, text=True, timeout=60, check=False)

    checked = check(kept, "--operation", operation, "--signer", signer, "--json")
    assert checked.returncode == 0, checked.stderr
    told = json.loads(checked.stdout)["promise"]
    assert told["subject"] == assets[99]["id"]
    assert service.client(maker.key).get(f"{operation}/receipt").json() in receipts
    unknown = check(kept, "--operation", "0" * 36, "--signer", signer)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    # Run again, it finds what is there, and has the receipts again.
    again = tmp_path / "again.jsonl"
    assert call(parts, "--receipts", again, env=environment(service, maker)).returncode == 0
    assert sorted(again.read_text().splitlines()) == sorted(kept.read_text().splitlines())
    refused = call(parts, "--batch", "--receipts", again, env=environment(service, maker))
    assert refused.returncode == 2
