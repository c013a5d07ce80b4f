"""Who governs what, at once or after a delay, is what the plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from ledger.chain.contract import (
    encode_force_title,
    encode_name_successor,
    encode_pause,
    encode_resume,
    selector,
)
from ledger.chain.signers.signer import Signer
from ledger.deployment.apply import apply, open_deployment
from ledger.deployment.plan import Plan, load_plan
from ledger.deployment.verify import verify_deployment
from ledger.errors import Refused, VerificationError
from ledger.hashing import keccak
from ledger.types import Hash32, Party
from tests.ledgers import PLAN, DeployedLedger

DELAY: Final = 3 * 24 * 3600
REASON: Final = keccak(b"court order 7 O 31/26")
NAMES: Final = ("deployer", "governor")


def delayed(tmp_path: Path, delay: int = DELAY) -> Plan:
    """The local plan, but that title by force has a delay."""
    text = PLAN.read_text()
    before, arbiter, after = text.partition('name = "arbiter"')
    path = tmp_path / f"delayed-{delay}.toml"
    path.write_text(before + arbiter + after.replace("delay = 0", f"delay = {delay}", 1))
    return load_plan(path)


@dataclass(frozen=True)
class Governed:
    """The ledger under a plan with a delay, an asset, and whom it shall go to."""

    ledger: DeployedLedger
    plan: Plan
    asset: Hash32
    heir: Hash32

    @property
    def manager(self) -> bytes:
        return self.ledger.manifest.contracts["AccessManager"].address

    @property
    def forcing(self) -> bytes:
        return encode_force_title(self.asset, self.heir, REASON)

    def schedule(self, by: Signer) -> None:
        """Schedule the forcing for the first moment at which it may be."""
        call, contract = self.forcing, self.ledger.address
        data = selector("schedule(address,bytes,uint48)") + contract.rjust(32, b"\0")
        data += (96).to_bytes(32, "big") + bytes(32) + len(call).to_bytes(32, "big")
        self.ledger.send(by, data + call + bytes(-len(call) % 32), to=self.manager)

    def wait(self, seconds: int) -> None:
        self.ledger.rpc.call("evm_increaseTime", seconds)
        self.ledger.rpc.call("evm_mine")

    def owner(self) -> bytes:
        return self.ledger.contract.fetch_party(self.asset, Party.OWNER)


def keys(deployed: DeployedLedger) -> dict[str, Any]:
    return {name: deployed.keys[name] for name in NAMES}


def addresses(deployed: DeployedLedger) -> dict[str, bytes]:
    return {name: deployed.keys[name].address for name in NAMES}


@pytest.fixture
def governed(deployed: DeployedLedger, tmp_path: Path) -> Governed:
    plan = delayed(tmp_path)
    manifest = apply(deployed.rpc, plan, keys(deployed), deployed.manifest_path)
    ledger = replace(deployed, manifest=manifest)
    maker, heir = ledger.enrol("did:web:maker.example"), ledger.enrol("did:web:heir.example")
    return Governed(ledger, plan, ledger.register(maker, b"gearbox"), heir)


class TestDelay:
    def test_title_is_not_forced_at_once(self, governed: Governed) -> None:
        before = governed.owner()
        with pytest.raises(Refused, match="AccessManagerNotScheduled"):
            governed.ledger.send(governed.ledger.governor, governed.forcing)
        governed.schedule(governed.ledger.governor)
        with pytest.raises(Refused, match="AccessManagerNotReady"):
            governed.ledger.send(governed.ledger.governor, governed.forcing)
        governed.wait(DELAY - 60)
        with pytest.raises(Refused, match="AccessManagerNotReady"):
            governed.ledger.send(governed.ledger.governor, governed.forcing)
        assert governed.owner() == before

    def test_what_was_scheduled_goes_once_when_its_time_has_come(self, governed: Governed) -> None:
        governed.schedule(governed.ledger.governor)
        governed.wait(DELAY)
        governed.ledger.send(governed.ledger.governor, governed.forcing)
        assert governed.owner() == governed.heir[12:]
        with pytest.raises(Refused, match="AccessManagerNotScheduled"):
            governed.ledger.send(governed.ledger.governor, governed.forcing)

    def test_nobody_else_may_schedule_it(self, governed: Governed) -> None:
        with pytest.raises(Refused, match="AccessManagerUnauthorizedCall"):
            governed.schedule(governed.ledger.custodian)

    def test_a_pause_and_what_ends_it_are_not_delayed(self, governed: Governed) -> None:
        ledger = governed.ledger
        ledger.send(ledger.governor, encode_pause(REASON))
        assert ledger.contract.fetch_paused()
        with pytest.raises(Refused, match="LedgerPaused"):
            ledger.append([ledger.birth(governed.heir, b"late")])
        ledger.send(ledger.governor, encode_name_successor(b"\5" * 20, REASON))
        ledger.send(ledger.governor, encode_resume(REASON))
        assert not ledger.contract.fetch_paused()
        assert ledger.register(governed.heir, b"late")


class TestDrift:
    def test_another_delay_is_a_step_and_a_difference(
        self, deployed: DeployedLedger, tmp_path: Path
    ) -> None:
        plan = delayed(tmp_path)
        before = open_deployment(deployed.rpc, plan, addresses(deployed), deployed.manifest_path)
        [todo] = before.outstanding()
        assert (todo.label, todo.function) == ("grant arbiter to $governor", "grantRole")
        assert todo.arguments == (4, deployed.governor.address, DELAY)
        with pytest.raises(VerificationError):
            verify_deployment(before)
        manifest = apply(deployed.rpc, plan, keys(deployed), deployed.manifest_path)
        assert manifest.roles["arbiter"]["delay"] == DELAY
        after = open_deployment(deployed.rpc, plan, addresses(deployed), deployed.manifest_path)
        assert after.outstanding() == []
        assert verify_deployment(after)
        # The plan without a delay is what differs now.
        local = load_plan(PLAN)
        drifted = open_deployment(deployed.rpc, local, addresses(deployed), deployed.manifest_path)
        assert [todo.label for todo in drifted.outstanding()] == ["grant arbiter to $governor"]

    def test_a_shorter_delay_counts_once_it_is_asked_for(
        self, governed: Governed, tmp_path: Path
    ) -> None:
        """It takes effect only later: until then the longer one holds (OpenZeppelin 5)."""
        ledger, shorter = governed.ledger, delayed(tmp_path, 60)
        apply(ledger.rpc, shorter, keys(ledger), ledger.manifest_path)
        now = open_deployment(ledger.rpc, shorter, addresses(ledger), ledger.manifest_path)
        assert now.outstanding() == []
        with pytest.raises(Refused, match="AccessManagerNotScheduled"):
            ledger.send(ledger.governor, governed.forcing)


def test_every_function_of_governance_is_guarded_by_one_role() -> None:
    plan = load_plan(PLAN)
    guarded = [name for role in plan.roles for name in role.functions]
    assert sorted(guarded) == sorted(
        f"AssetLedger.{name}"
        for name in (
            *("enrol", "suspend", "reinstate", "freeze", "unfreeze", "forceTitle"),
            *("pause", "resume", "nameSuccessor", "setBaseURI"),
        )
    )
    [guardian] = [role for role in plan.roles if role.name == "guardian"]
    assert (guardian.functions, guardian.delay) == (("AssetLedger.pause",), 0)
