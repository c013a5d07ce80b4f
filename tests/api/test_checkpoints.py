"""Checkpoints over HTTP: listed, co-signed by members, and alarmed about."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, text
from sqlmodel import SQLModel

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.database.engine import open_engine, writing
from ledger.domain.kinds import Kind
from ledger.domain.payloads import AccountAdded
from ledger.hashing import sha256
from ledger.mirror.checkpoints import keep_checkpoint
from ledger.mirror.queries import find_checkpoint, find_mirror
from ledger.outbox.appending import accept_entry
from ledger.outbox.checkpoint_tables import CheckpointAnchor, CheckpointSignature
from ledger.outbox.witnesses import keep_anchor, keep_word
from ledger.proofs.checkpoint import Checkpoint
from ledger.proofs.signed import decode_file
from ledger.proofs.witness import verify_witnesses
from ledger.types import Address, parse_address, parse_hash, to_hex
from tests.api.both import aurora, boreas, service
from tests.api.running import Member, Running, until

__all__ = ["aurora", "boreas", "service"]

OTHER_HASH = to_hex(sha256(b"another block"))


def act(service: Running, statement: Any) -> Any:
    engine = open_engine(service.settings.database())
    try:
        with writing(engine) as session:
            return statement(session)
    finally:
        engine.dispose()


@pytest.fixture
def witness(service: Running, aurora: Member) -> KeystoreSigner:
    """An account of Aurora's own, which no service holds."""
    return add_account(service, aurora)


def add_account(service: Running, member: Member) -> KeystoreSigner:
    signer = KeystoreSigner(secrets.token_bytes(32))
    enrol_account(service, member, signer)
    return signer


def enrol_account(service: Running, member: Member, signer: KeystoreSigner) -> None:
    """Make an account one of the organisation's, and wait until it is."""
    org = parse_hash(member.id)
    act(
        service,
        lambda session: accept_entry(
            session,
            org=org,
            subject=org,
            kind=Kind.ACCOUNT_ADDED,
            payload=AccountAdded(signer.address).encode(),
            position=None,
            next_position=1,
            document=None,
            idempotency_key=None,
            request_digest=secrets.token_bytes(32),
        ),
    )
    path, account = f"/v1/organisations/{member.id}", to_hex(signer.address)
    until(lambda: account in member.http.get(path).json()["accounts"])


@pytest.fixture
def checkpoint(service: Running, aurora: Member) -> Iterator[Checkpoint]:
    """A checkpoint of a new entry, and no words of anybody left behind at the end."""
    made = make_checkpoint(service, aurora)
    yield made
    for table in (CheckpointSignature, CheckpointAnchor):
        act(service, lambda session, table=table: session.connection().execute(delete(table)))


def make_checkpoint(service: Running, aurora: Member) -> Checkpoint:
    """A checkpoint of all that there is, whether the mirror kept it or this does."""
    aurora.register()
    service.anvil.rpc.call("anvil_mine", "0x40")  # its `finalized` tag lags behind
    engine = open_engine(service.settings.database())

    def make() -> Any:
        with writing(engine) as session:
            mirror = find_mirror(session)
            assert mirror is not None
            keep_checkpoint(session, mirror, int(time.time()), apart=0)
            row = find_checkpoint(session)
            if row is None or row.sequence < mirror.sequence:
                # An entry from before became final first, or one came after those blocks.
                service.anvil.rpc.call("anvil_mine", "0x1")
                return None
            return Checkpoint(mirror.domain, row.block_number, row.block_hash, row.ledger_head)

    try:
        made = until(make, seconds=60)
    finally:
        engine.dispose()
    assert isinstance(made, Checkpoint)
    return made


def sign(
    member: Member, signer: KeystoreSigner, checkpoint: Checkpoint, **more: Any
) -> httpx.Response:
    signature = to_hex(signer.sign_message(checkpoint.message()).encode())
    body = {
        "block_hash": to_hex(checkpoint.block_hash),
        "ledger_head": to_hex(checkpoint.ledger_head),
        "signature": signature,
    }
    path = f"/v1/checkpoints/{checkpoint.block_number}/signatures"
    return member.http.post(path, json=body | more)


