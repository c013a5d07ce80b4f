"""Each role signs where its setting says, and the rest of the command line follows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ledger.chain.signers.keystore import KeystoreSigner
from ledger.cli.ports import free_port
from ledger.cli.signers import find_places, open_accounts, open_signers
from ledger.errors import MalformedValue
from ledger.settings import Settings
from tests.chain.signing_service import SigningService
from tests.cli.conftest import Up

SECRET = "s3cr3t"
CUSTODIAN, GOVERNOR = "ASSET_LEDGER_CUSTODIAN_SIGNER", "ASSET_LEDGER_GOVERNOR_SIGNER"


def line(number: int, kind: str = "kms") -> str:
    return f"{kind}+https://{SECRET}@signer.example/keys?address=0x{number:040x}"


@pytest.fixture
def services() -> Iterator[tuple[SigningService, SigningService]]:
    made = SigningService(os.urandom(32)), SigningService(os.urandom(32))
    yield made
    for each in made:
        each.stop()


def test_a_role_without_a_place_signs_with_its_keystore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GOVERNOR, line(7, "web3signer"))
    opened = open_signers(tmp_path, ["governor", "custodian"])
    assert repr(opened["governor"]).startswith("Web3Signer('web3signer+https://signer.example'")
    assert isinstance(opened["custodian"], KeystoreSigner)
    assert not (tmp_path / "governor.json").exists()
    accounts = open_accounts(tmp_path)
    assert accounts["governor"] == opened["governor"].address == (7).to_bytes(20, "big")
    assert accounts["custodian"] == opened["custodian"].address
    assert list(accounts) == ["deployer", "governor", "custodian"]


def test_where_all_sign_elsewhere_no_keystore_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GOVERNOR, line(7))
    monkeypatch.setenv(CUSTODIAN, line(8))
    open_signers(tmp_path, ["governor", "custodian"])
    assert list(tmp_path.iterdir()) == []


def test_each_of_several_custodians_has_a_place() -> None:
    settings = Settings(custodians=2, custodian_signer=f"{line(1)}\n{line(2)}")
    places = find_places(settings)
    assert {name: place.address[-1] for name, place in places.items()} == {
        "custodian": 1,
        "custodian-2": 2,
    }


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            Settings(custodians=3, custodian_signer=f"{line(1)} {line(2)}"),
            f"{CUSTODIAN}: 2 is not a place for each of 3 custodians (ASSET_LEDGER_CUSTODIANS)",
        ),
        (
            Settings(custodians=2, custodian_signer=f"{line(1)} {line(1)}"),
            "the place of custodian-2: '0x0000000000000000000000000000000000000001' is not an"
            " address of its own, other than that of custodian",
        ),
        (
            Settings(custodian_signer=line(1), governor_signer=line(1)),
            "is not an address of its own, other than that of custodian",
        ),
        (
            Settings(governor_signer=line(1, "hsm")),
            f"{GOVERNOR}: 'hsm+https://***@signer.example' is not web3signer+https://",
        ),
    ],
)
def test_what_is_wrong_is_named(settings: Settings, told: str) -> None:
    with pytest.raises(MalformedValue) as caught:
        find_places(settings)
    assert told in str(caught.value)
    assert SECRET not in f"{caught.value}{caught.value.fields}"
    assert SECRET not in f"{settings!r}{settings.model_dump()}{settings.model_dump_json()}"


def run_keys(data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSET_LEDGER_")} | settings
    command = [sys.executable, "-m", "ledger.cli", "keys", "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, env=env)


def test_keys_says_where_each_role_signs(tmp_path: Path) -> None:
    open_signers(tmp_path / "keys", ["deployer", "governor"])
    done = run_keys(tmp_path, **{GOVERNOR: line(7), CUSTODIAN: line(8, "web3signer")})
    deployer, governor, custodian = done.stdout.splitlines()
    assert deployer.endswith(f"{tmp_path}/keys/deployer.json")
    assert governor.split() == ["governor", f"0x{7:040x}", "kms+https://signer.example"]
    assert custodian.split() == ["custodian", f"0x{8:040x}", "web3signer+https://signer.example"]
    assert SECRET not in done.stdout + done.stderr


def test_a_wrong_place_is_a_wrong_call(tmp_path: Path) -> None:
    done = run_keys(tmp_path, **{GOVERNOR: f"kms+ftp://{SECRET}@h"})
    assert done.returncode == 2
    assert done.stderr.startswith(f"asset-ledger: {GOVERNOR}: 'kms+ftp://***@h' is not web3signer+")
    assert len(done.stderr.splitlines()) == 1


def test_a_whole_ledger_whose_roles_sign_elsewhere(
    up: Callable[..., Up], services: tuple[SigningService, SigningService]
) -> None:
    governor, custodian = services
    token = f"{SECRET}@"
    started = up(
        "--no-demo",
        "--port",
        str(free_port()),
        **{GOVERNOR: governor.line("kms", token), CUSTODIAN: custodian.line("web3signer", token)},
    )
    ready = started.ready()
    [org] = ready["organisations"]
    answer = httpx.post(
        f"{ready['api']}/v1/assets",
        json={"serial": "G-1", "document": {"name": "gear"}},
        headers={"authorization": f"Bearer {org['api_key']}", "prefer": "wait=20"},
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    signed = [path for path, _ in custodian.asked if "sign" in path.split("/")]
    assert (len(signed), custodian.authorised[-1]) == (1, f"Bearer {SECRET}")
    assert governor.asked[-1][0] == "/sign"
    keys = {path.stem for path in (started.data / "keys").glob("*.json")}
    assert keys == {"deployer", "service"}
    started.stop()
    told = started.told() + "".join(p.read_text() for p in (started.data / "log").glob("*"))
    assert SECRET not in told
