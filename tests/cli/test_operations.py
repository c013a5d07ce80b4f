"""The verbs `operations …`, as a user meets them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ledger.database.engine import writing
from ledger.outbox.tables import Lane
from tests.api.running import Member, Running
from tests.api.still import Still, still

UNKNOWN = "0196a1f0-4c11-7d3e-9b1a-5f2c8d7e6a90"


@pytest.fixture(scope="module")
def quiet(
    service: Running, maker: Member, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Still]:
    """Where nothing is sent; the folder tells of it as `up` does."""
    with still(service, tmp_path_factory.mktemp("quiet")) as ledger:
        told = {
            "api": ledger.url,
            "organisations": [{"id": maker.id, "name": maker.name, "api_key": maker.key}],
            "operator_key": service.operator_key,
        }
        (ledger.settings.data / "up.json").write_text(json.dumps(told))
        yield ledger


def call(*arguments: object, at: Still, **more: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSET_LEDGER_")}
    command = [sys.executable, "-m", "ledger.cli", "operations", *map(str, arguments)]
    return subprocess.run(
        [*command, "--data", str(at.settings.data)],
        capture_output=True,
        text=True,
        env=env | more,
        timeout=60,
        check=False,
    )


def wait(quiet: Still, member: Member, serial: str | None = None) -> str:
    """The id of an operation that waits."""
    answer = quiet.register(member, serial or secrets.token_hex(6))
    return str(answer.json()["operation"].rsplit("/", 1)[1])


def test_what_waits_is_listed_newest_first(quiet: Still, maker: Member) -> None:
    asked = [wait(quiet, maker) for _ in range(3)]
    done = call("list", "--state", "queued", "--limit", 2, at=quiet)
    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.splitlines()
    assert head.split()[:4] == ["id", "state", "kind", "subject"]
    assert [line.split()[:3] for line in lines] == [
        [id, "queued", "registered"] for id in reversed(asked[1:])
    ]
    told = json.loads(call("list", "--limit", 2, "--json", at=quiet).stdout)
    assert [each["id"] for each in told["operations"]] == [*reversed(asked[1:])]


def test_nothing_to_list_is_said(quiet: Still) -> None:
    done = call("list", "--kind", "observed", at=quiet)
    assert (done.returncode, done.stdout) == (0, "no operations\n")


def test_one_is_shown_with_what_happens_next(quiet: Still, maker: Member) -> None:
    operation = wait(quiet, maker)
    done = call("show", f"{quiet.url}/v1/operations/{operation}", at=quiet)
    assert done.returncode == 0
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert (told["id"], told["state"], told["kind"]) == (operation, "queued", "registered")
    assert "can be cancelled" in told["next"]
    assert told["accepted_at"].endswith("Z")
    as_json = json.loads(call("show", operation, "--json", at=quiet).stdout)
    assert as_json["next"] == told["next"]


def test_one_that_was_sent_is_shown_with_its_transaction(service: Running, maker: Member) -> None:
    asset = maker.register()
    query = {"subject": asset}
    [operation] = maker.http.get("/v1/operations", params=query).json()["items"]
    env = {"ASSET_LEDGER_API": service.url, "ASSET_LEDGER_API_KEY": maker.key}
    here = Still(service.url, service.settings, None)  # type: ignore[arg-type]
    told = json.loads(call("show", operation["id"], "--json", at=here, **env).stdout)
    assert told["state"] in ("done", "final")
    receipt = service.anvil.rpc.find_receipt(bytes.fromhex(told["transaction"][2:]))
    assert receipt is not None
    assert receipt.block_number == told["block"]
    assert told["lane"].startswith(f"{service.anvil.rpc.chain_id()}:0x")
    assert isinstance(told["nonce"], int)


def test_several_are_cancelled_and_retried(quiet: Still, maker: Member) -> None:
    asked = [wait(quiet, maker) for _ in range(2)]
    done = call("cancel", *asked, at=quiet)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"{id} is cancelled by {maker.id}" for id in asked]
    again = call("retry", *asked, at=quiet)
    assert again.returncode == 0
    assert again.stdout.splitlines() == [f"{id} is queued" for id in asked]


def test_one_that_is_refused_is_named_and_the_others_are_done(quiet: Still, maker: Member) -> None:
    taken, free = wait(quiet, maker, "S-1"), wait(quiet, maker)
    call("cancel", taken, free, at=quiet)
    wait(quiet, maker, "S-1")
    done = call("retry", UNKNOWN, taken, free, at=quiet)
    assert done.returncode == 1
    assert done.stdout == f"{free} is queued\n"
    unknown, superseded = done.stderr.splitlines()
    assert f"{UNKNOWN}: not_found" in unknown
    assert f"{taken}: superseded" in superseded
    told = call("cancel", UNKNOWN, free, "--json", at=quiet)
    assert told.returncode == 1
    assert [each["state"] for each in json.loads(told.stdout)["operations"]] == ["rejected"]
    assert [each["id"] for each in json.loads(told.stdout)["refused"]] == [UNKNOWN]


def test_what_is_no_id_is_a_wrong_call(quiet: Still) -> None:
    for verb in ("show", "cancel", "retry"):
        done = call(verb, "x", at=quiet)
        assert done.returncode == 2
        assert "'x' is not an operation's id" in done.stderr


def test_the_operator_lists_everybody_s(quiet: Still, maker: Member) -> None:
    operation = wait(quiet, maker)
    told = call("list", "--organisation", "operator", "--limit", 1, "--json", at=quiet)
    [found] = json.loads(told.stdout)["operations"]
    assert (found["id"], found["organisation"]) == (operation, maker.id)


def test_lanes_are_shown_and_a_halted_one_is_released(quiet: Still) -> None:
    lanes = json.loads(call("lanes", "--json", at=quiet).stdout)["lanes"]
    assert {each["role"] for each in lanes} == {"custodian", "governor"}
    lane = lanes[0]["id"]
    refused = call("release", lane, at=quiet)
    assert refused.returncode == 1
    assert "not halted" in refused.stderr
    with writing(quiet.engine) as session:
        session.get_one(Lane, lane).halted = "somebody else used nonce 3"
    shown = call("lanes", at=quiet).stdout
    assert any(lane in line and "used nonce 3" in line for line in shown.splitlines())
    done = call("release", lane, at=quiet)
    assert (done.returncode, done.stdout) == (0, f"{lane} goes on as soon as that is safe\n")
