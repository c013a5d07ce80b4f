"""Proofs over HTTP come with what witnesses signed, so that these vouch for them alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.chain.checkpoint_log import encode_anchor
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.cli import main
from ledger.outbox.witnesses import keep_anchor
from ledger.proofs.bundle import Bundle
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.header import read_header
from ledger.types import parse_address, parse_hash, to_hex
from tests.api.both import aurora, boreas, service
from tests.api.running import Member, Running
from tests.api.test_checkpoints import act, add_account, checkpoint, make_checkpoint, sign, witness
from tests.proofs.conftest import anvil, deploy, transact

__all__ = ["aurora", "boreas", "checkpoint", "service", "witness"]


def prove(member: Member, asset: str, **params: Any) -> httpx.Response:
    return member.http.get(f"/v1/assets/{asset}/proof", params=params)


def read(answer: httpx.Response) -> Bundle:
    assert answer.status_code == 200, answer.text
    return decode_bundle(answer.content)


def blocks(bundle: Bundle) -> list[int]:
    return [one.checkpoint.block_number for one in bundle.checkpoints]


def verify(
    service: Running,
    answer: httpx.Response,
    folder: Path,
    *witnesses: KeystoreSigner,
    more: tuple[str, ...] = (),
) -> int:
    """Verify a bundle as an auditor does who has nothing else, and trusts all these."""
    path = folder / "bundle.json"
    path.write_bytes(answer.content)
    contract = service.anyone.get("/v1/status").json()["contract"]
    trusted = [word for one in witnesses for word in ("--witness", to_hex(one.address))]
    with pytest.raises(SystemExit) as left:
        main(["verify", str(path), "--contract", contract, *trusted, *more, "--json"])
    return int(left.value.code or 0)


@pytest.fixture
def asset(aurora: Member) -> str:
    return aurora.register()


@pytest.fixture
def covering(service: Running, aurora: Member, asset: str, checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint of a block that the asset is older than."""
    while checkpoint.block_number <= born(aurora, asset):
        checkpoint = make_checkpoint(service, aurora)
    return checkpoint


def born(member: Member, asset: str) -> int:
    entries = member.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    return int(entries[0]["block"])


def test_a_proof_comes_with_the_checkpoint_that_vouches_for_it(
    service: Running,
    aurora: Member,
    asset: str,
    witness: KeystoreSigner,
    covering: Checkpoint,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert blocks(read(prove(aurora, asset, at=covering.block_number))) == []
    assert prove(aurora, asset, checkpoints="newest").status_code == 404
    assert sign(aurora, witness, covering).status_code == 201
    at_block = prove(aurora, asset, at=covering.block_number)
    newest = prove(aurora, asset, checkpoints="newest")
    assert newest.content == at_block.content
    assert verify(service, newest, tmp_path, witness) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["witnesses"] == [to_hex(witness.address)]
    stranger = KeystoreSigner(bytes(31) + b"\1")
    assert verify(service, newest, tmp_path, stranger) == 1
    assert "not proven" in capsys.readouterr().err


def test_a_checkpoint_vouches_for_the_blocks_before_it(
    service: Running,
    aurora: Member,
    asset: str,
    witness: KeystoreSigner,
    covering: Checkpoint,
    tmp_path: Path,
) -> None:
    assert sign(aurora, witness, covering).status_code == 201
    block = born(aurora, asset)
    answer = prove(aurora, asset, at=block)
    bundle = read(answer)
    assert read_header(bundle.header).number == block
    assert [len(one.headers) for one in bundle.checkpoints] == [covering.block_number - block]
    assert verify(service, answer, tmp_path, witness) == 0


def test_a_proof_is_had_without_checkpoints(
    aurora: Member, asset: str, witness: KeystoreSigner, covering: Checkpoint
) -> None:
    assert sign(aurora, witness, covering).status_code == 201
    bare = prove(aurora, asset, at=covering.block_number, checkpoints="none")
    assert read(bare).checkpoints == ()
    assert read(prove(aurora, asset)).header  # nobody vouches for the newest block yet
    wrong = prove(aurora, asset, at=covering.block_number, checkpoints="newest")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "at")
    assert prove(aurora, asset, checkpoints="all").status_code == 422


