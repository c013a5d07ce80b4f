"""`receipt` as a client calls it who holds a service to its word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.domain.entries import Entry
from ledger.domain.kinds import Kind
from ledger.domain.payloads import Observed
from ledger.hashing import sha256
from ledger.outbox.clock import new_id
from ledger.proofs.receipt import Promise, encode_receipt
from ledger.proofs.receipt_tree import ReceiptTree
from ledger.types import Hash32, to_hex
from tests.cli.conftest import Run
from tests.ledgers import DeployedLedger

SERVICE = KeystoreSigner(sha256(b"service"))
SEEN, DENIED = (Observed(sha256(text)).encode() for text in (b"seen", b"denied"))


@pytest.fixture
def org(deployed: DeployedLedger) -> Hash32:
    return deployed.enrol("did:web:maker.example")


@pytest.fixture
def asset(deployed: DeployedLedger, org: Hash32) -> Hash32:
    """An asset to which one observation was appended, and another, promised, was not."""
    asset = deployed.register(org, b"gearbox")
    assert deployed.append([Entry(asset, org, Kind.OBSERVED, 1, SEEN)]).succeeded
    return asset


@pytest.fixture
def give(deployed: DeployedLedger, org: Hash32, asset: Hash32, tmp_path: Path) -> Any:
    """Writes a receipt's file."""

    def given(payload: bytes, **change: Any) -> Path:
        told: dict[str, Any] = {
            "subject": asset,
            "kind": Kind.OBSERVED,
            "position": 1,
            "position_fixed": False,
        } | change
        domain = told.pop("domain", deployed.domain)
        promise = Promise(
            operation=new_id(),
            organisation=org,
            payload=payload,
            accepted_at=1_790_000_000_000,
            **told,
        )
        tree = ReceiptTree.over([promise])
        signature = SERVICE.sign_message(tree.message(domain)).encode()
        path = tmp_path / "receipt.json"
        path.write_bytes(encode_receipt(tree.receipt(domain, promise, 0, signature)))
        return path

    return given


@pytest.fixture
def trust(run: Run, asset: Hash32, tmp_path: Path) -> list[object]:
    """The options that name a bundle of the asset, and what makes it believed."""
    bundle = tmp_path / "bundle.json"
    told = json.loads(run("prove", to_hex(asset), "-o", bundle, "--json")[1])
    hashes = ["--block-hash", told["block_hash"], "--contract", told["contract"]]
    return ["--bundle", bundle, *hashes]


SIGNER = ("--signer", to_hex(SERVICE.address))


def test_a_receipt_is_checked_offline(run: Run, give: Any) -> None:
    code, out, complaint = run("receipt", give(SEEN), *SIGNER)
    assert (code, complaint) == (0, "")
    assert "promised at 2026-09-2" in out
    assert "not looked at" in out
    value = json.loads(run("receipt", give(SEEN), *SIGNER, "--json")[1])
    assert value["promise"]["payload"] == to_hex(SEEN)
    assert value["kept"] is None


def test_a_promise_that_was_kept_is_found(run: Run, give: Any, trust: list[object]) -> None:
    code, out, _ = run("receipt", give(SEEN), *SIGNER, *trust)
    assert (code, "kept: it stands at position 1" in out) == (0, True)
    fixed = give(SEEN, position_fixed=True)
    assert json.loads(run("receipt", fixed, *SIGNER, *trust, "--json")[1])["kept"]["position"] == 1


@pytest.mark.parametrize(
    "change", [{}, {"payload": SEEN, "position": 2, "position_fixed": True}], ids=["none", "place"]
)
def test_a_promise_that_never_came_is_proven_against_the_service(
    run: Run, give: Any, trust: list[object], change: dict[str, Any]
) -> None:
    payload = change.pop("payload", DENIED)
    code, out, complaint = run("receipt", give(payload, **change), *SIGNER, *trust)
    assert (code, out) == (1, "")
    assert "was promised, and is not among the 2 entries" in complaint


def test_what_does_not_belong_together_is_told(run: Run, give: Any, trust: list[object]) -> None:
    for change, word in (
        ({"subject": sha256(b"another")}, "proves nothing about"),
        ({"domain": sha256(b"another")}, "of the ledger of domain"),
    ):
        code, _, complaint = run("receipt", give(SEEN, **change), *SIGNER, *trust)
        assert (code, word in complaint) == (1, True)


def test_another_signer_and_spoilt_files_are_told(run: Run, give: Any, tmp_path: Path) -> None:
    code, _, complaint = run("receipt", give(SEEN), "--signer", to_hex(bytes(20)))
    assert (code, "was signed by" in complaint) == (1, True)
    (tmp_path / "receipt.json").write_bytes(b"{}")
    assert run("receipt", tmp_path / "receipt.json", *SIGNER)[0] == 2
    assert run("receipt", tmp_path / "none.json", *SIGNER)[0] == 2
    assert run("receipt", give(SEEN), *SIGNER, "--bundle", tmp_path / "b")[0] == 2
    assert run("receipt", give(SEEN), "--signer", "0x")[0] == 2


