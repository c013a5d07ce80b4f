"""What a ledger does not know is proven to be unknown, be it of its own or an asset of a batch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.batch import batch_id_of
from ledger.domain.kinds import Kind
from ledger.domain.payloads import BatchRegistered, Observed
from ledger.errors import MalformedValue, VerificationError
from ledger.hashing import domain_separator, keccak, merkle_root, subject_id
from ledger.proofs.absence import (
    Absence,
    Absent,
    Known,
    NotAbsent,
    decode_absence,
    encode_absence,
    fetch_absence,
    verify_absence,
)
from ledger.proofs.encoding import encode_bundle
from ledger.proofs.keeping import Broken, verify_kept, verify_never_came
from ledger.proofs.layout import word_slot
from ledger.proofs.receipt import Promise, Receipt
from ledger.proofs.trie import TrieError
from ledger.proofs.verify import verify_bundle
from ledger.types import ZERO_HASH, parse_address, parse_hash, to_hex
from tests.proofs.conftest import OnChain
from tests.proofs.paper import CHAIN_ID, CONTRACT, ORG, Paper, a_batch, block_hash
from tests.proofs.test_vectors import edited
from tests.proofs.test_verbs import Run, run
from tests.vectors import absences
from tests.vectors.absences import Silent, absence_verdict, asset_of
from tests.vectors.making import INDEX, make_absences
from tests.vectors.story import LINES

__all__ = ["run"]  # a fixture

SILENT = Silent()
VECTORS: list[dict[str, Any]] = json.loads((absences.FOLDER / INDEX).read_bytes())


def verify(absence: Absence) -> Absent:
    return verify_absence(
        absence,
        block_hash=keccak(absence.header),
        contract=CONTRACT,
        subject=absence.subject,
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_vector_has_its_verdict(vector: dict[str, Any]) -> None:
    raw = edited(vector | {"bundle": vector["absence"]}, absences.FOLDER)
    block, contract = parse_hash(vector["block_hash"]), parse_address(vector["contract"])
    found = absence_verdict(raw, block, contract, parse_hash(vector["subject"]))
    assert found == vector["verdict"]


def test_the_vectors_are_those_that_are_made_now() -> None:
    """Otherwise `python -m tests.vectors` writes them anew."""
    kept = {path.name: path.read_bytes() for path in absences.FOLDER.iterdir()}
    assert kept == make_absences()


def test_what_is_tampered_with_proves_nothing() -> None:
    """The chain's number alone is bound by nothing but a receipt, whose domain it makes."""
    changed = {one["name"].split(": ")[-1] for one in VECTORS if ": " in one["name"]}
    passed = {
        one["name"].split(": ")[-1]
        for one in VECTORS
        if ": " in one["name"] and one["verdict"]["absent"]
    }
    assert len(changed) > 40
    assert passed == {"chain_id counted up"}


@given(index=st.integers(1, 2**24 - 1))
def test_an_asset_is_absent_if_and_only_if_its_batch_does_not_reach_it(index: int) -> None:
    absence = SILENT.prove(asset_of(SILENT.batch, index))
    if index <= len(LINES):
        with pytest.raises(Known):
            verify(absence)
    else:
        assert verify(absence).batch_size == len(LINES)


@given(subject=st.binary(min_size=32, max_size=32))
def test_what_was_never_written_to_is_absent(subject: bytes) -> None:
    assert verify(SILENT.prove(subject)).batch_size is None


def test_an_asset_of_a_batch_without_entries_is_not_absent() -> None:
    """It has no word of its own, and the proof said so alone: it was taken for absent."""
    member = SILENT.known["the first of the batch"]
    with pytest.raises(Known, match="is asset 1 of 5 of the batch"):
        verify(SILENT.prove(member))
    bare = replace(SILENT.prove(member), batch_nodes=None)
    with pytest.raises(NotAbsent, match="is not proven"):
        verify(bare)
    with pytest.raises(MalformedValue):
        decode_absence(encode_absence(bare))


