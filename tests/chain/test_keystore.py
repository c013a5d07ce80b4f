"""Keys: kept encrypted, opened only by their password, never shown."""

from __future__ import annotations

import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from eth_account import Account

from ledger.chain.signers.keystore import (
    BadKey,
    BadKeystore,
    KeystoreSigner,
    load_or_create_password,
)
from ledger.chain.signers.transaction import TransactionFields
from ledger.hashing import keccak

KEY = bytes(31) + b"\x07"


def test_a_keystore_opens_to_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one.json"
    made = KeystoreSigner.load_or_create(path, "open sesame")
    assert KeystoreSigner.load_or_create(path, "open sesame").address == made.address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["version"] == 3


def test_opening_takes_less_than_a_third_of_a_second(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    KeystoreSigner.create(path, "open sesame")
    took = []
    for _ in range(3):
        began = time.process_time()
        KeystoreSigner.load(path, "open sesame")
        took.append(time.process_time() - began)
    assert min(took) < 0.3


def test_another_password_does_not_open_it_and_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    KeystoreSigner.create(path, "open sesame")
    with pytest.raises(BadKeystore) as caught:
        KeystoreSigner.load(path, "close sesame")
    assert "sesame" not in f"{caught.value}{caught.value.fields}{caught.value.__cause__}"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"version": 3}', b"\xff"])
def test_what_is_no_keystore(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(content)
    with pytest.raises(BadKeystore):
        KeystoreSigner.load(path, "x")
    with pytest.raises(BadKeystore):
        KeystoreSigner.load(tmp_path / "none.json", "x")


def test_no_key_is_ever_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    first = KeystoreSigner.create(path, "x")
    with pytest.raises(BadKeystore, match="exists"):
        KeystoreSigner.create(path, "x")
    assert KeystoreSigner.load(path, "x").address == first.address
    assert [one.name for one in tmp_path.iterdir()] == ["one.json"]


def test_two_that_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda _: KeystoreSigner.load_or_create(path, "x").address, range(4))
        assert len(set(made)) == 1


def test_what_it_prints_is_its_address() -> None:
    signer = KeystoreSigner(KEY)
    assert repr(signer) == str(signer) == f"KeystoreSigner(0x{signer.address.hex()})"
    for wrong in (b"", bytes(32), b"\xff" * 32, b"secret"):
        with pytest.raises(BadKey) as caught:
            KeystoreSigner(wrong)
        assert "secret" not in str(caught.value)


def test_what_it_signs_is_its_own() -> None:
    signer = KeystoreSigner(KEY)
    message = b"\x19\x01 and what is typed"
    signature = signer.sign_message(message).encode()
    assert len(signature) == 65
    assert signature[64] in {27, 28}
    recovered = Account._recover_hash(keccak(message), signature=signature)
    assert bytes.fromhex(recovered[2:]) == signer.address


@pytest.mark.parametrize("to", [None, bytes(19) + b"\x01"])
def test_a_signed_transaction_says_what_was_asked(to: bytes | None) -> None:
    signer = KeystoreSigner(KEY)
    fields = TransactionFields(31337, 5, to, b"\x01\x02", 50_000, 7, 3)
    raw = signer.sign_transaction(fields)
    assert raw[0] == 2, "EIP-1559"
    assert bytes.fromhex(Account.recover_transaction(raw)[2:]) == signer.address
    assert raw == signer.sign_transaction(fields), "the same bytes each time"


def test_the_password_file_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "password"
    first = load_or_create_password(path)
    assert load_or_create_password(path) == first
    assert len(first) == 48
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
