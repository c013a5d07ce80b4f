"""A member co-signs over the API by one command, having asked its own node."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.cli import main
from ledger.proofs.signed import decode_file
from ledger.types import to_hex
from tests.api.running import Member, Running
from tests.api.test_checkpoints import enrol_account, make_checkpoint


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([*map(str, arguments)])
    return int(left.value.code or 0)


def test_a_member_signs_and_sends(
    service: Running,
    maker: Member,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith("ASSET_LEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("secret")
    key = secrets.token_bytes(32)
    signer = KeystoreSigner.create(tmp_path / "own.json", "secret", key)
    enrol_account(service, maker, signer)
    checkpoint = make_checkpoint(service, maker)
    path = f"/v1/checkpoints/{checkpoint.block_number}"
    file = tmp_path / "checkpoint.json"
    file.write_bytes(maker.http.get(f"{path}/file").content)
    contract = service.anyone.get("/v1/status").json()["contract"]
    own = ["--key", tmp_path / "own.json", "--rpc-url", service.anvil.url, "--contract", contract]
    send = ["--send", "--api", service.url, "--api-key", maker.key]
    assert call("checkpoint", "sign", file, *own, *send) == 0
    assert call("checkpoint", "sign", file, *own, *send) == 0, "again, with no further effect"
    [word] = maker.http.get(path).json()["signatures"]
    assert (word["witness"], word["organisation"]) == (to_hex(signer.address), maker.id)
    assert maker.http.get(f"{path}/file").content == file.read_bytes()
    assert len(decode_file(file.read_bytes()).signatures) == 1
    # A key that is none of the organisation's accounts is refused by the service.
    capsys.readouterr()
    KeystoreSigner.create(tmp_path / "stranger.json", "secret")
    strange = ["--key", tmp_path / "stranger.json", *own[2:]]
    assert call("checkpoint", "sign", file, *strange, *send) == 1
    assert "no account of your organisation" in capsys.readouterr().err