def test_no_witness_is_left_out_and_no_checkpoint_is_there_in_vain(
    service: Running,
    aurora: Member,
    boreas: Member,
    asset: str,
    witness: KeystoreSigner,
    covering: Checkpoint,
    tmp_path: Path,
) -> None:
    other = add_account(service, boreas)
    later, last = make_checkpoint(service, aurora), make_checkpoint(service, aurora)
    at = covering.block_number
    assert sign(aurora, witness, covering).status_code == 201
    assert sign(boreas, other, later).status_code == 201
    assert blocks(read(prove(aurora, asset, at=at))) == [at, later.block_number]
    assert sign(aurora, witness, later).status_code == 201
    answer = prove(aurora, asset, at=at)
    assert blocks(read(answer)) == [later.block_number]
    assert verify(service, answer, tmp_path, witness, other) == 0
    assert sign(boreas, other, last).status_code == 201
    assert blocks(read(prove(aurora, asset, at=at))) == [later.block_number]
    assert sign(boreas, other, covering).status_code == 201
    assert blocks(read(prove(aurora, asset, at=at))) == [at]


def test_a_word_for_another_view_is_in_no_proof(
    aurora: Member, asset: str, witness: KeystoreSigner, covering: Checkpoint
) -> None:
    forged = Checkpoint(covering.domain, covering.block_number, bytes(32), covering.ledger_head)
    assert sign(aurora, witness, forged).status_code == 409
    assert blocks(read(prove(aurora, asset, at=covering.block_number))) == []


def test_a_proof_brings_what_the_other_chain_holds(
    service: Running,
    aurora: Member,
    asset: str,
    witness: KeystoreSigner,
    covering: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signed = sign(aurora, witness, covering)
    assert signed.status_code == 201
    at = covering.block_number
    none = prove(aurora, asset, at=at, anchors="true")
    assert (none.status_code, none.json()["code"]) == (404, "not_found")
    monkeypatch.setattr(service.settings, "anchor_rpc_url", "http://127.0.0.1:1")
    assert prove(aurora, asset, at=at, anchors="true").status_code == 503
    with anvil("--no-mining", "--chain-id", "4242") as rpc:
        monkeypatch.setattr(service.settings, "anchor_rpc_url", rpc.url)
        bare = read(prove(aurora, asset, at=at, anchors="true"))
        assert [one.anchor for one in bare.checkpoints] == [None]
        account = parse_address(rpc.call("eth_accounts")[0])
        log = deploy(rpc, account, "CheckpointLog", [])
        word = witness.sign_message(covering.message()).encode()
        told = transact(rpc, account, log, encode_anchor(covering, [word]))
        anchor: dict[str, Any] = {"chain_id": 4242, "log": log, "signatures": 1, "block": 2}
        anchor["transaction"] = parse_hash(told["transactionHash"])
        act(service, lambda session: keep_anchor(session, covering, **anchor))
        answer = prove(aurora, asset, at=at, anchors="true")
        newest = to_hex(rpc.fetch_block("latest").hash)
    other = ("--anchor-log", to_hex(log), "--anchor-hash", newest)
    assert verify(service, answer, tmp_path, witness, more=other) == 0
    wrong = ("--anchor-log", to_hex(log), "--anchor-hash", "0x" + "77" * 32)
    assert verify(service, answer, tmp_path, witness, more=wrong) == 1


def test_holdings_are_counted_whatever_is_listed(aurora: Member) -> None:
    for _ in range(3):
        aurora.register()
    path = f"/v1/organisations/{aurora.id}/proof"
    for members in (0, 2):
        params: dict[str, Any] = {"holdings": "true", "members": members}
        bundle = read(aurora.http.get(path, params=params))
        assert bundle.holdings is not None
        assert len(bundle.holdings.assets) == members
    refused = aurora.http.get(path, params={"holdings": "true", "members": 100_001})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "members")