def test_nodes_that_are_left_out_are_an_error_and_never_absence() -> None:
    for subject in (*SILENT.subjects.values(), *SILENT.known.values()):
        whole = SILENT.prove(subject)
        for part in ("account_proof", "nodes", "batch_nodes"):
            nodes = getattr(whole, part) or ()
            for at in range(len(nodes)):
                spoilt = replace(whole, **{part: nodes[:at] + nodes[at + 1 :]})
                with pytest.raises((TrieError, Known)) as caught:
                    verify(spoilt)
                is_told = part == "batch_nodes" and subject in (SILENT.asset, SILENT.written)
                assert is_told == isinstance(caught.value, Known), (part, at)


def test_nodes_of_another_slot_prove_nothing_about_the_batch() -> None:
    member = SILENT.known["the last of the batch"]
    whole = SILENT.prove(member)
    elsewhere = SILENT.prove(asset_of(keccak(b"no batch"), 1)).batch_nodes
    for nodes in (elsewhere, whole.nodes, ()):
        with pytest.raises((TrieError, Known)):
            verify(replace(whole, batch_nodes=nodes))


@pytest.mark.parametrize("word", [1, 2**228 * 15, 2**228 * 2 | 2**255])
def test_a_batch_s_word_that_is_none_proves_nothing(word: int) -> None:
    batch = keccak(b"a word")[:29] + bytes(3)
    storage = SILENT.storage | {word_slot(batch): word}
    absence = SILENT.prove(asset_of(batch, 1), storage)
    with pytest.raises(VerificationError):
        verify(absence)


def test_a_subject_that_is_no_batch_has_no_assets_beside_it() -> None:
    beside = SILENT.asset[:29] + bytes(3)
    storage = SILENT.storage | {word_slot(beside): SILENT.storage[word_slot(SILENT.asset)]}
    assert verify(SILENT.prove(asset_of(beside, 9), storage)).batch_size is None


def test_a_file_is_read_as_it_was_written() -> None:
    for subject in (*SILENT.subjects.values(), *SILENT.known.values()):
        whole = SILENT.prove(subject)
        assert decode_absence(encode_absence(whole)) == whole
    batch = json.loads(encode_absence(SILENT.prove(SILENT.subjects["no batch"])))
    with pytest.raises(MalformedValue):
        decode_absence(json.dumps(batch | {"batch_nodes": []}).encode())


# -- what was promised -------------------------------------------------------------------------


def promised(subject: bytes) -> Receipt:
    """A receipt that something would be written about a subject; whose it is, others look at."""
    promise = Promise(
        operation="00000000-0000-4000-8000-000000000000",
        organisation=ORG,
        subject=subject,
        kind=Kind.OBSERVED,
        position=1,
        position_fixed=False,
        payload=Observed(keccak(b"promised")).encode(),
        accepted_at=1_800_000_000_000,
    )
    return Receipt(domain_separator(CHAIN_ID, CONTRACT), promise, 0, 1, (), bytes(65))


def test_a_promise_about_an_id_beyond_a_batch_is_broken_by_its_absence() -> None:
    subject = SILENT.subjects["beyond the batch"]
    absence = SILENT.prove(subject)
    known = keccak(absence.header)
    header = verify_never_came(promised(subject), absence, contract=CONTRACT, block_hash=known)
    assert header.number == 7
    for other in (SILENT.known["the first of the batch"], SILENT.written):
        absence = SILENT.prove(other)
        with pytest.raises(Known):
            verify_never_came(promised(other), absence, contract=CONTRACT, block_hash=known)


def test_a_promise_about_an_asset_without_entries_is_broken_by_its_bundle() -> None:
    paper = Paper()
    batch = a_batch(paper)
    bundle = paper.bundle(asset_of(batch, 1), related=[batch])
    verified = verify_bundle(
        encode_bundle(bundle), block_hash=block_hash(bundle), contract=CONTRACT
    )
    with pytest.raises(Broken, match="is not among the 0 entries"):
        verify_kept(promised(asset_of(batch, 1)), verified)