def alarms(service: Running) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in service.anyone.get("/v1/status").json()["alarms"]}


def test_a_checkpoint_is_what_the_chain_was(
    service: Running, aurora: Member, checkpoint: Checkpoint
) -> None:
    told = aurora.http.get(f"/v1/checkpoints/{checkpoint.block_number}").json()
    block = service.anvil.rpc.fetch_block(checkpoint.block_number)
    assert told["block_hash"] == to_hex(block.hash)
    assert told["digest"] == to_hex(checkpoint.digest())
    assert (told["signatures"], told["anchors"]) == ([], [])
    missing = aurora.http.get(f"/v1/checkpoints/{checkpoint.block_number + 1}")
    assert missing.status_code == 404
    assert str(checkpoint.block_number) in missing.json()["detail"]


def test_a_member_co_signs_and_an_auditor_verifies_the_file(
    service: Running, aurora: Member, witness: KeystoreSigner, checkpoint: Checkpoint
) -> None:
    first, again = (sign(aurora, witness, checkpoint) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    [word] = first.json()["signatures"]
    assert again.json()["signatures"] == [word]
    assert word["witness"] == to_hex(witness.address)
    assert (word["organisation"], word["agrees"]) == (aurora.id, True)
    raw = aurora.http.get(first.json()["file"]).content
    signed = decode_file(raw)
    assert signed.checkpoint == checkpoint
    assert verify_witnesses(checkpoint, signed.signatures, [witness.address], 1)
    assert "checkpoint_conflict" not in alarms(service)


def test_only_accounts_of_the_callers_organisation_sign(
    service: Running,
    aurora: Member,
    boreas: Member,
    witness: KeystoreSigner,
    checkpoint: Checkpoint,
) -> None:
    for answer in (
        sign(boreas, witness, checkpoint),
        sign(aurora, KeystoreSigner(secrets.token_bytes(32)), checkpoint),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_signature")
    operator = Member("", "", "", "", service.operator)
    assert sign(operator, witness, checkpoint).status_code == 403
    assert sign(Member("", "", "", "", service.anyone), witness, checkpoint).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"signature": "0x"}, "signature"),
        ({"signature": "0x" + "00" * 65}, "signature"),
        ({"signature": "0x" + "ff" * 65}, "signature"),
        ({"block_hash": "0x00"}, "block_hash"),
        ({"ledger_head": 7}, "ledger_head"),
        ({"more": 1}, "more"),
    ],
)
def test_malformed_words_name_the_field(
    aurora: Member, witness: KeystoreSigner, checkpoint: Checkpoint, change: Any, field: str
) -> None:
    answer = sign(aurora, witness, checkpoint, **change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field


def test_a_word_for_another_view_is_kept_as_evidence_and_alarmed_about(
    service: Running, aurora: Member, witness: KeystoreSigner, checkpoint: Checkpoint
) -> None:
    other = Checkpoint(
        checkpoint.domain, checkpoint.block_number, parse_hash(OTHER_HASH), checkpoint.ledger_head
    )
    answer = sign(aurora, witness, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "checkpoint_contradicted")
    assert answer.json()["found"]["block_hash"] == OTHER_HASH
    alarm = alarms(service)["checkpoint_conflict"]
    assert alarm["about"] == to_hex(witness.address)
    assert str(checkpoint.block_number) in alarm["message"]
    # One that signs both lies to somebody; the second word takes nothing away from the first.
    assert sign(aurora, witness, checkpoint).status_code == 201
    words = aurora.http.get(f"/v1/checkpoints/{checkpoint.block_number}").json()["signatures"]
    assert sorted(one["agrees"] for one in words) == [False, True]
    raw = aurora.http.get(f"/v1/checkpoints/{checkpoint.block_number}/file").content
    assert len(decode_file(raw).signatures) == 1
    page = service.anyone.get("/checkpoints").text
    assert "Checkpoint conflict" in page
    assert "Contradicted" in page


def test_a_word_signed_for_another_ledger_is_nobodys(
    aurora: Member, witness: KeystoreSigner, checkpoint: Checkpoint
) -> None:
    other = Checkpoint(
        sha256(b"another ledger"),
        checkpoint.block_number,
        checkpoint.block_hash,
        checkpoint.ledger_head,
    )
    answer = sign(aurora, witness, other)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_signature")


def test_a_checkpoint_that_was_signed_and_dropped_is_an_alarm(
    service: Running, aurora: Member, witness: KeystoreSigner, checkpoint: Checkpoint
) -> None:
    assert sign(aurora, witness, checkpoint).status_code == 201
    number = checkpoint.block_number
    kept = act(
        service,
        lambda session: (
            session.connection()
            .execute(text("select * from checkpoint where block_number = :n"), {"n": number})
            .mappings()
            .one()
        ),
    )
    drop = text("delete from checkpoint where block_number = :n")
    act(service, lambda session: session.connection().execute(drop, {"n": number}))
    assert "checkpoint_conflict" in alarms(service)
    table = SQLModel.metadata.tables["checkpoint"]
    act(service, lambda session: session.connection().execute(table.insert(), dict(kept)))
    assert "checkpoint_conflict" not in alarms(service)


def test_checkpoints_are_listed_newest_first_by_pages(
    service: Running, aurora: Member, checkpoint: Checkpoint
) -> None:
    newer = make_checkpoint(service, aurora)
    first = aurora.http.get("/v1/checkpoints", params={"limit": 1})
    assert [one["block_number"] for one in first.json()["items"]] == [newer.block_number]
    second = aurora.http.get(first.links["next"]["url"])
    assert [one["block_number"] for one in second.json()["items"]] == [checkpoint.block_number]
    whole = aurora.http.get("/v1/checkpoints", params={"limit": 200})
    assert "next" not in whole.links
    assert service.anyone.get("/v1/checkpoints").status_code == 401


def signer_of(service: Running) -> Address:
    return parse_address(service.anyone.get("/v1/status").json()["signer"])


def test_missing_and_late_checkpoints_are_alarms(
    service: Running, aurora: Member, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = service.settings
    assert not {"checkpoint_missing", "checkpoint_late"} & alarms(service).keys()
    monkeypatch.setattr(settings, "checkpoint_within", 1)
    until(lambda: "checkpoint_missing" in alarms(service))
    own = signer_of(service)
    act(service, lambda session: keep_word(session, checkpoint, own, bytes(65), None))
    # All that there is is in it.
    until(lambda: "checkpoint_missing" not in alarms(service))
    monkeypatch.setattr(settings, "anchor_rpc_url", "http://127.0.0.1:1")
    monkeypatch.setattr(settings, "anchor_within", 1)
    until(lambda: "checkpoint_late" in alarms(service))
    anchor: dict[str, Any] = {
        "chain_id": 4242,
        "log": bytes(20),
        "signatures": 1,
        "transaction": sha256(b"transaction"),
        "block": 7,
    }
    act(service, lambda session: keep_anchor(session, checkpoint, **anchor))
    assert "checkpoint_late" not in alarms(service)
    told = aurora.http.get(f"/v1/checkpoints/{checkpoint.block_number}").json()
    assert (told["anchors"][0]["chain_id"], told["anchors"][0]["block"]) == (4242, 7)
    page = service.anyone.get("/checkpoints").text
    assert "on chain 4242" in page
    assert "this service" in page


def test_the_page_without_alarms_shows_who_signed(
    service: Running, aurora: Member, witness: KeystoreSigner, checkpoint: Checkpoint
) -> None:
    assert sign(aurora, witness, checkpoint).status_code == 201
    page = service.anyone.get("/checkpoints").text
    assert "Aurora Motors" in page
    assert to_hex(checkpoint.block_hash) in page
    assert act(service, find_mirror)