# -- what never began --------------------------------------------------------------------------


@pytest.fixture
def unborn(deployed: DeployedLedger, org: Hash32, give: Any) -> Path:
    """A receipt of a registration that never reached the chain."""
    birth = deployed.birth(org, b"never sent")
    path: Path = give(
        birth.payload, subject=birth.subject, position=0, position_fixed=True, kind=birth.kind
    )
    return path


def test_a_registration_that_never_came_is_proven_by_the_states_silence(
    deployed: DeployedLedger, run: Run, unborn: Path, tmp_path: Path
) -> None:
    proof, contract = tmp_path / "absence.json", to_hex(deployed.address)
    trust = ["--absence", proof, "--contract", contract]
    code, out, complaint = run("receipt", unborn, *SIGNER, *trust, "--rpc-url", deployed.rpc.url)
    assert (code, out) == (1, "")
    assert "was promised, and the ledger knows no" in complaint
    # The file goes to whoever trusts the block, and needs no node.
    block = to_hex(deployed.rpc.fetch_block("latest").hash)
    code, _, again = run("receipt", unborn, *SIGNER, *trust, "--block-hash", block)
    assert (code, again) == (1, complaint)
    other = to_hex(sha256(b"other"))
    code, _, complaint = run("receipt", unborn, *SIGNER, *trust, "--block-hash", other)
    assert (code, "another block" in complaint) == (1, True)


def test_a_subject_that_is_there_is_not_absent(
    deployed: DeployedLedger, org: Hash32, run: Run, give: Any, tmp_path: Path
) -> None:
    birth = deployed.birth(org, b"gearbox")
    path = give(
        birth.payload, subject=birth.subject, position=0, position_fixed=True, kind=birth.kind
    )
    trust = ["--absence", tmp_path / "a.json", "--contract", to_hex(deployed.address)]
    code, _, complaint = run("receipt", path, *SIGNER, *trust, "--rpc-url", deployed.rpc.url)
    assert (code, "bring a bundle" in complaint) == (1, True)
    later = give(SEEN)
    code, _, complaint = run("receipt", later, *SIGNER, *trust, "--rpc-url", deployed.rpc.url)
    assert (code, "bring a bundle" in complaint) == (1, True)


def test_what_was_promised_about_a_subject_that_never_began_never_came_either(
    deployed: DeployedLedger, org: Hash32, run: Run, give: Any, tmp_path: Path
) -> None:
    """Nothing could be held against it: there is no bundle of what is not there."""
    birth = deployed.birth(org, b"never sent either")
    trust = ["--absence", tmp_path / "a.json", "--contract", to_hex(deployed.address)]
    path = give(SEEN, subject=birth.subject)
    code, _, complaint = run("receipt", path, *SIGNER, *trust, "--rpc-url", deployed.rpc.url)
    assert (code, "was promised, and the ledger knows no" in complaint) == (1, True)


@pytest.mark.parametrize(
    "part", ["nodes", "batch_nodes", "account_proof", "subject", "contract", "chain_id"]
)
def test_a_spoilt_absence_proves_nothing(
    deployed: DeployedLedger, run: Run, unborn: Path, tmp_path: Path, part: str
) -> None:
    proof = tmp_path / "absence.json"
    trust = ["--absence", proof, "--contract", to_hex(deployed.address)]
    run("receipt", unborn, *SIGNER, *trust, "--rpc-url", deployed.rpc.url)
    value = json.loads(proof.read_bytes())
    match value[part]:
        case list() as nodes:
            value[part] = nodes[:-1]
        case int() as number:
            value[part] = number + 1
        case str() as text:
            value[part] = text[:-1] + ("0" if text[-1] != "0" else "1")
    proof.write_text(json.dumps(value))
    block = to_hex(deployed.rpc.fetch_block("latest").hash)
    code, _, complaint = run("receipt", unborn, *SIGNER, *trust, "--block-hash", block)
    assert (code, "the ledger knows no" in complaint) == (1, False)


def test_options_that_do_not_belong_together_are_a_wrong_call(
    run: Run, give: Any, trust: list[object], tmp_path: Path
) -> None:
    path, hashes = give(SEEN), trust[2:]
    for options in (
        hashes,
        [*trust, "--absence", tmp_path / "a"],
        ["--absence", tmp_path / "a", *hashes[2:]],
        ["--absence", tmp_path / "none", *hashes],
        ["--rpc-url", "http://127.0.0.1:1"],
        [*trust, "--rpc-url", "http://127.0.0.1:1"],
    ):
        assert run("receipt", path, *SIGNER, *options)[0] == 2, options
