"""Proofs over HTTP and by `prove`: true as of any block, with no document of somebody else."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import proving
from ledger.cli import main
from ledger.hashing import keccak
from ledger.proofs.decoding import decode_bundle
from ledger.proofs.verified import Verified
from ledger.proofs.verify import verify_bundle
from ledger.types import parse_address, parse_hash, to_hex
from tests.api.running import Member, Running, until

PASSPORT = {"name": "Getriebe Ω", "mass": {"value": 1840.5, "unit": "kg"}, "secret": "7075-T6"}


def contract(service: Running) -> bytes:
    return parse_address(service.anyone.get("/v1/status").json()["contract"])


def verified(service: Running, answer: httpx.Response, block_hash: str | None = None) -> Verified:
    assert answer.status_code == 200, answer.text
    raw = answer.content
    inner = raw
    if answer.headers["content-type"] == "application/zip":
        inner = zipfile.ZipFile(io.BytesIO(raw)).read("bundle.json")
    trusted = parse_hash(block_hash) if block_hash else keccak(decode_bundle(inner).header)
    return verify_bundle(raw, block_hash=trusted, contract=contract(service))


@pytest.fixture(scope="module")
def asset(aurora: Member, boreas: Member) -> str:
    """An asset that was observed, revised, and handed over."""
    found = aurora.register("GBX-PROOF", PASSPORT)
    for entry in (
        {"kind": "observed", "document": {"event": "run-in", "oil_c": 61}},
        {"kind": "revised", "document": {**PASSPORT, "mass": {"value": 1839, "unit": "kg"}}},
        {"kind": "transferred", "to": boreas.did},
    ):
        assert aurora.append(found, **entry).status_code == 201
    return found


STATE = ("owner", "custodian", "operator", "lien_holder", "parent", "frozen", "content_hash")


def same(told: dict[str, Any], proven: Verified) -> None:
    """What the API says of an asset is what its proof says."""
    state: Any = proven.state
    for name in STATE:
        held = getattr(state, name)
        assert told[name] == (to_hex(held) if isinstance(held, bytes) else held), name
    assert told["stage"] == state.stage.label
    assert told["head"] == to_hex(state.head)
    assert told["position"] == state.count - 1
    assert told["as_of"]["block"] == proven.block.number
    assert told["as_of"]["hash"] == to_hex(proven.block.hash)


def test_as_of_every_block_the_answer_and_its_proof_agree(
    service: Running, aurora: Member, asset: str
) -> None:
    entries = aurora.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    born, last = entries[0]["block"], entries[-1]["block"]
    counts = set()
    for block in range(born, last + 1):
        told = aurora.http.get(f"/v1/assets/{asset}", params={"at": block}).json()
        answer = aurora.http.get(f"/v1/assets/{asset}/proof", params={"at": block})
        proven = verified(service, answer, told["as_of"]["hash"])
        same(told, proven)
        counts.add(told["position"])
    assert counts == {0, 1, 2, 3}


def test_as_of_a_time_and_now(service: Running, aurora: Member, asset: str) -> None:
    entries = aurora.http.get(f"/v1/assets/{asset}/entries").json()["items"]
    for params in ({"at": entries[1]["at"]}, {"at": "2099-01-01T00:00:00+00:00"}, {}):
        told = aurora.http.get(f"/v1/assets/{asset}", params=params).json()
        answer = aurora.http.get(f"/v1/assets/{asset}/proof", params=params)
        proven = verified(service, answer)
        if params:
            same(told, proven)
        else:
            assert told["head"] == to_hex(proven.state.head)


def test_before_its_birth_and_beyond_the_chain_there_is_no_asset(
    aurora: Member, asset: str
) -> None:
    born = aurora.http.get(f"/v1/assets/{asset}/entries").json()["items"][0]["block"]
    for path in (f"/v1/assets/{asset}", f"/v1/assets/{asset}/proof"):
        before = aurora.http.get(path, params={"at": born - 1})
        assert before.status_code in (404, 422), before.text
        for at in (10**9, 0, "1999-01-01T00:00:00Z", "yesterday", "2026-01-01T00:00:00", "-1"):
            answer = aurora.http.get(path, params={"at": at})
            assert answer.status_code == 422, (at, answer.text)
            assert answer.json()["code"] == "invalid_request"


def test_an_organisation_s_holdings_are_all_it_has(
    service: Running, aurora: Member, boreas: Member, asset: str
) -> None:
    mine = {aurora.register() for _ in range(3)}
    params = {"holdings": "true"}
    held = verified(
        service, aurora.http.get(f"/v1/organisations/{aurora.id}/proof", params=params)
    ).holdings
    assert held is not None
    assert held.are_all
    assert mine <= {to_hex(one) for one in held.assets}
    assert asset not in {to_hex(one) for one in held.assets}
    theirs = verified(
        service, aurora.http.get(f"/v1/organisations/{boreas.id}/proof", params=params)
    ).holdings
    assert theirs is not None
    assert parse_hash(asset) in theirs.assets


def test_an_asset_of_a_batch_comes_with_its_birth_record(service: Running, aurora: Member) -> None:
    lines = b"".join(
        json.dumps({"serial": f"BOLT-{n}", "document": {"n": n}}).encode() + b"\n"
        for n in range(1, 8)
    )
    answer = aurora.http.post(
        "/v1/batches",
        content=lines,
        headers={"Content-Type": "application/x-ndjson", "Prefer": "wait=20"},
    )
    assert answer.status_code == 201, answer.text
    batch = answer.json()["id"]
    until(lambda: aurora.http.get(f"/v1/batches/{batch}").status_code == 200)
    birth = aurora.http.get(f"/v1/batches/{batch}/assets/5").json()
    params = {"field": "n", "serial": "true"}
    proven = verified(service, aurora.http.get(f"/v1/assets/{birth['id']}/proof", params=params))
    assert to_hex(proven.main.birth.content_hash) == birth["content_hash"]  # type: ignore[union-attr]
    assert {(one.name, one.value) for one in proven.fields} == {(None, "BOLT-5"), ("n", 5)}
    assert verified(service, aurora.http.get(f"/v1/batches/{batch}/proof")).word.size == 7


# -- documents ---------------------------------------------------------------------------------


def test_one_field_is_shown_and_nothing_else_of_the_document(
    service: Running, boreas: Member, asset: str
) -> None:
    answer = boreas.http.get(f"/v1/assets/{asset}/proof", params={"field": ["mass", "event"]})
    found = verified(service, answer).fields
    assert {one.name: one.value for one in found} == {
        "mass": {"value": 1839, "unit": "kg"},
        "event": "run-in",
    }
    assert b"7075-T6" not in answer.content
    assert b"Getriebe" not in answer.content


def test_the_documents_come_in_a_zip_that_verifies(
    service: Running, boreas: Member, asset: str
) -> None:
    answer = boreas.http.get(f"/v1/assets/{asset}/proof", params={"documents": "true"})
    assert answer.headers["content-type"] == "application/zip"
    found = verified(service, answer)
    assert len(found.originals) == 3
    assert {one.serial for one in found.originals} == {"GBX-PROOF", None}
    assert json.loads(found.originals[0].raw)
    again = boreas.http.get(f"/v1/assets/{asset}/proof", params={"documents": "true"})
    if verified(service, again).block.number == found.block.number:
        assert again.content == answer.content


def test_documents_of_others_are_not_shown(service: Running, asset: str) -> None:
    stranger = service.enrol("Stranger")
    bare = stranger.http.get(f"/v1/assets/{asset}/proof")
    assert verified(service, bare).fields == ()
    refused = stranger.http.get(f"/v1/assets/{asset}/proof", params={"field": "mass"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    none = stranger.http.get(
        f"/v1/assets/{asset}/proof", params={"documents": "true", "commitments": "true"}
    )
    assert verified(service, none).originals == ()
    assert verified(service, none).documents == ()


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("organisations/{org}", {"tree": "true"}, "invalid_request"),
        ("organisations/{org}", {"with": "parts"}, "invalid_request"),
        ("assets/{asset}", {"holdings": "true"}, "invalid_request"),
        ("assets/{asset}", {"with": "friends"}, "invalid_request"),
        ("assets/{asset}", {"field": "no such field"}, "unknown_reference"),
        ("assets/0x12", {}, "invalid_request"),
    ],
)
def test_what_cannot_be_proven_is_named(
    aurora: Member, asset: str, path: str, params: dict[str, str], code: str
) -> None:
    named = path.format(org=aurora.id, asset=asset)
    answer = aurora.http.get(f"/v1/{named}/proof", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


def test_what_is_not_there_is_not_found(aurora: Member, asset: str) -> None:
    born = aurora.http.get(f"/v1/assets/{asset}/entries").json()["items"][0]["block"]
    for path, params in (
        (f"assets/0x{'07' * 32}", {}),
        (f"organisations/0x{'07' * 32}", {}),
        (f"assets/{asset}", {"at": born - 1}),
    ):
        answer = aurora.http.get(f"/v1/{path}/proof", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), answer.text


def test_no_more_proofs_are_built_at_once_than_a_process_can(
    aurora: Member, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr(proving, "_turns", turns)
    path = f"/v1/assets/{asset}/proof"
    with turns:
        busy = aurora.http.get(path)
        assert (busy.status_code, busy.json()["code"]) == (503, "unavailable")
        assert busy.headers["retry-after"]
    for _ in range(3):
        assert aurora.http.get(path).status_code == 200
    assert aurora.http.get(path, params={"field": "nothing"}).status_code == 422
    assert aurora.http.get(path).status_code == 200


def test_a_proof_needs_a_key(service: Running, asset: str) -> None:
    assert service.anyone.get(f"/v1/assets/{asset}/proof").status_code == 401


# -- as a command ------------------------------------------------------------------------------


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([*map(str, arguments)])
    return int(left.value.code or 0)


def test_prove_writes_documents_and_fields_that_verify(
    service: Running,
    boreas: Member,
    asset: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "bundle.zip"
    node = ("--rpc-url", service.settings.rpc_url, "--contract", to_hex(contract(service)))
    access = ("--api", service.url, "--api-key", boreas.key)
    assert call("prove", asset, "-o", path, *node, *access, "--documents", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["documents"] == 3
    assert call(*told["verify"][1:], "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert {one["serial"] for one in shown["originals"]} == {"GBX-PROOF", None}
    assert call("prove", asset, "-o", path, *node, *access, "--field", "name", "--serial") == 0
    command = capsys.readouterr().out.splitlines()[-1].split()
    assert call(*command[1:]) == 0
    text = capsys.readouterr().out
    assert '"name" is "Getriebe Ω"' in text
    assert 'the serial it was registered under is "GBX-PROOF"' in text
    assert call("prove", asset, "-o", path, *node, *access, "--field", "nothing") == 1
    assert "no document with the field" in capsys.readouterr().err
