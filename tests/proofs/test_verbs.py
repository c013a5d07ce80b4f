"""`prove` and `verify` as an auditor meets them: files, exit codes, what is printed where."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ledger.cli import main
from ledger.deployment.manifest import DeployedContract, Manifest, save_manifest
from ledger.domain.payloads import Observed
from ledger.hashing import domain_separator, keccak
from ledger.proofs.encoding import encode_bundle
from ledger.types import ZERO_HASH, to_hex
from tests.proofs.conftest import OnChain
from tests.proofs.paper import (
    CONTRACT,
    ORG,
    OTHER,
    Paper,
    a_history,
    a_lively_asset,
    an_asset,
    an_organisation,
    block_hash,
    entries_of,
    with_entries,
)
from tests.proofs.test_collections import Owner

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """What a call of the command left behind."""

    returncode: int
    stdout: bytes
    stderr: bytes


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Call the command in this process: a new one for each would take a second."""
    for name in [name for name in os.environ if name.startswith("ASSET_LEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object, send: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(send)))
        with pytest.raises(SystemExit) as left:
            main([*map(str, arguments)])
        sys.stdout.flush()
        told = capfdbinary.readouterr()
        return Done(int(left.value.code or 0), told.out, told.err)

    return call


def test_as_a_command_it_exits_and_prints_as_it_does_here(file: Path) -> None:
    command = [sys.executable, "-m", "ledger.cli", "verify", str(file), *TRUSTED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    file.write_bytes(b"{}")
    narrow = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=narrow)
    assert done.returncode == 1
    assert done.stderr.startswith(b"asset-ledger: not proven: step 1, form: version")


# -- verify ------------------------------------------------------------------------------------

PAPER = Paper()
HISTORY = PAPER.bundle(a_history(PAPER))
TRUSTED = ("--block-hash", to_hex(block_hash(HISTORY)), "--contract", to_hex(CONTRACT))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_bytes(encode_bundle(HISTORY))
    return path


def test_prints_the_steps_the_history_and_what_is_not_proven(run: Run, file: Path) -> None:
    done = run("verify", file, *TRUSTED)
    told = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    steps = [line for line in told.splitlines() if line.startswith(" ✓ ")]
    assert [step.split()[1] for step in steps] == [*map(str, range(1, 15))]
    for kind in ("registered", "revised", "observed", "frozen", "unfrozen", "transferred"):
        assert kind in told
    assert "by governance" in told
    assert told.index("Not proven:") > told.index("Proven:")
    assert "\x1b" not in told


def test_prints_parties_offers_and_stages_in_words(run: Run, file: Path) -> None:
    paper = Paper()
    bundle = paper.bundle(a_lively_asset(paper))
    file.write_bytes(encode_bundle(bundle))
    trusted = ("--block-hash", to_hex(block_hash(bundle)), "--contract", to_hex(CONTRACT))
    told = run("verify", file, *trusted).stdout.decode()
    assert "party custodian, to 0x" in told
    assert "expires never" in told
    state = json.loads(run("verify", file, *trusted, "--json").stdout)["state"]
    assert (state["stage"], state["offered"]) == ("commissioned", ["owner"])
    assert state["lien_holder"] == to_hex(OTHER)
    bare = paper.bundle(an_asset(paper, b"bare"))
    file.write_bytes(encode_bundle(bare))
    trusted = ("--block-hash", to_hex(block_hash(bare)), "--contract", to_hex(CONTRACT))
    state = json.loads(run("verify", file, *trusted, "--json").stdout)["state"]
    assert (state["parent"], state["offered"]) == (None, [])


def test_one_of_a_thing_is_told_as_one(run: Run, file: Path) -> None:
    """`verify` told "1 entries"."""
    owner, paper = Owner(), Paper()
    alone = replace(paper.bundle(an_asset(paper)), tree=True)
    for bundle, words in (
        (alone, ("1 entry of its own, of 1 with its birth", "1 asset, without parts")),
        (owner.bundle(owner.kept), ("2 assets, of which 1 is listed", "the other asset is")),
        (owner.bundle(*owner.held), ("2 assets, and no other",)),
    ):
        file.write_bytes(encode_bundle(bundle))
        trusted = ("--block-hash", to_hex(block_hash(bundle)), "--contract", to_hex(CONTRACT))
        told = run("verify", file, *trusted).stdout.decode()
        assert all(word in told for word in words)
        assert not re.search(r"\b1 (entries|assets|subjects|leaves|bytes|others)\b", told)


def test_colours_are_for_terminals_that_want_them(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert b"\x1b[" in run("verify", file, *TRUSTED).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    plain = run("verify", file, *TRUSTED).stdout
    assert b"\x1b[3" not in plain


def test_prints_one_json_object(run: Run, file: Path) -> None:
    done = run("verify", file, *TRUSTED, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert told["verified"] is True
    assert told["subject"] == to_hex(HISTORY.subject)
    assert told["block"]["hash"] == to_hex(block_hash(HISTORY))
    assert [entry["kind"] for entry in told["entries"]][:2] == ["registered", "revised"]
    assert told["entries"][0]["actor"] is None
    assert told["entries"][1]["payload"] == {"content_hash": to_hex(keccak(b"better"))}
    assert told["state"]["frozen"] is False
    assert told["not_proven"]


def test_an_organisation_is_told_too(run: Run, tmp_path: Path) -> None:
    paper = Paper()
    bundle = paper.bundle(an_organisation(paper))
    path = tmp_path / "organisation.json"
    path.write_bytes(encode_bundle(bundle))
    trusted = ("--block-hash", to_hex(block_hash(bundle)), "--contract", to_hex(CONTRACT))
    assert "did:web:gears.example" in run("verify", path, *trusted).stdout.decode()
    told = json.loads(run("verify", path, *trusted, "--json").stdout)
    assert (told["class"], len(told["state"]["accounts"])) == ("organisation", 2)


def test_a_bundle_about_another_subject_than_asked_for_is_refused(run: Run, file: Path) -> None:
    assert run("verify", file, *TRUSTED, "--subject", to_hex(HISTORY.subject)).returncode == 0
    for more in ((), ("--json",)):
        done = run("verify", file, *TRUSTED, "--subject", to_hex(OTHER), *more)
        assert (done.returncode, done.stdout) == (1, b"")
        assert f"is about {to_hex(HISTORY.subject)}".encode() in done.stderr
    assert run("verify", file, *TRUSTED, "--subject", "0x12").returncode == 2


def test_reads_standard_input(run: Run, file: Path) -> None:
    assert run("verify", "-", *TRUSTED, send=file.read_bytes()).returncode == 0


def test_a_failed_step_is_named_with_both_values(run: Run, file: Path) -> None:
    file.write_bytes(encode_bundle(with_entries(HISTORY, entries_of(HISTORY)[:-1])))
    done = run("verify", file, *TRUSTED)
    told = done.stdout.decode()
    assert done.returncode == 1
    assert told.count(" ✓ ") == 7
    assert " ✗  8 history" in told
    assert " ·  9 state       not reached" in told
    assert b": how many entries: expected 6, found 5" in done.stderr
    as_json = run("verify", file, *TRUSTED, "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout) == {
        "verified": False,
        "step": 8,
        "name": "history",
        "code": "wrong_history",
        "reason": "how many entries",
        "expected": 6,
        "found": 5,
        "subject": to_hex(HISTORY.subject),
    }


def test_a_bundle_cannot_steer_the_terminal(run: Run, file: Path) -> None:
    raw = encode_bundle(HISTORY).replace(b'"chain_id"', b'"\\u001b[2J\\u009b1m"', 1)
    file.write_bytes(raw)
    done = run("verify", file, *TRUSTED)
    assert done.returncode == 1
    for told in (done.stdout.decode(), done.stderr.decode()):
        assert not {"\x1b", "\x9b"} & set(told)


def test_a_time_beyond_the_calendar_is_still_told(run: Run, file: Path) -> None:
    paper = Paper()
    subject = an_asset(paper)
    late = 2**40 - 1
    paper.append(subject, Observed(ORG), ORG, late=late)
    bundle = paper.bundle(subject)
    file.write_bytes(encode_bundle(bundle))
    trusted = ("--block-hash", to_hex(block_hash(bundle)), "--contract", to_hex(CONTRACT))
    assert f"second {late}" in run("verify", file, *trusted).stdout.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing.json", *TRUSTED),
        (".", *TRUSTED),
        ("bundle.json",),
        ("bundle.json", *TRUSTED[:2]),
        ("bundle.json", "--block-hash", "0x12", *TRUSTED[2:]),
        ("bundle.json", "--block-hash", to_hex(block_hash(HISTORY))[2:], *TRUSTED[2:]),
        ("bundle.json", *TRUSTED[:3], "0xnothex"),
        ("bundle.json", *TRUSTED, "--unknown"),
    ],
)
def test_wrong_usage_exits_with_2(
    run: Run, file: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    done = run("verify", *arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr


# -- prove -------------------------------------------------------------------------------------


def manifest_of(chain: OnChain, path: Path, genesis: bytes | None = None) -> Path:
    source = "0x" + "5c" * 32
    deployed = DeployedContract(
        chain.contract, 2, ZERO_HASH, ZERO_HASH, ZERO_HASH, "0.8.37", source, ()
    )
    domain = domain_separator(31337, chain.contract)
    known = genesis or chain.rpc.genesis_hash()
    save_manifest(path, Manifest(31337, known, domain, {"AssetLedger": deployed}))
    return path


def test_what_is_proven_verifies_by_the_command_that_is_printed(
    run: Run, onchain: OnChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = onchain.register(b"by the book")
    node = ("--rpc-url", onchain.rpc.url, "--contract", to_hex(onchain.contract))
    monkeypatch.chdir(tmp_path)
    done = run("prove", to_hex(asset), "-o", "the bundle.json", *node)
    told = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert to_hex(onchain.rpc.fetch_block("latest").hash) in told
    command = shlex.split(told.splitlines()[-1])
    assert command[0] == "asset-ledger"
    assert run(*command[1:]).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["the bundle.json"]


def test_the_manifest_tells_contract_and_up_tells_the_node(
    run: Run, onchain: OnChain, tmp_path: Path
) -> None:
    asset = onchain.register(b"by the manifest")
    manifest_of(onchain, tmp_path / "manifest.json")
    (tmp_path / "up.json").write_text(json.dumps({"rpc_url": onchain.rpc.url}))
    bundle = tmp_path / "bundle.json"
    done = run("prove", to_hex(asset), "-o", bundle, "--data", tmp_path, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told["contract"] == to_hex(onchain.contract)
    assert (told["entries"], told["size"]) == (1, bundle.stat().st_size)
    checked = run(*told["verify"][1:])
    assert checked.returncode == 0
    assert b"Said by the operator, and not proven:\n  compiler 0.8.37" in checked.stdout
    before = told["block"] - 1
    earlier = run("prove", to_hex(asset), "-o", bundle, "--data", tmp_path, "--block", before)
    assert earlier.returncode == 1
    assert f"at block {before}".encode() in earlier.stderr


def test_standard_output_gets_the_bundle_and_nothing_else(run: Run, onchain: OnChain) -> None:
    asset = onchain.register(b"piped")
    node = ("--rpc-url", onchain.rpc.url, "--contract", to_hex(onchain.contract))
    done = run("prove", to_hex(asset), "-o", "-", *node)
    trusted = shlex.split(done.stderr.decode().splitlines()[-1])[3:]
    assert run("verify", "-", *trusted, send=done.stdout).returncode == 0


def test_failures_are_one_line_and_1(run: Run, onchain: OnChain, tmp_path: Path) -> None:
    asset = to_hex(onchain.orgs[0])
    output = ("-o", tmp_path / "bundle.json")
    node = ("--rpc-url", onchain.rpc.url)
    foreign = manifest_of(onchain, tmp_path / "foreign.json", genesis=bytes(32))
    ledger = ("--contract", to_hex(onchain.contract))
    for arguments, reason in (
        (("0x" + "07" * 32, *output, *node, *ledger), "no subject"),
        ((asset, *output, *node, "--data", tmp_path), "no manifest"),
        ((asset, *output, *node, "--manifest", foreign), "another chain"),
        ((asset, *output, *node, *ledger, "--block", 10**9), "no block"),
        ((asset, "-o", tmp_path / "no/such/folder.json", *node, *ledger), "No such file"),
    ):
        done = run("prove", *arguments)
        assert done.returncode == 1, arguments
        assert reason in done.stderr.decode()
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "bundle.json").exists()


def test_wrong_usage_of_prove_exits_with_2(run: Run, tmp_path: Path) -> None:
    output = ("-o", str(tmp_path / "bundle.json"))
    for arguments in (
        ("0x12", *output, "--contract", to_hex(CONTRACT)),
        ("0x" + "07" * 32, *output, "--contract", "0x12"),
        ("0x" + "07" * 32,),
        ("0x" + "07" * 32, "-o", "-", "--json"),
        ("0x" + "07" * 32, *output, "--block", "-1"),
    ):
        assert run("prove", *arguments).returncode == 2, arguments
