"""Applying a plan comes to the same whatever happens on the way, and sends nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contract import encode_enrol
from ledger.chain.node import Anvil
from ledger.chain.rpc import RpcClient
from ledger.chain.signers.keystore import KeystoreSigner
from ledger.deployment import apply as applying
from ledger.deployment.apply import DeploymentFailed, apply, journal_path, open_deployment
from ledger.deployment.journal import Journal, Signed
from ledger.deployment.manifest import Manifest, load_manifest, save_manifest
from ledger.deployment.outstanding import fetch_string, told
from ledger.deployment.places import OtherCode, created_address
from ledger.deployment.plan import Plan, load_plan
from ledger.deployment.verify import verify_deployment
from ledger.errors import NodeUnavailable, PlanError, Refused, VerificationError, WrongChain
from ledger.types import to_hex
from tests.ledgers import PLAN, DeployedLedger, make_keys

STEPS = 11


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def plan() -> Plan:
    return load_plan(PLAN)


@pytest.fixture
def keys(anvil: Anvil) -> dict[str, KeystoreSigner]:
    keys = {name: key for name, key in make_keys().items() if name != "custodian"}
    for key in keys.values():
        anvil.fund(key.address)
    return keys


def addresses(keys: dict[str, KeystoreSigner]) -> dict[str, bytes]:
    return {name: key.address for name, key in keys.items()}


def sent_by(anvil: Anvil, key: KeystoreSigner) -> int:
    return anvil.rpc.fetch_nonce(key.address)


class TestApplying:
    def test_on_an_empty_chain(
        self, anvil: Anvil, plan: Plan, keys: dict[str, KeystoreSigner], tmp_path: Path
    ) -> None:
        done: list[str] = []
        path = tmp_path / "manifest.json"
        planned = open_deployment(anvil.rpc, plan, addresses(keys), path).outstanding()
        manifest = apply(anvil.rpc, plan, keys, path, tell=done.append)
        assert [line.rpartition(":")[0] for line in done] == [todo.label for todo in planned]
        assert sent_by(anvil, keys["deployer"]) == len(planned) == STEPS
        assert load_manifest(path) == manifest
        ledger = manifest.contracts["AssetLedger"]
        assert anvil.rpc.fetch_block(ledger.block).hash == ledger.block_hash
        assert ledger.arguments[1] == plan.values["base_uri"]
        assert json.dumps([told(todo) for todo in planned])
        assert verify_deployment(open_deployment(anvil.rpc, plan, addresses(keys), path))

    def test_again_changes_nothing(
        self, anvil: Anvil, plan: Plan, keys: dict[str, KeystoreSigner], tmp_path: Path
    ) -> None:
        path = tmp_path / "manifest.json"
        manifest = apply(anvil.rpc, plan, keys, path)
        before, written = anvil.rpc.fetch_block("latest"), path.stat().st_mtime_ns
        assert apply(anvil.rpc, plan, keys, path) == manifest
        assert anvil.rpc.fetch_block("latest") == before
        assert path.stat().st_mtime_ns == written
        assert open_deployment(anvil.rpc, plan, addresses(keys), path).outstanding() == []

    @pytest.mark.parametrize("uri", ["", "http://a/", "http://" + "a" * 24, "http://" + "b" * 99])
    def test_a_changed_setting_converges_by_one_transaction(
        self, deployed: DeployedLedger, uri: str
    ) -> None:
        keys = {name: deployed.keys[name] for name in ("deployer", "governor")}
        before = deployed.rpc.fetch_nonce(deployed.deployer.address)
        changed = load_plan(PLAN, {"base_uri": uri})
        manifest = apply(deployed.rpc, changed, keys, deployed.manifest_path)
        assert manifest == deployed.manifest
        assert deployed.rpc.fetch_nonce(deployed.deployer.address) == before + 1
        assert fetch_string(deployed.rpc, deployed.address, 7) == uri

    def test_without_manifest_and_journal_it_is_found_on_the_chain(
        self, deployed: DeployedLedger
    ) -> None:
        keys = {name: deployed.keys[name] for name in ("deployer", "governor")}
        before = deployed.rpc.fetch_block("latest")
        deployed.manifest_path.unlink()
        journal_path(deployed.manifest_path).unlink()
        again = apply(deployed.rpc, load_plan(PLAN), keys, deployed.manifest_path)
        assert again == deployed.manifest
        assert deployed.rpc.fetch_block("latest") == before

    def test_a_chain_that_lost_its_newest_blocks_gets_them_back(
        self, anvil: Anvil, plan: Plan, keys: dict[str, KeystoreSigner], tmp_path: Path
    ) -> None:
        path = tmp_path / "manifest.json"
        funded = anvil.rpc.call("evm_snapshot")
        manifest = apply(anvil.rpc, plan, keys, path)
        anvil.rpc.call("evm_revert", funded)
        again = apply(anvil.rpc, plan, keys, path)
        for name, contract in again.contracts.items():
            assert contract.address == manifest.contracts[name].address
            assert contract.transaction == manifest.contracts[name].transaction
            assert anvil.rpc.fetch_block(contract.block).hash == contract.block_hash
        assert sent_by(anvil, keys["deployer"]) == STEPS


class TestKilled:
    """At every point of every step; what is on the disk then is all that the next one has."""

    @pytest.mark.parametrize("point", ["before journal", "after journal", "after send", "mined"])
    @pytest.mark.parametrize("step", range(STEPS))
    def test_it_goes_on_and_sends_nothing_twice(
        self,
        anvil: Anvil,
        plan: Plan,
        keys: dict[str, KeystoreSigner],
        tmp_path: Path,
        point: str,
        step: int,
    ) -> None:
        path = tmp_path / "manifest.json"
        with pytest.MonkeyPatch.context() as patch:
            _kill_at(patch, point, step)
            with pytest.raises(Killed):
                apply(anvil.rpc, plan, keys, path)
        assert not path.exists()
        manifest = apply(anvil.rpc, plan, keys, path)
        assert sent_by(anvil, keys["deployer"]) == STEPS
        expected = [created_address(keys["deployer"].address, nonce) for nonce in range(2)]
        assert [one.address for one in manifest.contracts.values()] == expected
        lines = Journal(journal_path(path), anvil.rpc.genesis_hash()).load()
        assert [line.nonce for line in lines] == list(range(STEPS))

    def test_mined_while_the_next_run_looks(
        self, anvil: Anvil, plan: Plan, keys: dict[str, KeystoreSigner], tmp_path: Path
    ) -> None:
        """What was to do was read before the block, the nonce after it: it was signed twice."""
        path = tmp_path / "manifest.json"
        anvil.rpc.call("evm_setAutomine", False)
        with pytest.MonkeyPatch.context() as patch:
            _kill_at(patch, "after send", 0)
            with pytest.raises(Killed):
                apply(anvil.rpc, plan, keys, path)
        real = applying.fetch_outstanding

        def mined_after(*arguments: Any) -> Any:
            found = list(real(*arguments))
            anvil.rpc.call("evm_mine")
            anvil.rpc.call("evm_setAutomine", True)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(applying, "fetch_outstanding", mined_after)
            apply(anvil.rpc, plan, keys, path)
        assert sent_by(anvil, keys["deployer"]) == STEPS

    def test_before_the_manifest(
        self, anvil: Anvil, plan: Plan, keys: dict[str, KeystoreSigner], tmp_path: Path
    ) -> None:
        path = tmp_path / "manifest.json"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(applying, "save_manifest", _die)
            with pytest.raises(Killed):
                apply(anvil.rpc, plan, keys, path)
        head = anvil.rpc.fetch_block("latest")
        assert apply(anvil.rpc, plan, keys, path) == load_manifest(path)
        assert anvil.rpc.fetch_block("latest") == head

    @pytest.mark.parametrize("left", [1, 50, -2])
    def test_in_the_middle_of_a_journal_line(
        self, anvil: Anvil, plan: Plan, keys: dict[str, KeystoreSigner], tmp_path: Path, left: int
    ) -> None:
        path = tmp_path / "manifest.json"
        with pytest.MonkeyPatch.context() as patch:
            _kill_at(patch, "after journal", 1)
            with pytest.raises(Killed):
                apply(anvil.rpc, plan, keys, path)
        journal = journal_path(path)
        first, torn = journal.read_bytes().splitlines()
        journal.write_bytes(first + b"\n" + torn[:left])
        apply(anvil.rpc, plan, keys, path)
        assert sent_by(anvil, keys["deployer"]) == STEPS
        assert len(journal.read_bytes().splitlines()) == STEPS


def _die(*_: object) -> Any:
    raise Killed


def _kill_at(patch: pytest.MonkeyPatch, point: str, step: int) -> None:
    target, name = (Journal, "append") if "journal" in point else (applying, "_send")
    if point == "after send":
        name = "_await_receipt"
    real: Callable[..., Any] = getattr(target, name)
    calls: Iterator[int] = iter(range(STEPS + 1))

    def killed(*arguments: Any) -> Any:
        at = next(calls)
        if at == step and point in {"before journal", "after send"}:
            raise Killed
        value = real(*arguments)
        if at == step:
            raise Killed
        return value

    patch.setattr(target, name, killed)


@contextmanager
def another_chain(folder: Path, genesis: bytes) -> Iterator[Anvil]:
    """A fresh chain that begins otherwise: two begun in the same second are one to the byte."""
    for attempt in range(1000):
        with Anvil.start(folder / f"another-{attempt}") as anvil:
            if anvil.rpc.genesis_hash() != genesis:
                yield anvil
                return
    pytest.fail("no chain begins otherwise")


class TestRefusing:
    def test_a_manifest_of_another_chain(
        self, tmp_path: Path, deployed: DeployedLedger, plan: Plan
    ) -> None:
        with (
            another_chain(tmp_path, deployed.rpc.genesis_hash()) as anvil,
            pytest.raises(WrongChain, match="first block"),
        ):
            apply(anvil.rpc, plan, make_keys(), deployed.manifest_path)

    def test_a_contract_of_another_version(self, deployed: DeployedLedger, plan: Plan) -> None:
        """Its roles were once set anew, and the ledger then followed by rules that it has not."""
        address = deployed.manifest.contracts["AssetLedger"].address
        code = deployed.rpc.fetch_code(address) + b"\0"
        deployed.rpc.call("anvil_setCode", to_hex(address), to_hex(code))
        with pytest.raises(OtherCode, match="other code than this version's"):
            apply(deployed.rpc, plan, deployed.keys, deployed.manifest_path)

    def test_a_plan_for_another_chain(self, anvil: Anvil, tmp_path: Path) -> None:
        path = tmp_path / "plan.toml"
        path.write_text("chain_id = 1\n" + PLAN.read_text())
        with pytest.raises(WrongChain, match="chain 1"):
            apply(anvil.rpc, load_plan(path), make_keys(), tmp_path / "manifest.json")

    def test_a_key_that_is_missing(self, anvil: Anvil, plan: Plan, tmp_path: Path) -> None:
        keys = make_keys()
        del keys["governor"]
        with pytest.raises(PlanError, match="governor"):
            apply(anvil.rpc, plan, keys, tmp_path / "manifest.json")

    def test_a_deployer_that_cannot_pay(self, anvil: Anvil, plan: Plan, tmp_path: Path) -> None:
        path = tmp_path / "manifest.json"
        with pytest.raises(DeploymentFailed, match=r"create AccessManager: deployer .* needs"):
            apply(anvil.rpc, plan, make_keys(), path)
        assert not journal_path(path).exists()

    def test_a_transaction_that_the_node_does_not_take(
        self,
        anvil: Anvil,
        plan: Plan,
        keys: dict[str, KeystoreSigner],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(applying, "_RESEND", 0.1)
        monkeypatch.setattr(applying, "_verify_can_pay", lambda *_: None)
        path = tmp_path / "manifest.json"
        anvil.rpc.call("anvil_setBalance", to_hex(keys["deployer"].address), "0x1")
        with pytest.raises(DeploymentFailed, match=r"create AccessManager: .*[Ii]nsufficient"):
            apply(anvil.rpc, plan, keys, path)
        anvil.fund(keys["deployer"].address)
        apply(anvil.rpc, plan, keys, path)
        assert sent_by(anvil, keys["deployer"]) == STEPS

    def test_a_step_that_the_contract_refuses(self, deployed: DeployedLedger) -> None:
        keys = {name: deployed.keys[name] for name in ("deployer", "governor")}
        stranger = KeystoreSigner(b"\x09" * 32)
        deployed.anvil.fund(stranger.address)
        changed = load_plan(PLAN, {"base_uri": "http://moved/"})
        with pytest.raises(Refused, match="Unauthorized"):
            apply(deployed.rpc, changed, keys | {"deployer": stranger}, deployed.manifest_path)

    def test_a_node_that_is_gone(self, plan: Plan, tmp_path: Path) -> None:
        with RpcClient("http://127.0.0.1:1", patience=0) as rpc, pytest.raises(NodeUnavailable):
            apply(rpc, plan, make_keys(), tmp_path / "manifest.json")

    def test_web3_sends_once_and_tells_no_secret(
        self, anvil: Anvil, keys: dict[str, KeystoreSigner]
    ) -> None:
        signed = Signed("step", keys["deployer"].address, 0, b"\x02", b"\0" * 32, None)
        with RpcClient("http://user:geheim@127.0.0.1:1/key", patience=0) as gone:
            with pytest.raises(NodeUnavailable) as caught:
                applying._broadcast(applying._web3(gone), gone, signed)
            assert "geheim" not in str(caught.value)
            assert "key" not in str(caught.value)
        assert applying._broadcast(applying._web3(anvil.rpc), anvil.rpc, signed)


class TestVerifying:
    def _verify(self, ledger: DeployedLedger) -> list[str]:
        deployment = open_deployment(
            ledger.rpc, load_plan(PLAN), addresses(dict(ledger.keys)), ledger.manifest_path
        )
        return verify_deployment(deployment)

    def test_what_is_as_planned(self, deployed: DeployedLedger) -> None:
        assert len(self._verify(deployed)) == 8

    @pytest.mark.parametrize("name", ["AssetLedger", "AccessManager"])
    def test_other_code_is_found(self, deployed: DeployedLedger, name: str) -> None:
        address = deployed.manifest.contracts[name].address
        code = bytearray(deployed.rpc.fetch_code(address))
        code[100] ^= 1
        deployed.rpc.call("anvil_setCode", "0x" + address.hex(), "0x" + code.hex())
        with pytest.raises(VerificationError, match=f"{name}: code"):
            self._verify(deployed)

    def test_a_role_taken_away_is_found(self, deployed: DeployedLedger) -> None:
        from ledger.chain.contract import selector

        account = deployed.governor.address.rjust(32, b"\0")
        data = selector("revokeRole(uint64,address)") + (1).to_bytes(32, "big") + account
        manager = deployed.manifest.contracts["AccessManager"].address
        assert deployed.send(deployed.deployer, data, manager).succeeded
        with pytest.raises(VerificationError, match="grant governor"):
            self._verify(deployed)
        with pytest.raises(Refused):
            deployed.send(deployed.governor, encode_enrol("did:web:x", [bytes(19) + b"\1"]))


def test_a_manifest_is_read_as_it_was_written(deployed: DeployedLedger, tmp_path: Path) -> None:
    path = tmp_path / "copy.json"
    save_manifest(path, deployed.manifest)
    read: Manifest = load_manifest(path)
    assert read == deployed.manifest
    assert list(tmp_path.glob("*.part")) == []