# -- on a chain --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batch(onchain: OnChain) -> bytes:
    """A batch of five on a real chain, whose third asset was written to."""
    org = onchain.orgs[0]
    birth = BatchRegistered(org, ZERO_HASH, merkle_root(LINES), len(LINES), keccak(b"lines"))
    domain = domain_separator(31337, onchain.contract)
    found = batch_id_of(subject_id(domain, birth.KIND, org, birth.encode()))
    onchain.append((found, org, birth, 0))
    onchain.append((asset_of(found, 3), org, Observed(keccak(b"seen")), 1))
    return found


@pytest.mark.parametrize("index", [0, 1, 3, 5])
def test_what_a_real_ledger_knows_is_known(onchain: OnChain, batch: bytes, index: int) -> None:
    absence = fetch_absence(onchain.rpc, onchain.contract, asset_of(batch, index))
    with pytest.raises(Known):
        verify_absence(
            absence,
            block_hash=keccak(absence.header),
            contract=onchain.contract,
            subject=absence.subject,
        )


@pytest.mark.parametrize("index", [6, 2**24 - 1])
def test_an_id_beyond_a_batch_is_proven_absent_by_the_verbs(
    run: Run, onchain: OnChain, batch: bytes, index: int, tmp_path: Path
) -> None:
    subject, file = to_hex(asset_of(batch, index)), tmp_path / "absence.json"
    node = ("--rpc-url", onchain.rpc.url, "--contract", to_hex(onchain.contract))
    done = run("prove", subject, "--absence", "-o", file, *node, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["batch_size"], told["absent"]) == (0, 5, subject)
    trusted = ("--contract", to_hex(onchain.contract), "--block-hash", told["block_hash"])
    checked = run("verify", file, "--absence", "--subject", subject, *trusted)
    assert checked.returncode == 0
    assert f"asset {index:,} of the batch {to_hex(batch)}, which has 5 assets" in (
        checked.stdout.decode()
    )
    other = to_hex(asset_of(batch, 7))
    refused = run("verify", file, "--absence", "--subject", other, *trusted, "--json")
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, "not_absent")
    piped = run("prove", subject, "--absence", "-o", "-", *node)
    assert decode_absence(piped.stdout) == decode_absence(file.read_bytes())
    assert b"Proven: the ledger knew no" in piped.stderr


def test_what_is_there_is_not_proven_absent_by_the_verb(
    run: Run, onchain: OnChain, batch: bytes, tmp_path: Path
) -> None:
    node = ("--rpc-url", onchain.rpc.url, "--contract", to_hex(onchain.contract))
    file = tmp_path / "absence.json"
    for index, told in ((0, "the ledger knows"), (2, "is asset 2 of 5"), (3, "the ledger knows")):
        done = run("prove", to_hex(asset_of(batch, index)), "--absence", "-o", file, *node)
        assert done.returncode == 1
        assert told in done.stderr.decode()
        assert not file.exists()


def test_absence_is_proven_as_of_a_block(run: Run, onchain: OnChain, tmp_path: Path) -> None:
    asset = onchain.register(b"afterwards")
    node = ("--rpc-url", onchain.rpc.url, "--contract", to_hex(onchain.contract))
    file, newest = tmp_path / "absence.json", onchain.rpc.fetch_block_number()
    assert run("prove", to_hex(asset), "--absence", "-o", file, *node).returncode == 1
    before = ("--block", newest - 1)
    done = run("prove", to_hex(asset), "--absence", "-o", file, *node, *before)
    assert (done.returncode, f"as of block {newest - 1} of" in done.stdout.decode()) == (0, True)


def test_options_that_do_not_go_with_absence_are_a_wrong_call(run: Run, tmp_path: Path) -> None:
    subject, file = to_hex(SILENT.asset), tmp_path / "absence.json"
    prove = ("prove", subject, "--absence", "-o", file, "--contract", to_hex(CONTRACT))
    for more in (("--tree",), ("--holdings",), ("--with", "ledger"), ("--serial",)):
        assert run(*prove, *more).returncode == 2
    check = ("verify", file, "--absence", "--contract", to_hex(CONTRACT))
    block, witness = ("--block-hash", to_hex(ZERO_HASH)), ("--witness", to_hex(CONTRACT))
    for told in (block, ("--subject", subject, *witness), ("--subject", subject, *block, *witness)):
        assert run(*check, *told).returncode == 2
